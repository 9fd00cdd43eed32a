// Sums of tensors, their inner products, and AdamW, which writes over what it is given.
import { at } from '../../../../numbers/vectors.ts'
import { adamwNumbers, checkMoving, checkPair, checkSum, inOrder } from '../../moving.ts'
import type { Ops } from '../../ops.ts'
import type { Tensor } from '../../tensor.ts'
import { tfLifetimes } from '../../tf-tensors.ts'
import type { WasmDevice } from '../backend.ts'
import type { Argument } from '../pool.ts'
import { SMALL_ARRAY, TILE } from './tiles.ts'
import { dotted } from './vectors.ts'

export function moving(device: WasmDevice): Pick<Ops, 'combine' | 'dot' | 'adamw'> {
  const place = device.address
  const run = (kernel: string, values: readonly Argument[], { size }: Tensor): void =>
    device.pool.run(kernel, values, Math.ceil(size / TILE), size < SMALL_ARRAY)
  return {
    combine<T extends Tensor>(tensors: readonly T[], coefficients: readonly number[]): T {
      const out = device.output<T>(checkSum(tensors, coefficients).shape)
      const pairs = tensors.flatMap((x, k): Argument[] => [place(x), [at(coefficients, k)]])
      run('combine', [place(out), out.size, tensors.length, ...pairs], out)
      return out
    },

    dot(x, y) {
      checkPair(x, y)
      return dotted(device, { vectors: [x], scales: [1], isHalf: false }, y)
    },

    adamw(present, gradient, step, beside = {}) {
      checkMoving(present, gradient, beside)
      const { value, mean, square } = present
      const numbers = inOrder(adamwNumbers(step)).map((n): Argument => [n])
      const others = [beside.mask, beside.origin].map((x) => (x ? place(x) : 0))
      run(
        'adamw',
        [place(value), place(mean), place(square), place(gradient), ...others, value.size, ...numbers],
        value,
      )
      for (const one of [value, mean, square]) tfLifetimes.keep(one)
      return present
    },
  }
}
