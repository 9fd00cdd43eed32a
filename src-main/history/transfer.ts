// Taking runs, fine-tunings, studies, evaluations and rows of the library from one history into another, each with all
// that hangs on it or not at all, and under its own number.

import type { Thing } from '../contract/api/history.ts'
import { type RunId, runId } from '../contract/branded.ts'
import type { ResolvedConfig } from '../contract/run/config.ts'
import { columnsOf, hasLong, sound, sparing, type Table } from './checksums.ts'
import { evaluationsOf, finalScores } from './run-evaluations.ts'
import { countedTables, missingRows } from './run-rows.ts'
import { runRow } from './runs.ts'
import { change, type History, row, rows } from './statement.ts'
import { isCurveWhole } from './tunings/curve.ts'

interface Kind {
  what: string
  table: Table
  key: string
  own: string[] // columns that are numbered anew
  parts: Table[] // with the same key
  counts?: Table // of the parts' rows; made anew with them
  witnesses?: Table[] // where its number stands too, so that one whose row is gone is missed
}

const ofRun: Table[] = [...countedTables]
const witnesses: Table[] = ['run_rows', 'parents', 'stages']
const ofTuning: Table[] = ['tuning_curve', 'tuning_looks', 'openings']
const kinds: Kind[] = [
  { what: 'run', table: 'runs', key: 'run', own: [], parts: ofRun, counts: 'run_rows', witnesses },
  { what: 'marks of run', table: 'run_marks', key: 'run', own: [], parts: [] }, // a damaged one is no damaged run
  { what: 'evaluation', table: 'model_evaluations', key: 'evaluation', own: [], parts: ['openings'] },
  { what: 'fine-tuning', table: 'tunings', key: 'tuning', own: [], parts: ofTuning },
  { what: 'study', table: 'studies', key: 'study', own: [], parts: ['study_runs', 'cluster_tasks'] },
  { what: 'job', table: 'jobs', key: 'job', own: [], parts: [] },
  { what: 'checkpoint', table: 'library', key: 'path', own: ['id'], parts: [] },
  { what: 'data set', table: 'data_sets', key: 'path', own: ['id'], parts: [] },
]

type Key = string | number
type Row = Record<string, Key | Uint8Array | null>

/**
 * Takes what the target lacks or has only damaged, and of a run of which the counts alone are gone what there is, where
 * neither the target nor a later source has it whole. To be called in a transaction of the target.
 */
export function transfer(
  target: History,
  source: History,
  later: readonly History[],
): { taken: Thing[]; unsure: Thing[]; different: Thing[]; broken: Thing[] } {
  const taken: Thing[] = []
  const unsure: Thing[] = [] // of the taken, runs that may have had more rows
  const different: Thing[] = []
  const broken: Thing[] = [] // that the source has in part only
  const same = new Set<Key>() // runs that both have now
  for (const kind of kinds)
    for (const key of keysOf(source, kind)) {
      if (kind.table === 'run_marks' && isOfAnother(target, source, key)) continue
      const thing = { what: kind.what, key: String(key), from: source.file }
      if (!isWhole(source, kind, key)) {
        const isBest = ![target, ...later].some((other) => isWhole(other, kind, key))
        if (!isBest || !lacksCountsAlone(source, kind, key)) {
          broken.push(thing)
          continue
        }
        unsure.push(thing)
      }
      const isOurs = isWhole(target, kind, key) && !isPartOf(target, source, kind, key)
      if (!isOurs) {
        take(target, source, kind, key, same)
        if (kind.table !== 'run_marks' || !taken.some(({ what, key: run }) => what === 'run' && run === thing.key))
          taken.push(thing) // else its marks came with a run
      }
      const isSame = !isOurs || checksumsOf(target, kind, key) === checksumsOf(source, kind, key)
      if (isSame && kind.table === 'runs') same.add(key)
      if (!isSame && kind.own.length === 0) different.push(thing)
    }
  return { taken, unsure, different, broken }
}

/** Marks are taken before their run is found, which may lie in a later source. */
export function dropStrayMarks(history: History): void {
  change(history, 'DELETE FROM run_marks WHERE run NOT IN (SELECT run FROM runs)', {})
}

