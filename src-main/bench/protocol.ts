// What the two sides of a comparison are told and answer, one JSON message a line: our engine in worker.ts, PyTorch in
// test/bench/peer.py. Both do the coefficient step on the same files; a case without vectors is a forward pass alone.
import { z } from 'zod'

import { exportedSchema, type Recipe } from '../contract/run/recipe.ts'
import { type Parent, parentSchema } from '../contract/run/run.ts'

export interface Opening {
  pretrained: string
  vectors: string[] // none: forward only
  precision: 'float32' | 'float16' // of our vectors; PyTorch's are float32
  data: string // images.bench, labels.bench and head.bench
  parameters: string[] // the tower's, in block order, without prefix: the columns of coefficients
}

/** A fine-tuning, whose steps are asked for one by one. */
export interface TuningOpening extends Omit<Opening, 'precision'> {
  tune: 'standard' | 'linear' | 'talos'
  batch: number
  calibration: number // images that a mask is chosen by
  states: string // the folder of its states; it goes on from what is there
  keeps: boolean // a state after each step
  parents: Parent[] // recorded by an earlier sitting
}

export interface MixOpening {
  pretrained: string
  vectors: string[]
  tasks: { name: string; data: string; head: string }[]
  linearised: boolean
}

export type Message =
  | { do: 'describe' }
  | ({ do: 'open' } & Opening)
  | { do: 'gradient'; coefficients: number[][] } // at these coefficients (vectors x blocks), where later steps begin
  | ({ do: 'tune' } & TuningOpening) // later steps are of this; PyTorch has none of talos
  | { do: 'adamw'; shapes: number[][]; form: 'fused' | 'foreach' } // of PyTorch's; later steps are of AdamW alone
  | { do: 'step' }
  | { do: 'memory' } // what its own tensors hold of the device: PyTorch's most so far, ours now
  | ({ do: 'linearised'; rounds: number } & Opening) // ours alone
  | ({ do: 'data-wait'; photographs: string; batch: number; rounds: number } & Opening) // ours alone
  | ({ do: 'mix'; rounds: number } & MixOpening) // ours alone
  | { do: 'merge'; recipe: Recipe; out: string } // ours alone

export const sideSchema = z.object({ name: z.string(), kind: z.string(), versions: z.record(z.string(), z.string()) })
export type SideInfo = z.infer<typeof sideSchema>

export const gradientSchema = z.object({ loss: z.number(), gradient: z.array(z.array(z.number())) })
export type Gradient = z.infer<typeof gradientSchema>

export const memorySchema = z.object({ bytes: z.number().nullable() })

/** Milliseconds of one step: by the clock, and of all the process' threads. */
export const stepSchema = z.object({ wall: z.number(), cpu: z.number(), loss: z.number().nullable() })
export type Step = z.infer<typeof stepSchema>

/** What is known of a fine-tuning once it is open: numbers of the tower, and those that are learned. */
export const tuningFactsSchema = z.object({
  parameters: z.number(),
  learned: z.number(),
  parents: z.array(parentSchema).default([]), // ours
})
export type TuningFacts = z.infer<typeof tuningFactsSchema>

export const mergeSchema = exportedSchema.extend({ wall: z.number(), cpu: z.number() })

/**
 * An epoch of a linearised model by forward mode (jvp) and on precomputed features (cached); see linearised-speed.ts.
 */
export const linearisedSchema = z.object({
  engine: z.string(),
  images: z.number(),
  vectors: z.number(),
  blocks: z.number(),
  jvpMs: z.number(),
  cachedMs: z.number(),
  ratio: z.number(), // jvpMs / cachedMs
  onceMs: z.number(), // computing an image's features, once
  disagreement: z.number(), // max |g - g'| / max |g'|
})

/** Steps on a data set's images, and the share of their time that waits for pixels; see data-wait.ts. */
const waitingSchema = z.object({ stepMs: z.number(), share: z.number() })
export const dataWaitSchema = z.object({
  engine: z.string(),
  batch: z.number(),
  images: z.number(),
  threads: z.number(), // that prepare images
  cached: waitingSchema,
  uncached: waitingSchema,
  augmented: waitingSchema,
})

/** From a moved coefficient to the first numbers and to those of all images; see mix-speed.ts. */
export const mixSchema = z.object({
  engine: z.string(),
  linearised: z.boolean(),
  tasks: z.number(),
  vectors: z.number(),
  images: z.number(),
  firstMs: z.number(), // median
  firstP95Ms: z.number(),
  firstImages: z.number(), // that the first numbers are of
  wholeMs: z.number(),
})
export type MixSpeed = z.infer<typeof mixSchema>
