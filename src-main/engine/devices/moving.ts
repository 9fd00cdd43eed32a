// What the engines share of sums of tensors and of AdamW: sizes held against each other before a kernel runs, as it
// would read whatever lies beyond, and the numbers of a step, taken in float64.
import type { AdamwBeside, AdamwStep, Moving } from './ops.ts'
import type { Tensor } from './tensor.ts'

/** Throws RangeError unless there are tensors, all of one size, and a coefficient for each. */
export function checkSum([first, ...others]: readonly Tensor[], coefficients: readonly number[]): Tensor {
  if (!first) throw new RangeError('a sum is of one tensor at least')
  if (coefficients.length !== others.length + 1)
    throw new RangeError(`${others.length + 1} tensors, ${coefficients.length} coefficients`)
  for (const other of others) checkPair(first, other)
  return first
}

export function checkPair(x: Tensor, y: Tensor): void {
  if (x.size !== y.size) throw new RangeError(`sizes of tensors differ: ${x.size} and ${y.size}`)
}

export function checkMoving({ value, mean, square }: Moving, gradient: Tensor, { mask, origin }: AdamwBeside): void {
  for (const other of [mean, square, gradient, mask, origin]) if (other) checkPair(value, other)
}

/**
 * What a step multiplies by. The means are corrected in what they are divided by: m / (1 - b1^t) / (sqrt(v / (1 - b2^t))
 * + epsilon) = m / (sqrt(v) size + least), size = (1 - b1^t) / sqrt(1 - b2^t), least = (1 - b1^t) epsilon.
 */
export interface AdamwNumbers {
  scale: number
  beta1: number
  fresh1: number // 1 - b1
  beta2: number
  fresh2: number // 1 - b2
  size: number
  least: number
  decay: number // eta w
  rate: number // eta
}

export function adamwNumbers({ scale, beta1, beta2, epsilon, decay, rate, step }: AdamwStep): AdamwNumbers {
  if (!(step >= 1)) throw new RangeError(`steps are counted from 1, not ${step}`)
  const whole = 1 - beta1 ** step
  return {
    ...{ scale, beta1, fresh1: 1 - beta1, beta2, fresh2: 1 - beta2 },
    ...{ size: whole / Math.sqrt(1 - beta2 ** step), least: whole * epsilon, decay: rate * decay, rate },
  }
}

/** As kernels take them. */
export function inOrder(n: AdamwNumbers): number[] {
  return [n.scale, n.beta1, n.fresh1, n.beta2, n.fresh2, n.size, n.least, n.decay, n.rate]
}

/** What an engine did not write over goes. */
export function disposeUnless({ value, mean, square }: Moving, next: Moving): void {
  const stays = [next.value, next.mean, next.square]
  for (const one of [value, mean, square]) if (!stays.includes(one)) one.dispose()
}
