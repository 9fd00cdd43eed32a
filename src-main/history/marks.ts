// What a person says of runs: name, tags, notes, pinned or not, in the trash or not. Only emptying the trash takes a
// run away for good, with all that hangs on it; its number is never used again.
import type { MarkedRun, Refused, Trash } from '../contract/api/runs.ts'
import type { RunId } from '../contract/branded.ts'
import { sound } from './checksums.ts'
import { runRow, stateNow } from './runs.ts'
import { change, damageIn, type History, row, rows, snapshot, soundOnly, transaction } from './statement.ts'

export interface Marks {
  tags: readonly string[]
  notes: string
  pinned: boolean
  trashed: string | null // since when
}

interface MarksRow {
  tags: string
  notes: string
  pinned: number
  trashed: string | null
}

const none: Marks = { tags: [], notes: '', pinned: false, trashed: null }
const mostTags = 50

export function marksOf(history: History, run: RunId): Marks {
  const text = `SELECT tags, notes, pinned, trashed FROM run_marks WHERE run = :run AND ${sound(history, 'run_marks')}`
  const [found] = soundOnly(history, () => rows<MarksRow>(history, text, { run }))
  return found ? { ...found, tags: JSON.parse(found.tags) as string[], pinned: found.pinned === 1 } : none
}

/** Throws run-missing. */
export function markedRun(history: History, run: RunId): MarkedRun {
  return snapshot(history, () => {
    const found = runRow(history, run)
    const { tags, ...marks } = marksOf(history, run)
    return { run, name: found.name, state: stateNow(history, found), tags: [...tags], ...marks }
  })
}

function putMarks(history: History, run: RunId, wanted: Partial<Marks>): void {
  const { tags, notes, pinned, trashed } = { ...marksOf(history, run), ...wanted }
  const values = { run, tags: JSON.stringify(tags), notes, pinned: Number(pinned), trashed }
  const text = `INSERT INTO run_marks (run, tags, notes, pinned, trashed)
     VALUES (:run, :tags, :notes, :pinned, :trashed)
     ON CONFLICT (run) DO UPDATE SET tags = :tags, notes = :notes, pinned = :pinned, trashed = :trashed`
  change(history, text, values)
}

/** Of each run, all or none. Throws run-missing. */
export function markRuns(history: History, runs: readonly RunId[], wanted: (before: Marks) => Partial<Marks>): void {
  transaction(history, () => {
    for (const run of runs) {
      runRow(history, run)
      putMarks(history, run, wanted(marksOf(history, run)))
    }
  })
}

/** The tags of each with some more and without others, in alphabetical order. */
export function tagRuns(
  history: History,
  runs: readonly RunId[],
  add: readonly string[],
  remove: readonly string[],
): void {
  const away = new Set(remove)
  markRuns(history, runs, ({ tags }) => ({
    tags: [...new Set([...tags, ...add])]
      .filter((tag) => !away.has(tag))
      .sort()
      .slice(0, mostTags),
  }))
}

export function renameRun(history: History, run: RunId, name: string): void {
  transaction(history, () => {
    runRow(history, run)
    change(history, 'UPDATE runs SET name = :name WHERE run = :run', { run, name })
  })
}

/** Those at work, or whose turn is to come, stay. */
export function trashRuns(history: History, runs: readonly RunId[], now: Date): { done: RunId[]; refused: Refused[] } {
  return transaction(history, () => {
    const refused = runs.flatMap((run) => refusalOf(history, run))
    const done = runs.filter((run) => !refused.some((one) => one.run === run))
    markRuns(history, done, () => ({ trashed: now.toISOString() }))
    return { done, refused }
  })
}

function refusalOf(history: History, run: RunId): Refused[] {
  const state = stateNow(history, runRow(history, run))
  if (state === 'running') return [{ run, why: 'it is at work; stop or cancel it first' }]
  return state === 'waiting' || state === 'paused' ? [{ run, why: 'it is in the queue; cancel it first' }] : []
}

export function restoreRuns(history: History, runs: readonly RunId[]): void {
  markRuns(history, runs, () => ({ trashed: null }))
}

const inTrash = 'SELECT run FROM run_marks WHERE trashed IS NOT NULL'

/** bytes: of what would be taken away, about. */
export function trashOf(history: History): Trash {
  const sizes = [
    'SELECT total(length(config) + coalesce(length(blocks), 0)) AS bytes FROM runs',
    'SELECT total(length(coefficients) + length(losses) + length(tasks)) AS bytes FROM epochs',
    'SELECT total(length(coefficients) + length(losses)) AS bytes FROM stages',
  ]
  return snapshot(history, () => ({
    runs: row<{ runs: number }>(history, `SELECT count(*) AS runs FROM (${inTrash})`)?.runs ?? 0,
    ofStudies:
      row<{ runs: number }>(history, `SELECT count(DISTINCT run) AS runs FROM study_runs WHERE run IN (${inTrash})`)
        ?.runs ?? 0,
    bytes: sizes
      .map((text) => row<{ bytes: number }>(history, `${text} WHERE run IN (${inTrash})`)?.bytes ?? 0)
      .reduce((sum, bytes) => sum + bytes, 0),
  }))
}

/** Gives those that are gone for good; those at work, or whose turn is to come, stay. */
export function emptyTrash(history: History): RunId[] {
  return transaction(history, () => {
    const all = rows<{ run: RunId }>(history, inTrash).map(({ run }) => run)
    const gone = all.filter((run) => mayGo(history, run))
    for (const run of gone) change(history, 'DELETE FROM runs WHERE run = :run', { run })
    return gone
  })
}

/** A damaged one may, too. */
function mayGo(history: History, run: RunId): boolean {
  try {
    return refusalOf(history, run).length === 0
  } catch (thrown) {
    damageIn(thrown)
    return !history.lives(run)
  }
}
