// The tasks of a study that another machine works on: where each is, and how much of its logs is kept here.
import type { ClusterTaskState } from '../contract/api/clusters.ts'
import type { ErrorRecord } from '../contract/errors.ts'
import { sound } from './checksums.ts'
import { change, type History, rows, soundOnly, transaction } from './statement.ts'

export interface ClusterTaskRow {
  place: number
  state: ClusterTaskState
  words: string
  job: string | null
  host: string | null
  gpus: string | null
  seconds: number | null
  file: string | null
  bytes: number
  before: number
  error: ErrorRecord | null
}

type Stored = Omit<ClusterTaskRow, 'error'> & { error: string | null }

/** In the order of the study's runs. place: of one alone. */
export function clusterTasks(history: History, study: number, place: number | null = null): ClusterTaskRow[] {
  return tasksWhere(history, study, place === null ? '1' : 'place = :place', place === null ? {} : { place })
}

/** Those that nobody there has got yet. */
export const waitingTasks = (history: History, study: number): ClusterTaskRow[] =>
  tasksWhere(history, study, "state = 'waiting'")

function tasksWhere(history: History, study: number, which: string, of: Record<string, number> = {}): ClusterTaskRow[] {
  const text = `SELECT * FROM cluster_tasks
     WHERE study = :study AND ${which} AND ${sound(history, 'cluster_tasks')} ORDER BY place`
  const found = soundOnly(history, () => rows<Stored>(history, text, { study, ...of }))
  return found.map((one) => ({ ...one, error: one.error === null ? null : (JSON.parse(one.error) as ErrorRecord) }))
}

export const newTask = (place: number): ClusterTaskRow => ({
  ...{ place, state: 'waiting', words: 'not handed over yet', job: null, host: null, gpus: null, seconds: null },
  ...{ file: null, bytes: 0, before: 0, error: null },
})

/** In one transaction. */
export function putClusterTasks(history: History, study: number, tasks: readonly ClusterTaskRow[]): void {
  const text = `INSERT OR REPLACE INTO cluster_tasks
     (study, place, state, words, job, host, gpus, seconds, file, bytes, before, error)
     VALUES (:study, :place, :state, :words, :job, :host, :gpus, :seconds, :file, :bytes, :before, :error)`
  if (tasks.length === 0) return
  transaction(history, () => {
    for (const { place, state, words, job, host, gpus, seconds, file, bytes, before, error } of tasks)
      change(history, text, {
        ...{ study, place, state, words, job, host, gpus, seconds, file, bytes, before },
        error: error && JSON.stringify(error),
      })
  })
}

/** Nothing of it is elsewhere any more. */
export function dropClusterTasks(history: History, study: number): void {
  change(history, 'DELETE FROM cluster_tasks WHERE study = :study', { study })
}
