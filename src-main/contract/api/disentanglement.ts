// The disentanglement error of two task vectors as a map: what is asked of the engine, what it gives, and what a window
// may ask for.
import { eventIterator, oc } from '@orpc/contract'
import { z } from 'zod'

import { BasilError } from '../errors.ts'
import { type ResolvedConfig, resolvedSchema } from '../run/config.ts'
import { progressSchema } from '../run/run.ts'

const furthest = 3 // as the paper draws it, from -3 to 3
const table = z.array(z.array(z.number()))

/** config: two tasks, and their two fine-tuned models as vectors. grid: the values of a_1 and of a_2. */
export const disentanglementRequestSchema = z.object({
  config: resolvedSchema,
  grid: z.array(z.number().min(-100).max(100)).min(1).max(101),
})
export type DisentanglementRequest = z.infer<typeof disentanglementRequestSchema>

export const disentanglementSchema = z.object({
  tasks: z.array(z.object({ name: z.string(), vector: z.string(), images: z.number() })).length(2),
  linearised: z.boolean(),
  grid: z.array(z.number()),
  error: table, // xi(a_1, a_2), row by a_1: from 0 to 2, the sum of
  // each task's share of images that are taken for another class than with its own vector alone
  parts: z.array(table).length(2),
  warnings: z.array(z.string()).optional(), // what may make every number wrong
})
export type Disentanglement = z.infer<typeof disentanglementSchema>

export function evenGrid(points: number): number[] {
  return Array.from({ length: points }, (_, i) => (points === 1 ? 1 : -furthest + (2 * furthest * i) / (points - 1)))
}

/** Two tasks of a configuration with their own fine-tuned models. Throws config-invalid. */
export function pairOf(config: ResolvedConfig, names: readonly string[]): ResolvedConfig {
  const tasks = names.map(
    (name) => config.tasks.find((task) => task.name === name) ?? missing(name, 'there is no such task'),
  )
  const vectors = tasks.map(
    ({ name, finetuned }) => finetuned ?? missing(name, 'its own fine-tuned model is not known'),
  )
  return { ...config, tasks, vectors }
}

function missing(where: string, why: string): never {
  throw new BasilError({
    code: 'config-invalid',
    what: 'There is no disentanglement error of these tasks',
    where,
    why,
    next: 'choose two tasks whose fine-tuned models the configuration names',
  })
}

export const disentanglementApi = {
  /** Of two tasks of a configuration, by name. Refused while a run goes on. */
  map: oc
    .input(
      z.object({
        grant: z.string(),
        config: z.unknown(),
        tasks: z.array(z.string()).length(2),
        points: z.number().int().min(2).max(61).default(11),
      }),
    )
    .output(
      eventIterator(
        z.discriminatedUnion('type', [
          progressSchema,
          z.object({ type: z.literal('result'), result: disentanglementSchema }),
        ]),
      ),
    ),
}
