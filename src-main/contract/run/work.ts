// How much a run has to compute, so that what one took tells what another will take. The unit is one image through the
// tower; a step of learning goes through it forwards and backwards, and a look at a state forwards only. What a step
// costs beside images (composing the model, reading files) is in the seconds that a unit took where it was measured.
import { z } from 'zod'

import { gridPoints } from '../methods/card.ts'
import { methodCard } from '../methods/lookup.ts'
import type { ResolvedConfig } from './config.ts'
import type { StageSettings } from './stage.ts'

/** Images of a task, by split. */
export const imagesSchema = z.object({
  task: z.string(),
  training: z.number(),
  validation: z.number(),
  test: z.number(),
})
export type Images = z.infer<typeof imagesSchema>

const backwards = 2 // a backward pass takes about as long as two forward ones

interface Parts {
  looked: number // images of the split that states are chosen by
  learned: number // images of a step
  stepsPerEpoch: number
}

function partsOf({ select, batch }: ResolvedConfig, images: readonly Images[]): Parts {
  const split = select === 'training-loss' ? 'training' : 'validation'
  const shortest = Math.min(...images.map(({ training }) => training))
  const size = batch === 'all' ? Number.POSITIVE_INFINITY : batch
  return {
    looked: sum(images, (of) => of[split]),
    learned: sum(images, ({ training }) => Math.min(size, training)),
    stepsPerEpoch: Math.max(1, Math.ceil(shortest / size)),
  }
}

/** One image through the tower counts 1. */
export function workOf(config: ResolvedConfig, images: readonly Images[]): number {
  const parts = partsOf(config, images)
  const iterations = config.iteration ? config.iterations * workOfStage(config.iteration, parts) : 0
  const tested = sum(images, ({ training, test }) => test || training)
  // two that those of the run are held against
  const models = 2 + (config.testEach ? config.iterations + 1 : 1)
  return workOfStage(config.start, parts) + iterations + models * tested
}

function workOfStage(stage: StageSettings, { looked, learned, stepsPerEpoch }: Parts): number {
  const by = methodCard(stage.method)?.learns.by
  if (by === 'grid') return gridPoints * looked
  if (by === 'as-it-is') return looked
  const steps = stage.steps ?? (stage.epochs ?? 1) * stepsPerEpoch
  return steps * learned * (1 + backwards) + (Math.ceil(steps / stepsPerEpoch) + 1) * looked
}

/** From a start's first state to its second: two steps of learning and a look, or where nothing is learned a look. */
export function workOfProbe(config: ResolvedConfig, images: readonly Images[]): number {
  const { looked, learned } = partsOf(config, images)
  const by = methodCard(config.start.method)?.learns.by
  return by === 'grid' || by === 'as-it-is' ? looked : 2 * learned * (1 + backwards) + looked
}

/** What the trial of an engine computes in a step: so many images, forwards and backwards. */
export const workOfTrial = (images: number): number => images * (1 + backwards)

export interface TowerSize {
  layers: number
  width: number
  mlp: number
  tokens: number
}

/** Multiplications and additions of one image through a transformer's layers. */
export function operationsOf({ layers, width, mlp, tokens }: TowerSize): number {
  return 2 * layers * tokens * (4 * width * width + 2 * width * mlp + 2 * tokens * width)
}

function sum(images: readonly Images[], of: (images: Images) => number): number {
  return images.reduce((total, one) => total + of(one), 0)
}
