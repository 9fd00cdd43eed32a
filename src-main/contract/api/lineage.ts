// Where models come from and what came of them: runs, fine-tunings and models as a graph, and what a run was written
// to.
import { oc } from '@orpc/contract'
import { z } from 'zod'

import { runIdSchema, sha256Schema } from '../branded.ts'
import { runStates } from '../run/run.ts'

// elsewhere: not in the library, but its file lies where a run found it
const modelStates = ['present', 'missing', 'unreadable', 'changed', 'elsewhere'] as const

const nodeSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('model'),
    key: z.string(),
    name: z.string(),
    sha256: sha256Schema.nullable(), // null: not hashed yet
    entry: z.number().nullable(), // its row of the library
    state: z.enum(modelStates),
  }),
  z.object({
    kind: z.literal('run'),
    key: z.string(),
    name: z.string(),
    run: runIdSchema,
    state: z.enum(runStates),
    accuracy: z.number().nullable(),
  }),
  z.object({
    kind: z.literal('tuning'),
    key: z.string(),
    name: z.string(),
    tuning: z.number(),
    state: z.enum(runStates),
    accuracy: z.number().nullable(),
  }),
])
export type LineageNode = z.infer<typeof nodeSchema>

const lineageSchema = z.object({
  root: z.string(), // key of what was asked for
  nodes: z.array(nodeSchema),
  edges: z.array(z.object({ from: z.string(), to: z.string(), as: z.string() })), // as: "vector", "iteration 2", …
  left: z.number(), // nodes found but not listed: the graph is cut there
})
export type Lineage = z.infer<typeof lineageSchema>

/** A file that a run's model was written to. */
const writtenSchema = z.object({
  file: z.string(),
  sha256: sha256Schema.nullable(), // null: not known
  bytes: z.number().nullable(),
  when: z.string().nullable(), // ISO 8601, UTC
  iteration: z.number().nullable(), // 0: the start; null: the last accepted one
  entry: z.number().nullable(), // its row of the library
  isThere: z.boolean(),
})
export type WrittenModel = z.infer<typeof writtenSchema>

export const lineageApi = {
  /** All it comes from, and all that came of it. */
  of: oc.input(z.union([z.object({ run: runIdSchema }), z.object({ id: z.number().int() })])).output(lineageSchema),
  /** Newest first. */
  written: oc.input(z.object({ run: runIdSchema })).output(z.array(writtenSchema)),
}
