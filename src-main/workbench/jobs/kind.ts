// What the queue knows of a kind of job, and what a job at work knows of the queue. index.ts says how to add one.

import type { z } from 'zod'

import type { Job, JobKind, JobState, Need } from '../../contract/api/jobs.ts'
import type { RunId } from '../../contract/branded.ts'
import type { ErrorRecord } from '../../contract/errors.ts'
import type { Progress } from '../../contract/run/run.ts'
import type { Belongings, StoredJob } from '../../history/jobs.ts'

/** What somebody wishes of a job at work. close: the workbench ends, and the job is to be left as it is. */
export type Wish = 'go on' | 'pause' | 'pause now' | 'cancel' | 'close'

export interface Work {
  /** Aborted when the work is to end at once. */
  readonly signal: AbortSignal
  wish(): Wish
  /** The pause that is wished takes effect: it is not taken back any more. */
  pauses(): void
  /** Checked and under way: whoever added the job need not wait for it any longer. */
  begun(): void
  /** remaining: seconds, where that is known. share: of the whole, where the progress does not say it. */
  tell(progress: Pick<Progress, 'what' | 'done' | 'total'>, remaining?: number | null, share?: number | null): void
  /** The run of a study that it is at; null: between two. */
  at(run: RunId | null): void
  /** The file it has written. */
  wrote(file: string): void
}

export interface Ended {
  state: Exclude<JobState, 'waiting' | 'running'>
  error?: ErrorRecord | null
  after?(): void // once the job is put away and others may begin
}

/**
 * What is known before it begins: how long it will take, what memory it asks for, and what it writes to a folder; null:
 * not known.
 */
export interface Estimate extends Pick<Job, 'expectedSeconds' | 'memoryBytes' | 'diskBytes'> {
  writesTo: string | null
}

export const unknown: Estimate = { expectedSeconds: null, memoryBytes: null, diskBytes: null, writesTo: null }

/** What is asked for, and what was made for it in the same transaction. */
export interface Wanted<Request = unknown> extends Partial<Belongings> {
  kind: JobKind
  place?: string // 'here' where nothing is said
  request: Request
}

export interface Kind<Request = unknown> {
  needs: Need // of this machine, where it is worked on here
  goesOn: boolean // where it was, after a pause or an end from outside; else it begins anew
  request: z.ZodType<Request> // as its row holds it
  title(request: Request): string
  estimate?(job: StoredJob, request: Request): Partial<Estimate>
  /** A throw ends it as what was wished, or as what was thrown. */
  run(job: StoredJob, request: Request, work: Work): Promise<Ended | undefined>
  /** What of it is at work elsewhere ends, as it is cancelled while nobody is at it here. Throws where that cannot be asked for. */
  endElsewhere?(job: StoredJob): Promise<void>
  /** It was cancelled before it began. */
  dropped?(job: StoredJob): void
  /** In a transaction: the same once more. */
  again(job: StoredJob, request: Request): Wanted<Request>
}

/** Of this machine. */
export const needsOf = ({ needs }: Pick<Kind, 'needs'>, { place }: Pick<StoredJob, 'place'>): Need =>
  place === 'here' ? needs : 'elsewhere'

/** Every kind has its page. */
export type Kinds = Readonly<Record<JobKind, Kind>>

/** A kind for the list: what it is asked for is read from the row in its own form. */
export function defineKind<Request>(kind: Kind<Request>): Kind {
  const read = (request: unknown): Request => kind.request.parse(request)
  return {
    ...kind,
    title: (request) => kind.title(read(request)),
    estimate: (job, request) => ({ ...unknown, ...kind.estimate?.(job, read(request)) }),
    run: (job, request, work) => kind.run(job, read(request), work),
    again: (job, request) => kind.again(job, read(request)),
  }
}
