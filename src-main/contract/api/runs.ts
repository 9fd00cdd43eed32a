// The list of runs, and what a person says of them.
import { oc } from '@orpc/contract'
import { z } from 'zod'

import { runIdSchema } from '../branded.ts'
import { longestQuery } from '../run/query/query.ts'
import { runSummarySchema } from '../run/run.ts'

const sortKeySchema = z.enum([
  'run',
  'name',
  'method',
  'objective',
  'state',
  'accuracy',
  'relative',
  'iterations',
  'seed',
  'created',
  'duration',
  'study',
  'base',
  'tags',
  'notes',
])
export type SortKey = z.infer<typeof sortKeySchema>
export const sortSchema = z.object({ by: sortKeySchema, down: z.boolean() })
export type Sort = z.infer<typeof sortSchema>

export const groupingSchema = z.enum(['none', 'study', 'base', 'day', 'method'])
export type Grouping = z.infer<typeof groupingSchema>

/** Which runs, in which order: those pinned first in each group. */
export const askedRunsSchema = z.object({
  query: z.string().max(longestQuery).default(''),
  sort: sortSchema.default({ by: 'run', down: true }),
  group: groupingSchema.default('none'),
})
export type AskedRuns = z.infer<typeof askedRunsSchema>

const marks = { tags: z.array(z.string()), notes: z.string(), pinned: z.boolean(), trashed: z.string().nullable() }

export const listedRunSchema = runSummarySchema.extend({
  ...marks,
  base: z.string(), // the pre-trained model's file as it was named
  study: z.number().nullable(),
})
export type ListedRun = z.infer<typeof listedRunSchema>

const markedRunSchema = runSummarySchema.pick({ run: true, name: true, state: true }).extend(marks)
export type MarkedRun = z.infer<typeof markedRunSchema>

/** In the order of the list. key: a study's number, a file, a day or a method; empty where a run has none. */
const groupSchema = z.object({
  key: z.string(),
  name: z.string(), // of a study
  runs: z.number(),
  accuracy: z.number().nullable(), // the best
  relativeAccuracy: z.number().nullable(),
})
export type RunGroup = z.infer<typeof groupSchema>

const countedSchema = z.array(z.object({ value: z.string(), runs: z.number() }))
const overviewSchema = z.object({
  states: countedSchema,
  methods: countedSchema,
  tags: countedSchema,
  bases: countedSchema,
  studies: z.array(z.object({ study: z.number(), name: z.string(), runs: z.number() })), // newest first
  pinned: z.number(),
  trashed: z.number(),
})
export type RunsOverview = z.infer<typeof overviewSchema>

/** ofStudies: of these, which a study would lack, and compute anew if it went on. */
const trashSchema = z.object({ runs: z.number(), ofStudies: z.number(), bytes: z.number() })
export type Trash = z.infer<typeof trashSchema>

const refusedSchema = z.object({ run: runIdSchema, why: z.string() })
export type Refused = z.infer<typeof refusedSchema>

const several = z.object({ runs: z.array(runIdSchema).max(1_000_000) })
const run = z.object({ run: runIdSchema })
const tag = z.string().trim().min(1).max(60)
const page = askedRunsSchema.extend({
  offset: z.number().int().min(0).default(0),
  limit: z.number().int().min(1).max(500).default(100),
})

export const runListApi = {
  /** Throws config-invalid for a query that is wrong. Runs in the trash are there only where the query asks for them. */
  list: oc.input(page).output(z.object({ total: z.number(), rows: z.array(listedRunSchema) })),
  /** Numbers of all of them, in the order of the list. */
  found: oc.input(askedRunsSchema).output(z.array(runIdSchema)),
  groups: oc.input(askedRunsSchema).output(z.array(groupSchema)),
  /** What there is to choose from, trash aside. */
  overview: oc.output(overviewSchema),
  marks: oc.input(run).output(markedRunSchema),
  tag: oc.input(several.extend({ add: z.array(tag).max(20), remove: z.array(tag).max(20) })).output(z.boolean()),
  pin: oc.input(several.extend({ pinned: z.boolean() })).output(z.boolean()),
  describe: oc
    .input(run.extend({ name: z.string().trim().min(1).max(200).optional(), notes: z.string().max(20_000).optional() }))
    .output(markedRunSchema),
  /** Those at work, and those that wait for their turn, stay: refused says why. */
  trash: oc.input(several).output(z.object({ done: z.array(runIdSchema), refused: z.array(refusedSchema) })),
  restore: oc.input(several).output(z.boolean()),
  trashed: oc.output(trashSchema),
  /** For good. Gives how many. */
  emptyTrash: oc.output(z.number()),
}
