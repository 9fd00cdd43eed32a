// The queue of work as a window sees it: every job with its kind, what it belongs to, how far it is and how long it
// still takes. Jobs are added where their subject is (runs.start, studies.start, evaluations.start, ...); here they are
// listed, reordered, paused, cancelled and retried.

import { eventIterator, oc } from '@orpc/contract'
import { z } from 'zod'

import { runIdSchema } from '../branded.ts'
import { errorSchema } from '../errors.ts'

/** Of a job that is over: "done" and whatever comes after it. */
export const jobStates = ['waiting', 'paused', 'running', 'done', 'failed', 'cancelled', 'interrupted'] as const
export type JobState = (typeof jobStates)[number]

export const jobKinds = [
  'run',
  'tuning',
  'study',
  'evaluation',
  'export',
  'merge',
  'image-merge', // that looks at images first
  'search', // of merges, by scores
  'conversion',
  'head',
  'adapter',
  'bases',
] as const
export type JobKind = (typeof jobKinds)[number]

/**
 * What a job takes for itself: the engine, of which there is one, a process that reads and writes files, or nothing of
 * this machine, as another works on it.
 */
export const needs = ['engine', 'reader', 'elsewhere'] as const
export type Need = (typeof needs)[number]

const jobSchema = z.object({
  job: z.number(),
  kind: z.enum(jobKinds),
  title: z.string(),
  needs: z.enum(needs),
  place: z.string(), // 'here', on this machine, or the name of a cluster
  state: z.enum(jobStates),
  position: z.number().nullable(), // among those that wait or are held, from 1; null for all others
  progress: z.object({ what: z.string(), done: z.number(), total: z.number() }).nullable(),
  share: z.number().nullable(), // of the whole that is done, 0 to 1, while it is at work; null: not known
  remainingSeconds: z.number().nullable(), // while it is at work; null: not known
  pausing: z.boolean(), // at work, and to end after what it is at
  goesOn: z.boolean(), // can be paused at work, and goes on where it was
  expectedSeconds: z.number().nullable(), // that it will take once it begins; null: not known
  memoryBytes: z.number().nullable(), // that it asks for, about
  diskBytes: z.number().nullable(), // that it writes, about; null: little, or not known
  diskFree: z.number().nullable(), // where it writes that
  made: z.string(),
  started: z.string().nullable(), // for the first time
  ended: z.string().nullable(),
  error: errorSchema.nullable(),
  run: runIdSchema.nullable(), // what it belongs to; of a study its present run
  study: z.number().nullable(),
  evaluation: z.number().nullable(),
  tuning: z.number().nullable(),
  file: z.string().nullable(), // that it writes
})
export type Job = z.infer<typeof jobSchema>

const one = z.object({ job: z.number().int() })

export const jobsApi = {
  /** Those that are open in their order, then those that are over, newest first, of which no more than `over`. */
  list: oc.input(z.object({ over: z.number().int().min(0).optional() }).optional()).output(z.array(jobSchema)),
  /** What was asked for, as its row holds it: of a merge its recipe, of a run its configuration. */
  request: oc.input(one).output(z.object({ request: z.unknown() })),
  /** position: from 1, among those that wait or are held. */
  move: oc.input(one.extend({ position: z.number().int().min(1) })).output(jobSchema),
  /**
   * Holds a job that waits. A run at work ends after its next kept epoch, a fine-tuning after its next kept state and a
   * study after its present run, or where `now` at once; what they have is kept, and others go on. Other work cannot be
   * paused.
   */
  pause: oc.input(one.extend({ now: z.boolean().default(false) })).output(jobSchema),
  /**
   * A paused or interrupted job waits for its turn again, at its old place, and goes on where it was. One that is yet
   * to end for its pause does not end.
   */
  resume: oc.input(one).output(jobSchema),
  cancel: oc.input(one).output(jobSchema),
  /** Goes on with a job that was interrupted; of any other that is over it makes a new one of the same request. */
  retry: oc.input(one).output(jobSchema),
  /** Takes those that are over from the list; their runs, evaluations and files stay. Gives their numbers. */
  clear: oc.output(z.object({ jobs: z.array(z.number()) })),
  /** Those that were taken from the list since Basil was started. */
  bringBack: oc.input(z.object({ jobs: z.array(z.number().int()).max(1_000_000) })).output(z.boolean()),
  /** Tells when to ask again. */
  watch: oc.output(eventIterator(z.object({ version: z.number() }))),
}