/** Two histories that went apart have given one number twice. */
function isOfAnother(target: History, source: History, run: Key): boolean {
  const [ours, theirs] = [target, source].map(
    (history) => row<{ created: string }>(history, 'SELECT created FROM runs WHERE run = :run', { run })?.created,
  )
  return ours !== undefined && theirs !== undefined && ours !== theirs
}

/** Of things found elsewhere those that a history has not at all, each once. */
export function missingThings(history: History, things: readonly Thing[]): Thing[] {
  const name = ({ what, key }: Thing): string => `${what} ${key}`
  const had = new Set(kinds.flatMap((kind) => keysOf(history, kind).map((key) => `${kind.what} ${key}`)))
  return things.filter((thing) => !had.has(name(thing)) && had.add(name(thing)))
}

/** What a history has only damaged. */
export function damagedThings(history: History): Thing[] {
  return kinds.flatMap((kind) =>
    keysOf(history, kind)
      .filter((key) => !isThere(history, kind, key) || !isSound(history, kind, key) || hasLost(history, kind, key))
      .map((key) => ({ what: kind.what, key: String(key), from: history.file })),
  )
}

function keysOf(history: History, { key, table, witnesses = [] }: Kind): Key[] {
  const found = [table, ...witnesses].flatMap((of) =>
    rows<{ key: Key }>(history, `SELECT ${key} AS key FROM ${of} NOT INDEXED ORDER BY rowid`).map((r) => r.key),
  )
  return [...new Set(found)]
}

function isWhole(history: History, kind: Kind, key: Key): boolean {
  if (!isThere(history, kind, key) || !isSound(history, kind, key)) return false
  if (kind.table === 'tunings') return isCurveWhole(history, Number(key))
  return !hasLost(history, kind, key) && (kind.table !== 'runs' || hasNoGap(history, runId(Number(key))))
}

/** Nothing shows a gap, but how many rows the run had is not known any more. */
function lacksCountsAlone(history: History, kind: Kind, key: Key): boolean {
  if (kind.table !== 'runs' || !isThere(history, kind, key)) return false
  const isUncounted = row(history, 'SELECT 1 FROM run_rows WHERE run = :key', { key }) === undefined
  return isUncounted && isSound(history, kind, key) && hasNoGap(history, runId(Number(key)))
}

function isThere(history: History, { table, key }: Kind, one: Key): boolean {
  return row(history, `SELECT 1 FROM ${table} WHERE ${key} = :one`, { one }) !== undefined
}

function hasLost(history: History, kind: Kind, key: Key): boolean {
  return kind.table === 'runs' && sparing(history, () => missingRows(history, runId(Number(key)))).found.length > 0
}

function isSound(history: History, { table, key, parts, counts }: Kind, one: Key): boolean {
  const read = (of: Table, long: boolean): unknown =>
    row(history, `SELECT total(${sound(history, of, { long })}) FROM ${of} WHERE ${key} = :one`, { one })
  const all = [table, ...parts, ...(counts ? [counts] : [])].flatMap((of) =>
    (hasLong(of) ? [false, true] : [false]).map((long) => ({ of, long })),
  )
  return sparing(history, () => all.map(({ of, long }) => read(of, long))).damaged.length === 0
}

/**
 * Rows are counted from 0 in their groups; the last epoch is where the run is resumed from; its accuracy follows from
 * its evaluations.
 */
