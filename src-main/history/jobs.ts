// Jobs of the queue. What a job belongs to is made in the transaction that makes the job (workbench/jobs/queue.ts), so
// that neither is ever there alone. A job is running only while somebody works on it: the next to open the history for
// writing finds it interrupted, and a reader sees it so while nobody writes.

import type { Job, JobKind, JobState } from '../contract/api/jobs.ts'
import { runId } from '../contract/branded.ts'
import { BasilError, type ErrorRecord } from '../contract/errors.ts'
import { sound } from './checksums.ts'
import { change, type History, row, rows, soundOnly, transaction } from './statement.ts'

/** Numbers of what a job belongs to, and the file it writes. */
export type Belongings = Pick<Job, 'run' | 'study' | 'evaluation' | 'tuning' | 'file'>

type Shown = 'needs' | 'position' | 'progress' | 'share' | 'remainingSeconds' | 'pausing' | 'goesOn'

export interface StoredJob extends Omit<Job, Shown | 'expectedSeconds' | 'memoryBytes' | 'diskBytes' | 'diskFree'> {
  request: unknown // of the form of its kind
}

export interface NewJob extends Partial<Belongings> {
  kind: JobKind
  place?: string // 'here' where nothing is said
  title: string
  request: unknown
}

type JobRow = Omit<StoredJob, 'error' | 'request'> & { error: string | null; request: string }

/** Behind all others. Gives its number. */
export function createJob(history: History, { kind, title, request, ...to }: NewJob, now: Date): number {
  const text = `INSERT INTO jobs (kind, title, place, state, rank, made, run, study, evaluation, tuning, file,
     request)
     SELECT :kind, :title, :place, 'waiting', coalesce(max(rank), 0) + 1, :made, :run, :study, :evaluation, :tuning,
     :file, :request FROM jobs RETURNING job`
  const made = row<{ job: number }>(history, text, {
    kind,
    title: title.slice(0, 200),
    place: to.place ?? 'here',
    made: now.toISOString(),
    run: to.run ?? null,
    study: to.study ?? null,
    evaluation: to.evaluation ?? null,
    tuning: to.tuning ?? null,
    file: to.file ?? null,
    request: JSON.stringify(request),
  })
  return made?.job ?? 0
}

/** Of a job that another process worked on; record: its number there, which its request keeps. */
export interface DoneElsewhere extends Pick<StoredJob, 'started' | 'error'> {
  record: string
  state: JobState
  ended: Date
}

/** Its row, once: gives false where it is here already. */
export function takeJob(history: History, job: NewJob & { request: object }, end: DoneElsewhere): boolean {
  const { record, state, started, ended, error } = end
  const known = `SELECT 1 FROM jobs WHERE kind = :kind
     AND CASE WHEN json_valid(request) THEN json_extract(request, '$.record') END = :record`
  return transaction(history, () => {
    if (row(history, known, { kind: job.kind, record })) return false
    const began = new Date(started ?? ended)
    const made = createJob(history, { ...job, request: { ...job.request, record } }, began)
    putJobState(history, made, 'running', began)
    putJobState(history, made, state, ended, error)
    return true
  })
}

/** Throws run-missing. */
export function jobOf(history: History, job: number): StoredJob {
  const text = `SELECT * FROM jobs WHERE job = :job AND ${sound(history, 'jobs')}`
  const found = row<JobRow>(history, text, { job })
  if (found) return storedOf(history, found)
  throw new BasilError({
    code: 'run-missing',
    what: 'There is no such job',
    where: `job ${job}`,
    why: 'the queue has no job of that number',
    next: '"basil queue list" lists all of them',
    inWindow: 'choose one of those that wait, or look at what is over',
  })
}

/** Those that are open in their order, then those that are over, newest first, of which no more than `over`. */
export function jobsOf(history: History, over?: number): StoredJob[] {
  const open = queuedJobs(history, ['running', 'waiting', 'paused'])
  const text = `SELECT * FROM jobs WHERE state NOT IN ('running', 'waiting', 'paused') AND ${sound(history, 'jobs')}
     ORDER BY ended DESC, job DESC LIMIT :most`
  const ended = soundOnly(history, () => rows<JobRow>(history, text, { most: over ?? -1 }))
  return [...open, ...ended.map((found) => storedOf(history, found))]
}

/** In their order; those that are held only where they are wanted too. */
export function queuedJobs(history: History, states: readonly JobState[] = ['waiting']): StoredJob[] {
  const text = `SELECT * FROM jobs WHERE state IN (SELECT value FROM json_each(:states)) AND ${sound(history, 'jobs')}
     ORDER BY rank, job`
  const found = soundOnly(history, () => rows<JobRow>(history, text, { states: JSON.stringify(states) }))
  return found.map((one) => storedOf(history, one))
}

type About = 'run' | 'study' | 'evaluation' | 'tuning'

