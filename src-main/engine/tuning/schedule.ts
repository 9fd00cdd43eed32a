// How long a fine-tuning is, and how fast it learns, as task vectors are made in the field: S updates, of which the
// first W warm up,
//   eta_s = eta (s + 1) / W                                for s < W
//   eta_s = eta (1 + cos(pi (s - W) / (S - W))) / 2        after them
// The last batch of an epoch is a small one.
import type { ResolvedTuning } from '../../contract/tuning/config.ts'

export interface Length {
  steps: number
  stepsPerEpoch: number
}

/** Epochs that the field fine-tunes its own data sets for, about 2,000 updates of 128 images each. */
const fieldEpochs: Readonly<Record<string, number>> = {
  cars: 35,
  dtd: 76,
  eurosat: 12,
  gtsrb: 11,
  mnist: 5,
  resisc45: 15,
  sun397: 14,
  svhn: 4,
  imagenet: 4,
}

/** images: of the learning data. */
export function lengthOf(config: Pick<ResolvedTuning, 'epochs' | 'steps' | 'batch' | 'task'>, images: number): Length {
  const stepsPerEpoch = Math.ceil(images / config.batch)
  if (config.steps !== undefined) return { steps: config.steps, stepsPerEpoch }
  const epochs =
    config.epochs ?? fieldEpochs[config.task.name.toLowerCase()] ?? Math.max(1, Math.round((2000 * 128) / images))
  return { steps: epochs * stepsPerEpoch, stepsPerEpoch }
}

/** step: from 0. */
export function rateAt(
  step: number,
  { learningRate, warmup }: Pick<ResolvedTuning, 'learningRate' | 'warmup'>,
  { steps }: Pick<Length, 'steps'>,
): number {
  if (step < warmup) return (learningRate * (step + 1)) / warmup
  return (learningRate * (1 + Math.cos((Math.PI * (step - warmup)) / (steps - warmup)))) / 2
}

/** What should be known before it begins. */
export function warningsOf(
  config: Pick<ResolvedTuning, 'warmup' | 'batch'>,
  { steps }: Length,
  images: number,
): string[] {
  return [
    ...(steps <= config.warmup
      ? [
          `It has ${steps} steps and warms up for ${config.warmup}: the learning rate never reaches its value. Give more epochs, or a shorter warm-up.`,
        ]
      : []),
    ...(images < config.batch
      ? [`There are ${images} images, fewer than a batch of ${config.batch}: each step sees all of them.`]
      : []),
  ]
}