function hasNoGap(history: History, run: RunId): boolean {
  const gaps = [
    'SELECT 1 FROM parents WHERE run = :run GROUP BY run HAVING count(*) <> max(place) + 1',
    'SELECT 1 FROM stages WHERE run = :run GROUP BY run HAVING count(*) <> max(stage) + 1',
    'SELECT 1 FROM epochs WHERE run = :run GROUP BY stage HAVING count(*) <> max(epoch) + 1',
    'SELECT 1 FROM evaluations WHERE run = :run GROUP BY split, model, stage HAVING count(*) <> max(place) + 1',
    `SELECT 1 FROM epochs WHERE run = :run AND NOT EXISTS
       (SELECT 1 FROM resume r JOIN epochs e ON e.run = r.run AND e.stage = r.stage AND e.epoch = r.epoch
       WHERE r.run = :run)`,
    `SELECT 1 FROM runs WHERE run = :run AND iterations_done <>
       (SELECT count(*) FROM stages WHERE run = :run AND kind = 'iteration' AND accepted IS NOT NULL)`,
  ]
  if (gaps.some((gap) => row(history, gap, { run }) !== undefined)) return false
  const found = runRow(history, run)
  if (found.state !== 'done') return true
  const { tasks } = JSON.parse(found.config) as ResolvedConfig
  const all = evaluationsOf(history, run)
  // tasks to forget were counted once
  return [tasks, []].some((aims) => finalScores(all, aims).accuracy === found.accuracy)
}

/**
 * Whether the target has the same with rows missing: where a damaged file lost all of a kind, nothing that is left
 * shows a gap.
 */
function isPartOf(target: History, source: History, { table, key, parts }: Kind, one: Key): boolean {
  const rowsOf = (history: History, of: Table): (number | null)[] => {
    const text = `SELECT checksum FROM ${of} WHERE ${key} = :one`
    return rows<{ checksum: number | null }>(history, text, { one }).map(({ checksum }) => checksum)
  }
  const both = [table, ...parts].map((of) => ({ ours: rowsOf(target, of), theirs: new Set(rowsOf(source, of)) }))
  const isAmong = both.every(({ ours, theirs }) => ours.every((checksum) => theirs.has(checksum)))
  return isAmong && both.some(({ ours, theirs }) => ours.length < theirs.size)
}

/**
 * Of all its rows: equal where the rows are. Openings have numbers of their own, and what a person says of a run makes
 * it no other run.
 */
function checksumsOf(history: History, { table, key, parts }: Kind, one: Key): string {
  const tables = [table, ...parts].filter((part) => part !== 'openings' && part !== 'run_marks')
  return JSON.stringify(
    tables.map((of) => rows(history, `SELECT checksum FROM ${of} WHERE ${key} = :one ORDER BY checksum`, { one })),
  )
}

/** A study keeps its runs only where they are the source's too. */
function take(
  target: History,
  source: History,
  { table, key, own, parts, counts }: Kind,
  one: Key,
  runs: ReadonlySet<Key>,
): void {
  for (const part of [...(counts ? [counts] : []), ...parts, table])
    change(target, `DELETE FROM ${part} WHERE ${key} = :one`, { one })
  for (const part of [table, ...parts]) {
    const columns = columnsOf(source.db, part)
      .map(({ name }) => name)
      .filter((name) => !/checksum$/.test(name) && !own.includes(name))
    const into = `INSERT INTO ${part} (${columns.join(', ')}) VALUES (${columns.map((name) => `:${name}`).join(', ')})`
    for (const found of rows<Row>(
      source,
      `SELECT ${columns.join(', ')} FROM ${part} WHERE ${key} = :one ORDER BY rowid`,
      { one },
    )) {
      if (part === 'parents') rememberParent(target, found)
      if (part === 'study_runs' && !runs.has(found['run'] as Key)) found['run'] = null
      if (part === 'jobs' && isOpen(found)) found['state'] = 'interrupted' // it may be over, or wanted no more
      if (part === 'openings' && isTaken(target, found)) found['opening'] = null // it gets another number
      change(target, into, found)
    }
  }
}

const isOpen = ({ state }: Row): boolean => state === 'waiting' || state === 'paused' || state === 'running'

function isTaken(target: History, { opening = null }: Row): boolean {
  return row(target, 'SELECT 1 FROM openings WHERE opening = :opening', { opening }) !== undefined
}

function rememberParent(
  target: History,
  { sha256 = null, role = null, name = null, file = null, bytes = null }: Row,
): void {
  const text =
    'INSERT OR IGNORE INTO checkpoints (sha256, role, name, file, bytes) VALUES (:sha256, :role, :name, :file, :bytes)'
  change(target, text, { sha256, role, name, file, bytes })
}
