// Native TensorFlow as something a person installs, and the devices it can compute on.
import { z } from 'zod'

import { engineInfoSchema } from '../run/engine-info.ts'
import { engineChoiceSchema, engineRowSchema } from './engines.ts'

/**
 * What the engine is to compute on. "auto": a GPU where there is one; "gpu:N": that one, as nvidia-smi numbers them, or
 * nothing.
 */
export const deviceSchema = z.string().regex(/^(auto|cpu|gpu:\d{1,2})$/, 'write auto, cpu or gpu:N')

export const nativeKinds = ['cpu', 'cuda'] as const
export type NativeKind = (typeof nativeKinds)[number]

const installedSchema = z.object({
  kind: z.enum(nativeKinds),
  tensorflow: z.string(), // version
  folder: z.string(),
  addon: z.string(), // path of tfjs_binding.node
  bytes: z.number(),
  installed: z.string(), // ISO 8601, UTC
  made: z.string(), // what its addon was made of, as a hash; empty where that is not known
})
export type Installed = z.infer<typeof installedSchema>

/** A GPU as its driver names it. id: "gpu:0", as --device and the configuration of the engine write it. */
const gpuSchema = z.object({
  id: z.string(),
  name: z.string(),
  memoryBytes: z.number(),
  freeBytes: z.number(),
  driver: z.string(),
  capability: z.string().default(''), // CUDA's compute capability, "8.9"; empty where the driver does not tell
})
export type Gpu = z.infer<typeof gpuSchema>

export const nativeStatusSchema = z.object({
  installed: installedSchema.nullable(), // what is in use
  outdated: z.string(), // why it is worth installing again: what of it is an older Basil's; empty when nothing is
  damaged: z.string(), // what is wrong with what was installed, which is then not used; empty when nothing is
  offers: z.array(
    z.object({ kind: z.enum(nativeKinds), tensorflow: z.string(), downloadBytes: z.number(), bytes: z.number() }),
  ), // to be installed
  refused: z.string(), // why nothing can be installed here (another system than Linux x64); empty where it can
  gpus: z.array(gpuSchema),
  noGpu: z.string(), // why the list is empty: no driver, no card; empty when it is not
  device: z.string(), // the person's choice: "auto", "cpu" or "gpu:N"
  engine: engineInfoSchema.nullable(), // what the engine's process runs on now
  choice: engineChoiceSchema, // the person's
  engines: z.array(engineRowSchema),
})
export type NativeStatus = z.infer<typeof nativeStatusSchema>

/** Said before anything is fetched: what comes, how large, and what it means for the cards that are here. */
const sizesSchema = z.object({
  type: z.literal('sizes'),
  packages: z.array(
    z.object({ project: z.string(), version: z.string(), downloadBytes: z.number(), bytes: z.number() }),
  ),
  downloadBytes: z.number(), // of all, without what is here already
  bytes: z.number(), // on the disk, installed
  freeBytes: z.number(),
  notes: z.array(z.string()), // sentences: which CUDA, and why
})
export type InstallSizes = z.infer<typeof sizesSchema>

/**
 * What an installation says as it goes; done and total in bytes while it downloads and extracts, else in parts of the
 * step.
 */
export const installEventSchema = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('step'),
    step: z.enum(['resolve', 'download', 'extract', 'addon', 'self-test', 'switch']),
    what: z.string(),
    done: z.number(),
    total: z.number(),
  }),
  sizesSchema,
  z.object({ type: z.literal('installed'), installed: installedSchema }),
])
export type InstallEvent = z.infer<typeof installEventSchema>
