// Tensors held against float64: whole, or a gradient by slopes of the reference.
import { expect } from 'vitest'

import type { Ops } from '../../../src-main/engine/devices/ops.ts'
import type { Tensor } from '../../../src-main/engine/devices/tensor.ts'
import type { Numbers } from './reference.ts'
import * as reference from './reference.ts'

const most = 1e-5

export interface Close {
  /** The tensor's numbers; it goes. */
  got(tensor: Tensor): Promise<Float32Array>
  close(tensor: Tensor, want: ArrayLike<number>, shape: readonly number[]): Promise<void>
  /** A sample of the gradient, elements spread over all of it, against slopes of the reference. */
  closeSlopes(tensor: Tensor, f: (x: Numbers) => number, x: Numbers, sample?: number): Promise<void>
}

export function closeOn(ops: Ops): Close {
  const got = async (tensor: Tensor): Promise<Float32Array> => {
    const values = await ops.read(tensor)
    tensor.dispose()
    return values
  }
  return {
    got,
    async close(tensor, want, shape) {
      expect(tensor.shape).toEqual(shape)
      expect(reference.relativeError(await got(tensor), want)).toBeLessThanOrEqual(most)
    },
    async closeSlopes(tensor, f, x, sample = 60) {
      expect(tensor.size).toBe(x.length)
      const all = await got(tensor)
      const step = Math.max(1, Math.floor(x.length / sample))
      const indices = Array.from({ length: Math.ceil(x.length / step) }, (_, i) => i * step)
      const want = indices.map((index) => reference.slope(f, x, index))
      const found = indices.map((index) => all[index] as number)
      expect(reference.relativeError(found, want)).toBeLessThanOrEqual(most)
      expect(all.every(Number.isFinite)).toBe(true)
    },
  }
}
