// The fields of a stage of learning that a person may set: how long it learns, and how. A run has them, and its start.
// A field is a line here; which methods read it is said by their cards (contract/methods).
import { z } from 'zod'

export const combinations = ['sum', 'mgda'] as const
export const schedules = ['none', 'cosine'] as const

export const path = z.string().min(1, 'name a file').max(4096)
/** Of every draw. */
export const seed = z
  .number()
  .int()
  .min(0)
  .max(2 ** 32 - 1)
  .default(0)
export const count = z.number().int().min(1).max(1_000_000)
const learningRate = z.number().positive().max(10)
const weightDecay = z.number().min(0).max(100)
const clipNorm = z.number().positive().max(1e6).nullable()
const klWeight = z.number().min(0).max(1000)
const priorDeviation = z.number().positive().max(100)
const priorInclusion = z.number().gt(0).lt(1)
const gate = z.number().min(0).max(1000)
const coefficient = z.number().min(-100).max(100)
export const clamp = z.tuple([coefficient, coefficient]).nullable()
export const norm = z.number().int().min(1).max(2).nullable()

export const length = {
  steps: count.optional().meta({ title: 'Steps', description: 'optimiser steps; give steps or epochs' }),
  epochs: count.optional().meta({ title: 'Epochs', description: "passes over the shortest task's learning data" }),
}
export const optimiser = {
  initialCoefficient: coefficient
    .optional()
    .meta({ title: 'Initial coefficient', description: 'of every vector in every block, before the first step' }),
  learningRate: learningRate.optional().meta({ title: 'Learning rate', description: 'how far a step of AdamW may go' }),
  schedule: z.enum(schedules).optional().meta({
    title: 'Schedule',
    description: "of the learning rate: none, or cosine: half a cosine from the rate to 0 over the stage's steps",
  }),
  weightDecay: weightDecay.optional().meta({ title: 'Weight decay', description: 'pulls coefficients to 0' }),
  clamp: clamp
    .optional()
    .meta({ title: 'Clamp', description: 'least and greatest coefficient, as [0, 1] in AdaMerging; null: free' }),
  penaltyNorm: norm
    .optional()
    .meta({ title: 'Penalty norm', description: '1 or 2: adds strength times the mean |coefficient|^p; null: none' }),
  penaltyStrength: z
    .number()
    .min(0)
    .max(1000)
    .optional()
    .meta({ title: 'Penalty strength', description: 'what the penalty norm is multiplied by in the loss' }),
  combine: z
    .enum(combinations)
    .optional()
    .meta({
      title: 'Combine tasks by',
      description:
        'sum of their gradients, or mgda: the shortest vector in their convex hull, which makes no task worse',
      enumDescriptions: ['Sum: of their gradients', 'MGDA: makes no task worse'],
    }),
  budget: count.nullable().optional().meta({
    title: 'Vectors per block',
    description:
      'only so many vectors get a coefficient in a block, those with the largest gradient at the start; null: all',
  }),
  clipNorm: clipNorm
    .optional()
    .meta({ title: 'Gradient clip', description: 'largest norm of the gradient; null: none' }),
  klWeight: klWeight
    .optional()
    .meta({ title: 'KL weight', description: 'of the divergence from the prior; 1: the evidence bound of the images' }),
  priorDeviation: priorDeviation
    .optional()
    .meta({ title: 'Prior deviation', description: 'how far from 0 coefficients are expected, where they are there' }),
  priorInclusion: priorInclusion
    .optional()
    .meta({ title: 'Prior inclusion', description: 'the share of coefficients that are expected to be there' }),
  gate: gate.optional().meta({
    title: 'Gate',
    description: 'a coefficient stays where its inclusion times |mean| / deviation exceeds it; the others are 0',
  }),
  patience: count
    .nullable()
    .optional()
    .meta({ title: 'Patience', description: 'epochs without a better state before an iteration ends; null: none' }),
}

const fields = z.object({ ...length, ...optimiser })
/** Their values where they are set. */
export type StageFields = { [F in keyof z.output<typeof fields>]-?: Exclude<z.output<typeof fields>[F], undefined> }
