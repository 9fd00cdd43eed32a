// The engines a person can choose from: what each is called, what a trial of it gave, and what is known of it without.
import { z } from 'zod'

import { type EngineKind, engineInfoSchema, engineKinds } from '../run/engine-info.ts'

/** As --engine has them. */
export const engineNames = ['cuda', 'webgpu', 'native', 'wasm'] as const
export type EngineName = (typeof engineNames)[number]

export const kindOf = {
  cuda: 'native-gpu',
  webgpu: 'webgpu',
  native: 'native-cpu',
  wasm: 'wasm',
} as const satisfies Record<EngineName, EngineKind>

/** As a page and a terminal show them. */
export const engineTitles = {
  cuda: 'CUDA',
  webgpu: 'WebGPU',
  native: 'Native CPU',
  wasm: 'Portable',
} as const satisfies Record<EngineName, string>

/** auto: what is there and was the fastest. */
export const engineChoiceSchema = z.enum(['auto', ...engineNames])
export type EngineChoice = z.infer<typeof engineChoiceSchema>

/** One coefficient step of a small fixed tower (worker/trial.ts), the median of those that two seconds have room for. */
export const trialSchema = z.object({ engine: engineInfoSchema, milliseconds: z.number(), steps: z.number() })
export type Trial = z.infer<typeof trialSchema>

/** A trial as it is kept: what it gave, or why it gave nothing. */
export const triedSchema = z.object({
  kind: z.enum(engineKinds),
  key: z.string(), // of the engine's version, the cards and the processor; another one makes it outdated
  trial: trialSchema.nullable(),
  why: z.string(), // empty where there is one
  tried: z.string(), // ISO 8601, UTC
})
export type Tried = z.infer<typeof triedSchema>

export const engineRowSchema = z.object({
  name: z.enum(engineNames),
  state: z.enum(['in-use', 'ready', 'missing', 'failed']), // failed: it is there, and its trial was not
  why: z.string(), // why it cannot be used; empty where it can
  next: z.string(), // what would make it usable; empty where nothing is to be done
  inWindow: z.string().optional(), // in place of it where there is a window
  trial: trialSchema.nullable(), // of this machine as it is now
  factor: z.number().nullable(), // how many times as fast as the engine in use; null where that is not known
  bytes: z.number().nullable(), // on the disk, or what it would take there
  downloadBytes: z.number().nullable(), // where it is not here
  repeats: z.boolean().nullable(), // whether the same seed gives the same bits; null: not known
})
export type EngineRow = z.infer<typeof engineRowSchema>
