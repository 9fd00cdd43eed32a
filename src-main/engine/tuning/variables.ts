// What is learned, by name, each moved by AdamW: betas 0.9 and 0.999, epsilon 1e-8, decay on all of them, biases and
// norms among them, as the field has it, and one clip of the norm of the whole gradient.
import { BasilError } from '../../contract/errors.ts'
import type { Moving, Ops } from '../devices/ops.ts'
import { disposeAll, type Tensor } from '../devices/tensor.ts'
import { clipping, type Gradients } from './gradients.ts'
import type { Kept, Update } from './kind.ts'

export interface Variable {
  name: string
  value: Tensor // where it begins; its life is the variables' from here on
  rate?: number // what the learning rate is multiplied by
  mask?: Tensor | undefined // 1 where it may move, else 0; the variables' too
  origin?: Tensor | undefined // what the value is the difference from: decay pulls their sum to 0; the caller's
}

export interface Variables {
  readonly count: number // of numbers that are learned, those that a mask holds left out only with their tensor
  has(name: string): boolean
  value(name: string): Tensor
  /** Gives the gradient's norm before it is clipped. Throws not-finite, and nothing has moved then. */
  move(gradients: Gradients, update: Update): Promise<number>
  /** All that an update depends on, by name: value, mean and square of each, and its mask. */
  state(): [string, Tensor][]
  restore(kept: Kept): Promise<void>
  dispose(): void
}

const betas = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 }
const parts = ['value', 'mean', 'square'] as const

export function variables(ops: Ops, all: readonly Variable[]): Variables {
  const known = new Map(all.map((one) => [one.name, one]))
  const moving = new Map(
    all.map(({ name, value }): [string, Moving] => [
      name,
      { value, mean: ops.keep(ops.zeros(value.shape)), square: ops.keep(ops.zeros(value.shape)) },
    ]),
  )
  const of = (name: string): Moving => moving.get(name) as Moving
  return {
    count: all.reduce((sum, { value }) => sum + value.size, 0),
    has: (name) => moving.has(name),
    value: (name) => of(name).value,
    async move(gradients, { step, rate, clipNorm, weightDecay }) {
      const norm = await gradients.norm()
      requireFinite(norm, step)
      const scale = clipping(norm, clipNorm)
      for (const [name, gradient] of gradients.sums) {
        const { rate: factor = 1, mask, origin } = known.get(name) as Variable
        const numbers = { ...betas, rate: rate * factor, decay: weightDecay, step: step + 1, scale }
        const next = ops.adamw(of(name), gradient, numbers, { mask, origin })
        for (const part of parts) ops.keep(next[part])
        moving.set(name, next)
      }
      return norm
    },
    state: () => [
      ...[...moving].flatMap(([name, own]) => parts.map((part): [string, Tensor] => [`${part}.${name}`, own[part]])),
      ...all.flatMap(({ name, mask }): [string, Tensor][] => (mask ? [[`mask.${name}`, mask]] : [])),
    ],
    async restore(kept) {
      for (const [name, own] of moving) {
        const next = { ...own }
        for (const part of parts) {
          next[part] = ops.keep(ops.upload(await kept.read(`${part}.${name}`), own[part].shape))
          own[part].dispose()
        }
        moving.set(name, next)
      }
    },
    dispose() {
      for (const { value, mean, square } of moving.values()) disposeAll([value, mean, square])
      disposeAll(all.flatMap(({ mask }) => mask ?? []))
    },
  }
}

/** Throws not-finite, before anything has moved. */
export function requireFinite(norm: number, step: number, loss?: number): void {
  if (Number.isFinite(norm) && (loss === undefined || Number.isFinite(loss))) return
  throw new BasilError({
    code: 'not-finite',
    what: `The ${Number.isFinite(norm) ? 'loss' : 'gradient'} is no longer a finite number`,
    where: `step ${step + 1}`,
    why: loss === undefined ? `the norm of the gradient is ${norm}` : `the loss is ${loss}`,
    next: 'use a smaller learning rate, a longer warm-up, or a gradient clip; the state before this step is kept',
  })
}