/** The newest job that has to do with a run of its own, a study, an evaluation or a fine-tuning; null: there is none. */
export function jobAbout(history: History, about: About, number: number): StoredJob | null {
  const text = `SELECT * FROM jobs WHERE ${about} = :number AND kind = :about AND ${sound(history, 'jobs')}
     ORDER BY job DESC LIMIT 1`
  const [found] = soundOnly(history, () => rows<JobRow>(history, text, { number, about }))
  return found ? storedOf(history, found) : null
}

/** state: the one that it is in from now on. */
export function putJobState(
  history: History,
  job: number,
  state: JobState,
  now: Date,
  error: ErrorRecord | null = null,
): void {
  const at = now.toISOString()
  change(
    history,
    `UPDATE jobs SET state = :state, error = :error,
       started = CASE WHEN :state = 'running' THEN coalesce(started, :at) ELSE started END,
       ended = CASE WHEN :state IN ('running', 'waiting', 'paused') THEN NULL ELSE :at END WHERE job = :job`,
    { job, state, at, error: error && JSON.stringify(error) },
  )
}

export function putJobRequest(history: History, job: number, request: unknown): void {
  change(history, 'UPDATE jobs SET request = :request WHERE job = :job', { job, request: JSON.stringify(request) })
}

/** 'here', or the name of a cluster. */
export function putJobPlace(history: History, job: number, place: string): void {
  change(history, 'UPDATE jobs SET place = :place WHERE job = :job', { job, place })
}

export function putJobFile(history: History, job: number, file: string): void {
  change(history, 'UPDATE jobs SET file = :file WHERE job = :job', { job, file })
}

/** These, in this order, behind whatever else there is no room between. */
export function putJobOrder(history: History, jobs: readonly number[]): void {
  transaction(history, () => {
    const ranks = jobs.map((job) => row<{ rank: number }>(history, 'SELECT rank FROM jobs WHERE job = :job', { job }))
    const sorted = ranks.map((found) => found?.rank ?? 0).sort((a, b) => a - b)
    for (const [i, job] of jobs.entries())
      change(history, 'UPDATE jobs SET rank = :rank WHERE job = :job', { job, rank: sorted[i] ?? 0 })
  })
}

/** Of a process that ended at work: nobody is at them now. One that had come to its end but for this row is done. */
export function interruptJobs(history: History, now: Date): void {
  for (const found of queuedJobs(history, ['running']))
    putJobState(history, found.job, isDone(history, found) ? 'done' : 'interrupted', now)
}

/** By the row of what it belongs to. */
function isDone(history: History, job: StoredJob): boolean {
  const about = (['run', 'study', 'tuning'] as const).find((kind) => kind === job.kind) ?? 'evaluation'
  const number = job[about]
  const text = `SELECT 1 FROM ${tableOf[about]} WHERE ${about} = :number AND state IN ('done', 'stopped')`
  return number !== null && row(history, text, { number }) !== undefined
}

const tableOf: Record<About, string> = {
  run: 'runs',
  study: 'studies',
  evaluation: 'model_evaluations',
  tuning: 'tunings',
}

/** A row as it was, by its columns. */
export type ClearedJob = JobRow & { rank: number }

/** Those that are over and sound. Gives what bringBackJobs takes. */
export function clearJobs(history: History): ClearedJob[] {
  const text = `SELECT ${columns.join(', ')} FROM jobs WHERE state NOT IN ('running', 'waiting', 'paused')
     AND ${sound(history, 'jobs')} ORDER BY job`
  return transaction(history, () => {
    const over = soundOnly(history, () => rows<ClearedJob>(history, text))
    for (const { job } of over) change(history, 'DELETE FROM jobs WHERE job = :job', { job })
    return over
  })
}

/** With their numbers and places, as they were. */
export function bringBackJobs(history: History, cleared: readonly ClearedJob[]): void {
  const values = columns.map((column) => `:${column}`).join(', ')
  transaction(history, () => {
    for (const job of cleared)
      change(history, `INSERT INTO jobs (${columns.join(', ')}) VALUES (${values})`, { ...job })
  })
}

const columns = [
  ...['job', 'kind', 'title', 'place', 'state', 'rank', 'made', 'started', 'ended', 'error'],
  ...['run', 'study', 'evaluation', 'tuning', 'file', 'request'],
]

function storedOf(history: History, found: JobRow): StoredJob {
  const { job, kind, title, place, state, made, started, ended, error, run, study, evaluation, tuning, file, request } =
    found
  const isLeft = state === 'running' && !history.write && !history.lives(runId(0))
  return {
    ...{ job, kind, title, place, made, started, ended, run, study, evaluation, tuning, file },
    state: isLeft ? 'interrupted' : state,
    error: error === null ? null : (JSON.parse(error) as ErrorRecord),
    request: JSON.parse(request),
  }
}
