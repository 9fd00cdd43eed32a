// The WebGPU device in trouble, and its buffers: every error is one that is thrown, nothing reaches stdout, memory is
// bounded and used again. On a software driver where there is no card.
import { describe, expect, test, vi } from 'vitest'

import { isDeviceLost, isOutOfMemory } from '../../../../src-main/contract/device-faults.ts'
import type { Tensor1D, Tensor2D } from '../../../../src-main/engine/devices/tensor.ts'
import { WebGpuDevice } from '../../../../src-main/engine/devices/webgpu/device.ts'
import { Faults } from '../../../../src-main/engine/devices/webgpu/faults.ts'
import { kernel } from '../../../../src-main/engine/devices/webgpu/kernel.ts'
import { openGpu } from '../../../../src-main/engine/devices/webgpu/opening.ts'
import { plain, tiles } from '../../../../src-main/engine/devices/webgpu/product-forms.ts'
import { runProduct } from '../../../../src-main/engine/devices/webgpu/products.ts'
import { webgpuHere } from '../../../webgpu.ts'
import * as reference from '../reference.ts'

async function opened(bound = 2 ** 26): Promise<{ gpu: GPUDevice; device: WebGpuDevice }> {
  const found = await openGpu(undefined, true)
  if (typeof found === 'string') throw new Error(found)
  return { gpu: found.device, device: new WebGpuDevice({ device: found.device, bound: () => bound }) }
}

const caught = (work: () => unknown): unknown => {
  try {
    return work()
  } catch (error) {
    return error
  }
}

describe.runIf(await webgpuHere())('on a driver', () => {
  test('WGSL that is not valid is thrown at the next read, and the device goes on', async () => {
    const { device } = await opened()
    const broken = kernel({
      name: 'broken',
      writes: { y: 'array<f32>' },
      code: '@compute @workgroup_size(1) fn main() { let x : f32 = 1u; }',
    })
    const y = device.output<Tensor1D>([4])
    device.run(broken, [y], [1])
    await expect(device.read([y])).rejects.toThrow(/refused a call: Error while parsing WGSL/)
    device.write(y, Float32Array.of(1, 2, 3, 4))
    expect(await device.read([y])).toEqual([Float32Array.of(1, 2, 3, 4)])
    device.close()
  })

  test('what does not fit is out of memory, and fits when something went', async () => {
    const { device } = await opened(2 ** 20)
    const first = device.output<Tensor1D>([2 ** 17])
    expect(isOutOfMemory(caught(() => device.output<Tensor1D>([2 ** 18])))).toBe(true)
    first.dispose()
    device.output<Tensor1D>([2 ** 18]).dispose()
    expect(device.bytes).toBeLessThanOrEqual(2 ** 20)
    device.close()
  })

  test('a step that is done again allocates nothing', async () => {
    const { gpu, device } = await opened()
    const made = vi.spyOn(gpu, 'createBuffer')
    const step = async (): Promise<void> => {
      const all = [device.output<Tensor1D>([1000]), device.output<Tensor1D>([333])]
      for (const x of all) device.clear(x)
      await device.read([])
      for (const x of all) x.dispose()
    }
    await step()
    const bytes = device.bytes
    made.mockClear()
    await step()
    expect(device.bytes).toBe(bytes)
    expect(made).toHaveBeenCalledTimes(1) // what is mapped
    device.close()
  })

  test.each(tiles.slice(-3))('%o computes every form, split and hanging over', async (tile) => {
    const { device } = await opened()
    const [M, N, K] = [tile.BM + 4, tile.BN + 4, 2 * tile.BK + 4]
    const draw = reference.stream(M)
    const [a, b] = [draw(M * K), draw(N * K)]
    for (const form of ['nt', 'nn', 'tn'] as const) {
      const x = device.output<Tensor2D>([M, K])
      const y = device.output<Tensor2D>([N, K])
      device.write(x, Float32Array.from(a))
      device.write(y, Float32Array.from(b))
      const out = device.output<Tensor2D>([2 * M, N])
      runProduct(device, form, { M, N, K }, { tile, split: 2 }, plain, [x, y, out])
      const [parts] = await device.read([out])
      const sum = Float64Array.from({ length: M * N }, (_, i) => (parts?.[i] ?? 0) + (parts?.[M * N + i] ?? 0))
      const want = reference.matmul(a, b, M, N, K, form === 'tn', form === 'nt')
      expect(reference.relativeError(sum, want), form).toBeLessThanOrEqual(1e-5)
    }
    device.close()
  })
})

test('a device that is gone says so, and nothing more is asked of it', async () => {
  const asked = vi.fn()
  const gone = { reason: 'unknown', message: 'vkQueueSubmit failed with VK_ERROR_DEVICE_LOST' }
  const double: Partial<GPUDevice> = { lost: Promise.resolve(gone as GPUDeviceLostInfo), pushErrorScope: asked }
  const faults = new Faults(double as GPUDevice)
  const heard = await faults.check().catch((error: unknown) => error)
  expect(isDeviceLost(heard)).toBe(true)
  expect(() => faults.watch()).toThrow('VK_ERROR_DEVICE_LOST')
  expect(asked).not.toHaveBeenCalled()
})
