// A search for the best merge by scores of a person's own program, as a window asks for it and sees it: what is varied,
// what is wanted of the scores, and every model that was scored.
import { z } from 'zod'

import { cmaEs } from '../methods/cma-es.ts'

const word = z.string().max(1000)
const words = z.array(word).max(100)
const scoresSchema = z.record(z.string(), z.number())
const labelSchema = z.record(z.string(), z.union([z.number(), z.string()]))

/** Values to try, fewer models, or weights by evolution. */
export const searchWays = ['sweep', 'greedy-soup', cmaEs.name] as const

export const searchAskedSchema = z.object({
  command: z.string().max(4096), // of the program; {model}: the path of the model
  seconds: z
    .number()
    .positive()
    .max(20 * 86_400)
    .nullable(), // the most it may take for one model
  way: z.enum(searchWays),
  sweeps: words, // "lambda=0.1:1:0.1", "density=0.2,0.5"
  best: word.nullable(), // the score that decides; null: the only one there is
  lower: words, // scores of which less is better
  bounds: words, // "control>=0.95*base"
  // of cma-es
  evaluations: z.number().int().min(1).max(10_000),
  sigma: z.number().positive(),
  limits: z.tuple([z.number(), z.number()]).nullable(),
  groups: words, // parts of tensors' names that have weights of their own
  depths: z.number().int().min(1).max(100), // weights along the layers
  seed: z
    .number()
    .int()
    .min(0)
    .max(2 ** 32 - 1),
  log: z.string().min(1).max(4096).nullable().default(null), // the file that keeps every score; null: beside what is written
})
export type SearchAsked = z.infer<typeof searchAskedSchema>

/** A model that was scored; known: as a search before this one scored it. */
export const scoredSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('base'), scores: scoresSchema, known: z.boolean() }),
  z.object({ type: z.literal('single'), model: z.string(), scores: scoresSchema, known: z.boolean() }),
  z.object({
    type: z.literal('candidate'),
    number: z.number(),
    most: z.number(),
    known: z.boolean(),
    label: labelSchema, // what differs
    scores: scoresSchema,
    isKept: z.boolean(), // within all bounds
  }),
])
export type Scored = z.infer<typeof scoredSchema>

export const summarySchema = z.object({
  rows: z.array(
    z.object({
      property: z.string(),
      lower: z.boolean(), // less is better
      decides: z.boolean(),
      base: z.number().nullable(),
      single: z.number().nullable(), // the best in this property
      winner: z.number().nullable(),
      aboveBase: z.number().nullable(), // of the candidates, as a share
      gain: z.number().nullable(), // winner over the best single model
    }),
  ),
  candidates: z.number(),
  kept: z.number(), // within the bounds
  winsOverBase: z.number().nullable(),
})

export const searchShownSchema = z.object({
  job: z.number(),
  asked: searchAskedSchema,
  method: z.string(),
  scored: z.array(scoredSchema), // in their order, at most 3,000
  best: z.number().nullable(), // the number of the best candidate so far
  summary: summarySchema.nullable(), // of one that came to its end
  log: z.string(), // the file that keeps every score
})
export type SearchShown = z.infer<typeof searchShownSchema>
