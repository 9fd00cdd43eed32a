// The table of data sets: one row a folder or file the person added. A row keeps its id and what was known of it when
// the data is gone.
import type { DataFacts, DataSet, LeakReport, PreparedSplit } from '../contract/api/data.ts'
import type { ErrorRecord } from '../contract/errors.ts'
import { sound } from './checksums.ts'
import { change, type History, recoverable, row, rows, soundOnly } from './statement.ts'

export type StoredReport = LeakReport & { made: string }

export interface StoredData {
  id: number
  path: string
  added: string
  state: DataSet['state']
  error: ErrorRecord | null
  due: boolean // to be read
  facts: DataFacts | null
  prepared: PreparedSplit[]
  leaks: StoredReport | null
}

type DataRow = { [Key in keyof StoredData]: Key extends 'id' | 'due' ? number : string } & {
  state: DataSet['state']
  error: string | null
  facts: string | null
  leaks: string | null
}

const columns = 'id, path, added, state, error, due, facts, prepared, leaks'

/** In one transaction; the new rows' ids. Paths must not be there yet. */
export function addData(history: History, paths: readonly string[], now: Date): number[] {
  const text = `INSERT INTO data_sets (path, added, state, due, prepared) VALUES (:path, :added, 'present', 1, '[]') RETURNING id`
  const added = now.toISOString()
  return recoverable(history, () => paths.map((path) => row<{ id: number }>(history, text, { path, added })?.id ?? 0))
}

export function dataSets(history: History): StoredData[] {
  return soundOnly(history, () => found(history, '1'))
}

export function dataOf(history: History, id: number): StoredData | undefined {
  return found(history, 'id = :id', { id })[0]
}

export function dataAt(history: History, path: string): StoredData | undefined {
  return found(history, 'path = :path', { path })[0]
}

export function dueData(history: History): StoredData[] {
  return soundOnly(history, () => found(history, 'due = 1'))
}

/** What was prepared of other data than is there now says nothing any more. */
export function putFacts(history: History, { id, facts: before }: StoredData, facts: DataFacts): void {
  const after = JSON.stringify(facts)
  const isSame = before !== null && JSON.stringify(before) === after
  const rest = isSame ? '' : `, prepared = '[]', leaks = NULL`
  change(
    history,
    `UPDATE data_sets SET facts = :facts, state = 'present', error = NULL, due = 0${rest} WHERE id = :id`,
    {
      id,
      facts: after,
    },
  )
}

export function putDataState(history: History, id: number, state: DataSet['state'], error: ErrorRecord | null): void {
  const text = 'UPDATE data_sets SET state = :state, error = :error, due = 0 WHERE id = :id'
  change(history, text, { id, state, error: error && JSON.stringify(error) })
}

export function putDue(history: History, id: number): void {
  change(history, `UPDATE data_sets SET due = 1 WHERE id = :id`, { id })
}

/** In place of what was known of the same splits. */
export function putPrepared(history: History, id: number, splits: readonly PreparedSplit[]): void {
  const before = dataOf(history, id)?.prepared ?? []
  const kept = before.filter(({ images }) => !splits.some((split) => split.images === images))
  change(history, 'UPDATE data_sets SET prepared = :prepared WHERE id = :id', {
    id,
    prepared: JSON.stringify([...kept, ...splits]),
  })
}

export function putLeaks(history: History, id: number, report: StoredReport): void {
  change(history, 'UPDATE data_sets SET leaks = :leaks WHERE id = :id', { id, leaks: JSON.stringify(report) })
}

function forgetData(history: History, id: number): void {
  change(history, 'DELETE FROM data_sets WHERE id = :id', { id })
}

/** All that a row holds, to be put back by bringDataBack. */
export type TakenData = Readonly<Record<string, string | number | null>> & {
  readonly id: number
  readonly path: string
}

/** Forgets it; undefined where there is no such row. */
export function takeData(history: History, id: number): TakenData | undefined {
  const taken = row<TakenData>(history, `SELECT ${columns} FROM data_sets WHERE id = :id`, { id })
  if (taken) forgetData(history, id)
  return taken
}

/** As it was, under its old number; false where another row has its place by now. */
export function bringDataBack(history: History, taken: TakenData): boolean {
  if (dataOf(history, taken.id) || dataAt(history, taken.path)) return false
  const text = `INSERT INTO data_sets (${columns}) VALUES (${columns.replace(/\w+/g, ':$&')})`
  change(history, text, { ...taken })
  return true
}

function found(history: History, where: string, values: Record<string, string | number> = {}): StoredData[] {
  const text = `SELECT ${columns} FROM data_sets WHERE ${where} AND ${sound(history, 'data_sets')} ORDER BY id`
  return rows<DataRow>(history, text, values).map((r) => ({
    ...r,
    due: r.due === 1,
    error: parsed<ErrorRecord>(r.error),
    facts: parsed<DataFacts>(r.facts),
    prepared: JSON.parse(r.prepared) as PreparedSplit[],
    leaks: parsed<StoredReport>(r.leaks),
  }))
}

function parsed<T>(text: string | null): T | null {
  return text === null ? null : (JSON.parse(text) as T)
}
