// A state on disk: everything that goes on from a step depends on, so that what is resumed ends with the bits of the
// unbroken one. Draws are functions of (seed, step), so numbers and a few facts are enough.
import { z } from 'zod'

import { BasilError } from '../../contract/errors.ts'
import type { Ops } from '../devices/ops.ts'
import { toFloat32 } from '../formats/dtype.ts'
import type { KeptState, StateKind, TuningStates } from '../formats/tuning-states.ts'
import type { Kept, Learner } from './kind.ts'

export const progressSchema = z.object({
  steps: z.number().int().min(0), // done
  microBatch: z.number().int().min(1), // images at a time by then: it shows in the last bits
  best: z.object({ steps: z.number(), accuracy: z.number(), loss: z.number() }).nullable(),
  epochsSinceBest: z.number(),
})
export type TuningProgress = z.infer<typeof progressSchema>

/** pixels: hashes of the images of every split, in their order. */
const recordSchema = z.object({
  kind: z.string(),
  seed: z.number(),
  pixels: z.array(z.string()),
  progress: progressSchema,
})

interface Known {
  kind: string
  seed: number
  pixels: string[]
}

/** Gives its bytes on disk. */
export async function keepState(
  states: TuningStates,
  as: StateKind,
  learner: Learner,
  { ops, known, progress }: { ops: Ops; known: Known; progress: TuningProgress },
): Promise<number> {
  const all = learner.state()
  const found = new Map(all)
  return states.keep(as, {
    record: { ...known, progress },
    tensors: all.map(([name, one]) => ({
      name,
      dtype: 'F32',
      shape: one instanceof Float32Array ? [one.length] : [...one.shape],
    })),
    async bytes(name) {
      const one = found.get(name)
      if (!one) throw new Error(`no ${name} in the state`)
      const { buffer, byteOffset, byteLength } = one instanceof Float32Array ? one : await ops.read(one)
      return new Uint8Array(buffer, byteOffset, byteLength)
    },
  })
}

/** Puts the learner where the state was. Throws run-state for a state of another fine-tuning, file-changed for other data. */
export async function resumeState(state: KeptState, learner: Learner, known: Known): Promise<TuningProgress> {
  const parsed = recordSchema.safeParse(state.record)
  if (!parsed.success || parsed.data.kind !== known.kind || parsed.data.seed !== known.seed) throw otherState(state)
  if (parsed.data.pixels.join() !== known.pixels.join()) throw otherImages()
  const names = learner.state().map(([name]) => name)
  if (names.some((name) => !state.file.tensors.has(name))) throw otherState(state)
  await learner.restore(keptIn(state))
  return parsed.data.progress
}

export function keptIn({ file }: KeptState): Kept {
  return {
    has: (name) => file.tensors.has(name),
    read: async (name) => toFloat32(await file.read(name), 'F32'),
  }
}

function otherState({ file }: KeptState): BasilError {
  return new BasilError({
    code: 'run-state',
    what: 'The kept state is of another fine-tuning',
    where: file.source.name,
    why: 'it holds other tensors, another kind or another seed than this configuration has',
    next: 'start a new fine-tuning with the same configuration',
  })
}

function otherImages(): BasilError {
  return new BasilError({
    code: 'file-changed',
    what: 'The images are not those that it began with',
    where: 'the learning data, validation data or other tasks',
    why: 'the hashes of their pixels differ from what was recorded: images were added, removed or changed',
    next: 'put the old data back to go on, or start a new fine-tuning',
  })
}
