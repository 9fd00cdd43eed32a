// Sums, an inner product and a step of AdamW on WebGPU, on a software driver where there is no card: what
// ../moving.test.ts asks of every engine, at one size that ends within four numbers.
import { expect, test } from 'vitest'

import { openBackend } from '../../../../src-main/engine/devices/backend.ts'
import { disposeAll, type Tensor } from '../../../../src-main/engine/devices/tensor.ts'
import { webgpuHere } from '../../../webgpu.ts'
import { closeOn } from '../close.ts'
import * as reference from '../reference.ts'

test.runIf(await webgpuHere())('five tensors added up, one multiplied by itself, and one moved', async () => {
  const { ops, close, memory } = await openBackend({ prefer: 'webgpu', threads: 1 })
  const on = closeOn(ops)
  const count = 4099
  const draw = reference.stream(count)
  const given = {
    ...{ value: draw(count), mean: draw(count), square: draw(count).map(Math.abs), gradient: draw(count) },
    ...{ mask: draw(count).map((x) => Number(x > 0)), origin: draw(count) },
  }
  const numbers = { rate: 0.01, decay: 0.1, beta1: 0.9, beta2: 0.999, epsilon: 1e-3, step: 3, scale: 0.5 }
  const upload = (values: reference.Numbers): Tensor => ops.upload(Float32Array.from(values), [count])
  const [value, mean, square] = [upload(given.value), upload(given.mean), upload(given.square)]
  const [gradient, mask, origin] = [upload(given.gradient), upload(given.mask), upload(given.origin)]

  const sum = ops.combine([value, mean, gradient, mask, origin], [1, -2, 0.5, 3, 0.25])
  const at = (x: reference.Numbers, i: number): number => x[i] ?? Number.NaN
  const want = given.value.map(
    (x, i) => x - 2 * at(given.mean, i) + at(given.gradient, i) / 2 + 3 * at(given.mask, i) + at(given.origin, i) / 4,
  )
  await on.close(sum, want, [count])
  const dots = ops.dot(gradient, gradient)
  const [[norm = Number.NaN] = []] = await ops.readDots([dots])
  expect(norm / reference.inner(given.gradient, given.gradient)).toBeCloseTo(1, 6)

  const next = ops.adamw({ value, mean, square }, gradient, numbers, { mask, origin })
  const moved = reference.adamw(given, numbers)
  await on.close(next.value, moved.value, [count])
  await on.close(next.mean, moved.mean, [count])
  await on.close(next.square, moved.square, [count])
  disposeAll([dots, gradient, mask, origin])
  expect(memory()).toEqual({ tensors: 0, bytes: 0 })
  close()
})
