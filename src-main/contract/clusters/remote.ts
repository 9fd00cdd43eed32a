// What is asked of the program on the cluster's side: one question a call, as JSON on its standard input, one answer on
// its standard output. It asks nobody and listens nowhere.
import { z } from 'zod'

import { sha256Schema } from '../branded.ts'
import { errorSchema } from '../errors.ts'
import { resultSchema, specSchema, taskStateSchema } from './task.ts'

const folder = z.string()

/** file: a single one, of that hash; folder: files below, whose names and hashes make the hash. */
export const contentSchema = z.object({
  sha256: sha256Schema,
  bytes: z.number(),
  kind: z.enum(['file', 'folder']),
  name: z.string(), // base name
  only: z.array(z.string()).optional(), // of a folder, these of its files alone
  paths: z.array(z.string()), // where it may lie there already, by the path map
})
export type Content = z.infer<typeof contentSchema>

/** path: where it lies, verified; differs: what lies at a mapped path is something else. */
const foundSchema = z.object({ sha256: sha256Schema, path: z.string().nullable(), differs: z.array(z.string()) })
export type FoundThere = z.infer<typeof foundSchema>

const helloSchema = z.object({
  basil: z.string(),
  node: z.string(),
  host: z.string(),
  glibc: z.string().nullable(),
  cpus: z.number(),
  memoryBytes: z.number(),
  freeBytes: z.number().nullable(), // where its folder lies
  gpus: z.array(z.string()),
  now: z.string(), // ISO 8601, UTC: how far its clock is off
  engine: z.string(), // "native-cpu", or "wasm"
})
export type Hello = z.infer<typeof helloSchema>

/** How much of a task's logs is known here: that many bytes of that file, and all before it. */
export const readSchema = z.object({ index: z.number().int(), file: z.string().nullable(), bytes: z.number().int() })
export type ReadSoFar = z.infer<typeof readSchema>

const newsSchema = z.object({
  index: z.number().int(),
  state: taskStateSchema.nullable(),
  /** Whole lines, without their ends, in order; later pieces may follow. */
  pieces: z.array(z.object({ file: z.string(), from: z.number().int(), lines: z.array(z.string()) })),
  more: z.boolean(), // there is more to read
  result: resultSchema.nullable(), // only where nothing more is to be read
  fault: errorSchema.nullable(), // of a result or a log that is damaged
})
export type TaskNews = z.infer<typeof newsSchema>

const claimSchema = z.object({ by: z.string(), host: z.string(), at: z.string() })
export type Claim = z.infer<typeof claimSchema>

export const questions = {
  hello: { asks: z.object({ folder }), answers: helloSchema },
  have: {
    asks: z.object({ folder, contents: z.array(contentSchema) }),
    answers: z.object({ found: z.array(foundSchema) }),
  },
  /** What was unpacked into incoming/: held against its hash, and moved to its place. */
  settle: { asks: z.object({ folder, content: contentSchema }), answers: foundSchema },
  /** Throws target-exists where another has it. by: who asks. */
  claim: { asks: z.object({ folder, claim: claimSchema }), answers: claimSchema },
  prepare: {
    asks: z.object({ folder, study: z.unknown().optional(), specs: z.array(specSchema) }),
    answers: z.object({ tasks: z.number() }),
  },
  /** Of tasks that are not over here. bytes: of lines, about, in one answer. */
  look: {
    asks: z.object({ folder, tasks: z.array(readSchema), bytes: z.number().int().min(1) }),
    answers: z.object({ now: z.string(), news: z.array(newsSchema) }),
  },
  /** Takes failed results away, so that the tasks are worked on again, after their last kept epoch. */
  again: { asks: z.object({ folder, tasks: z.array(z.number().int()) }), answers: z.object({ tasks: z.number() }) },
} as const

export type Question = keyof typeof questions
export type Asks<Q extends Question> = z.input<(typeof questions)[Q]['asks']>
export type Answers<Q extends Question> = z.output<(typeof questions)[Q]['answers']>

export const askedSchema = z.object({
  ask: z.enum(Object.keys(questions) as [Question, ...Question[]]),
  of: z.unknown(),
})
export const answeredSchema = z.union([z.object({ answer: z.unknown() }), z.object({ error: errorSchema })])
