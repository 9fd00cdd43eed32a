// How many rows hang on a run: one row a run with a count of each kind, so that rows which are gone, as by pages that
// changed their places, are missed though all that are left are sound. Triggers of the writing connection count, in the
// transaction of the row itself, so that no statement can forget it.
import type { Database } from 'better-sqlite3'

import type { RunId } from '../contract/branded.ts'
import { BasilError } from '../contract/errors.ts'
import { columnsOf, damagedSteps, sound, type Table } from './checksums.ts'
import { type History, row } from './statement.ts'

/** Tables whose rows are counted. */
export const countedTables = [
  'parents',
  'stages',
  'epochs',
  'resume',
  'evaluations',
  'run_images',
  'openings',
] as const satisfies Table[]
type Counted = (typeof countedTables)[number]

/** From now on this connection counts what it writes. */
export function countRows(db: Database): void {
  db.exec(
    'CREATE TEMP TRIGGER run_counted AFTER INSERT ON main.runs BEGIN INSERT OR REPLACE INTO run_rows (run) VALUES (NEW.run); END',
  )
  for (const table of countedTables) {
    const keys = columnsOf(db, table).filter(({ pk }) => pk > 0)
    const same = keys.map(({ name }) => `${name} = NEW.${name}`).join(' AND ')
    const isNew = `NEW.run IS NOT NULL AND NOT EXISTS (SELECT 1 FROM ${table} WHERE ${same})` // else it takes a row's place
    const isLeft = 'EXISTS (SELECT 1 FROM runs WHERE run = OLD.run)' // else the run itself goes, with its counts
    const counted = (by: string, run: string): string =>
      `BEGIN UPDATE run_rows SET ${table} = ${table} ${by} WHERE run = ${run}; END`
    db.exec(
      `CREATE TEMP TRIGGER ${table}_counted BEFORE INSERT ON main.${table} WHEN ${isNew} ${counted('+ 1', 'NEW.run')}`,
    )
    db.exec(
      `CREATE TEMP TRIGGER ${table}_uncounted AFTER DELETE ON main.${table} WHEN ${isLeft} ${counted('- 1', 'OLD.run')}`,
    )
  }
}

/**
 * Of each table of which a run has not as many rows as were written, what to tell; every run has its counts, and one
 * whose counts are gone may have lost anything.
 */
export function missingRows(history: History, run: RunId): BasilError[] {
  // by a column that no index holds: an index may still name a row that its table has no more
  const now = (table: Counted): string =>
    `(SELECT count(coalesce(checksum, 0)) FROM ${table} WHERE run = k.run) AS ${table}_now`
  const counts = countedTables.map(now)
  const text = `SELECT k.*, ${counts.join(', ')} FROM run_rows k
    WHERE run = :run AND ${sound(history, 'run_rows', { as: 'k' })}`
  const found = row<Record<Counted | `${Counted}_now`, number>>(history, text, { run })
  if (!found) return [withoutCounts(run)]
  return countedTables
    .filter((table) => found[`${table}_now`] !== found[table])
    .map(
      (table) =>
        new BasilError({
          code: 'history-damaged',
          what: 'Rows of the history are missing',
          where: `table ${table}, run ${run}`,
          why: `there are ${found[`${table}_now`]}, and ${found[table]} were written`,
          ...damagedSteps,
        }),
    )
}

function withoutCounts(run: RunId): BasilError {
  return new BasilError({
    code: 'history-damaged',
    what: 'Rows of the history are missing',
    where: `table run_rows, run ${run}`,
    why: 'how many rows the run has is not known any more',
    ...damagedSteps,
  })
}
