// All runs in memory, as far as lists ask for them: one narrow row each, of a connection's own, made at the first
// question and kept up by triggers, so that any order of ten thousand runs costs milliseconds and no index on the disk.
// What another process writes is seen by the file's data version. Rows are not checked here: those that are shown are.
import type { Database } from 'better-sqlite3'

import { dayOf, folded } from '../../contract/run/query/fields.ts'
import { change, type History, row } from '../statement.ts'

interface Kept {
  version: number // another where a row is
  file: number // SQLite's data version of what others wrote
}

const kept = new WeakMap<Database, Kept>()

const tables = `
  CREATE TEMP TABLE listed_runs (run INTEGER PRIMARY KEY, name TEXT, method TEXT, objective TEXT, state TEXT,
    seed INTEGER, created TEXT, day TEXT, seconds REAL, iterations INTEGER, accuracy REAL, relative REAL, base TEXT,
    linearised INTEGER, study INTEGER, tags TEXT, notes TEXT, pinned INTEGER, trashed INTEGER, words TEXT);
  CREATE TEMP TABLE stale_runs (run INTEGER PRIMARY KEY);`

const marked = (rows: string): string =>
  `INSERT INTO stale_runs SELECT run FROM (${rows}) WHERE run IS NOT NULL AND run NOT IN (SELECT run FROM stale_runs)`

const triggers = ['runs', 'run_marks', 'study_runs'].flatMap((table) =>
  [
    ['INSERT', 'SELECT NEW.run AS run'],
    ['UPDATE', 'SELECT OLD.run AS run UNION SELECT NEW.run'],
    ['DELETE', 'SELECT OLD.run AS run'],
  ].map(
    ([event, rows = '']) =>
      `CREATE TEMP TRIGGER ${table}_listed_${event} AFTER ${event} ON main.${table} BEGIN ${marked(rows)}; END`,
  ),
)

const isLinearised = "coalesce(json_extract(c.config, '$.linearised'), 'no') <> 'no'"
const fill = `
  INSERT INTO listed_runs SELECT r.run, basil_folded(r.name), r.method, r.objective, r.state, r.seed, r.created,
    basil_day(r.created), r.seconds, CASE WHEN r.iterations_planned > 0 THEN r.iterations_done END, r.accuracy,
    r.relative_accuracy, coalesce(json_extract(c.config, '$.pretrained'), ''), ${isLinearised},
    (SELECT max(s.study) FROM study_runs s WHERE s.run = r.run), coalesce(m.tags, '[]'), coalesce(m.notes, ''),
    coalesce(m.pinned, 0), m.trashed IS NOT NULL,
    basil_words(r.name, r.method, ${isLinearised}, r.objective, coalesce(m.tags, '[]'), coalesce(m.notes, ''))
  FROM stale_runs
  CROSS JOIN (SELECT run, CASE WHEN json_valid(config) THEN config ELSE '{}' END AS config FROM runs) c USING (run)
  JOIN runs r USING (run)
  LEFT JOIN (SELECT * FROM run_marks WHERE json_valid(tags)) m USING (run)`

/** Gives a number that stays as long as the rows do. Not to be called for the first time in a transaction. */
export function freshTable(history: History): number {
  const { db } = history
  const state = kept.get(db) ?? begin(db)
  const file = Number(db.pragma('data_version', { simple: true }))
  if (file !== state.file) {
    change(history, 'DELETE FROM stale_runs', {})
    change(history, 'INSERT INTO stale_runs SELECT run FROM runs UNION SELECT run FROM listed_runs', {})
    state.file = file
  }
  if (row(history, 'SELECT 1 FROM stale_runs LIMIT 1') !== undefined) {
    change(history, 'DELETE FROM listed_runs WHERE run IN (SELECT run FROM stale_runs)', {})
    change(history, fill, {})
    change(history, 'DELETE FROM stale_runs', {})
    state.version++
  }
  return state.version
}

function begin(db: Database): Kept {
  if (db.pragma('temp_store', { simple: true }) !== 2) db.pragma('temp_store = MEMORY')
  db.function('basil_folded', { deterministic: true }, (text: unknown) => folded(String(text)))
  db.function('basil_day', { deterministic: true }, (created: unknown) => dayOf(String(created)))
  db.function('basil_words', { varargs: true, deterministic: true }, (...of: unknown[]) => wordsOf(of.map(String)))
  db.exec(tables)
  for (const trigger of triggers) db.exec(trigger)
  const state = { version: 0, file: -1 }
  kept.set(db, state)
  return state
}

/** What words are looked for in, a line each. */
function wordsOf([name = '', method = '', linearised, objective = '', tags = '[]', notes = '']: string[]): string {
  const all = [
    name,
    method,
    linearised === '1' ? 'linearised' : '',
    objective,
    ...(JSON.parse(tags) as string[]),
    notes,
  ]
  return folded(all.map((text) => text.replace(/\s/g, ' ')).join('\n'))
}
