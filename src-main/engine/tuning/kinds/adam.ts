// AdamW over numbers on the host, as `Ops.adamw` has it on the device: betas 0.9 and 0.999, epsilon 1e-8, in float32.
import { at } from '../../../numbers/vectors.ts'

export interface Adam {
  value: Float32Array
  mean: Float32Array
  square: Float32Array
}

export function startOf(count: number, value: number): Adam {
  return { value: new Float32Array(count).fill(value), mean: new Float32Array(count), square: new Float32Array(count) }
}

/** scale: of the gradient, first; step: from 1. In place; what a mask of 0 and 1 holds keeps its bits. */
export function adamStep(
  { value, mean, square }: Adam,
  gradient: Float32Array,
  { rate, decay, step, scale }: { rate: number; decay: number; step: number; scale: number },
  mask?: Float32Array,
): void {
  const [c1, c2] = [1 - 0.9 ** step, 1 - 0.999 ** step]
  for (let i = 0; i < value.length; i++) {
    const g = scale * at(gradient, i)
    const m = 0.9 * at(mean, i) + (1 - 0.9) * g
    const v = 0.999 * at(square, i) + (1 - 0.999) * g * g
    mean[i] = m
    square[i] = v
    if (mask && at(mask, i) === 0) continue
    const x = at(value, i)
    value[i] = x - rate * (decay * x + m / c1 / (Math.sqrt(v / c2) + 1e-8))
  }
}
