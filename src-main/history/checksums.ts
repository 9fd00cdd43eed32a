// A checksum in every row, so that a bit that changed on the disk is found and never shown as a number. These tables
// have one, all there are:
//   runs, parents, stages, epochs, resume, evaluations, run_images   a run and what it came to
//   run_rows                              how many rows of each of them a run has
//   run_marks                             what a person says of a run
//   checkpoints, library, data_sets       files it was made of, with the person's tags and notes
//   model_evaluations, openings           what was measured outside a run, and who opened test data
//   studies, study_runs, cluster_tasks    which runs belong together, and which of them another machine works on
//   tunings, tuning_curve, tuning_looks   fine-tunings
//   jobs                                  the queue of work
// It is CRC-32 over all columns. Damage is no adversary (who can write the file can write its checksum), and a CRC is
// stored in five bytes, costs a microsecond and misses one damaged row of 4e9. It is computed by triggers of the
// writing connection, so that no statement can forget it; the same triggers refuse to change a row that is damaged,
// which would make it look sound. Whoever reads a table says sound() in its WHERE.
import { crc32 } from 'node:zlib'

import type { Database } from 'better-sqlite3'

import { BasilError, type Steps } from '../contract/errors.ts'
import { tablesFromBytes } from './numbers.ts'

interface Rule {
  json?: readonly string[] // columns
  long?: readonly string[] // columns that lists leave out because they are long
}

const rules = {
  checkpoints: {},
  runs: { json: ['config', 'engine', 'blocks', 'images', 'error', 'engines', 'halvings', 'leaks', 'data_wait'] },
  run_marks: { json: ['tags'] },
  parents: {},
  stages: { json: ['vectors'] },
  epochs: { json: ['tasks', 'pareto', 'collapse'], long: ['coefficients'] },
  resume: {},
  evaluations: {},
  run_images: { json: ['manifest'] },
  run_rows: {},
  openings: {},
  model_evaluations: { json: ['error', 'models', 'tasks', 'report'], long: ['report'] },
  studies: { json: ['error', 'definition'] },
  study_runs: { json: ['config'] },
  cluster_tasks: { json: ['error'] },
  jobs: { json: ['error', 'request'] },
  tunings: {
    json: ['error', 'config', 'output', 'plan', 'engines', 'parents', 'notes', 'finished', 'data'],
    long: ['data'],
  },
  tuning_curve: { json: ['steps'] },
  tuning_looks: {},
  library: { json: ['parts', 'error', 'facts', 'tags', 'tensors', 'metadata'], long: ['tensors', 'metadata'] },
  data_sets: { json: ['error', 'facts', 'prepared', 'leaks'] },
} satisfies Record<string, Rule>

export type Table = keyof typeof rules
export const allTables = Object.keys(rules) as Table[]
export const hasLong = (table: Table): boolean => ruleOf(table).long !== undefined
const ruleOf = (table: Table): Rule => rules[table]

/** What one checksum is over. */
interface Part {
  name: string // the table's, or of its long columns "TABLE long"
  checksum: string // the column that holds it
  columns: string[] // keys first
  keys: string[]
}

interface Connection {
  parts: Map<string, Part>
  sparing: BasilError[] | null // null: a damaged row is an error
}

const connections = new WeakMap<Database, Connection>()

/** Gives a connection the functions that sound() and the triggers call. */
export function knowChecksums(db: Database): void {
  const connection: Connection = { parts: new Map(), sparing: null }
  connections.set(db, connection)
  db.function('basil_checksum', { varargs: true }, (...values: unknown[]) => checksumOf(values))
  db.function('basil_tables', (bytes: unknown) => Number(bytes === null || isTables(bytes)))
  db.function('basil_sound', { varargs: true }, (name: unknown, checksum: unknown, ...values: unknown[]) => {
    if (checksum === checksumOf(values)) return 1
    const damaged = damagedRow(connection.parts.get(String(name)), values)
    if (!connection.sparing) throw damaged
    connection.sparing.push(damaged)
    return 0
  })
}

/**
 * Columns in the table's order; numbers by their value, blobs by length and CRC. NULLs at the end count for nothing, so
 * that a column which a later version adds leaves the checksums of older rows as they are.
 */
function checksumOf(values: readonly unknown[]): number {
  const given = values.slice(0, values.findLastIndex((value) => value !== null) + 1)
  return crc32(JSON.stringify(given.map(canonical)))
}

function canonical(value: unknown): unknown {
  if (value instanceof Uint8Array) return [value.byteLength, crc32(value)]
  return typeof value === 'number' && !Number.isFinite(value) ? [String(value)] : value
}

/**
 * SQL that is true for a sound row. Of a damaged one it throws history-damaged with the row's name, or, while
 * sparing(), leaves it out.
 */
export function sound(
  { db }: { db: Database },
  table: Table,
  { as = table, long = false }: { as?: string; long?: boolean } = {},
): string {
  const { name, checksum, columns } = partOf(db, table, long)
  return `basil_sound('${name}', ${[checksum, ...columns].map((column) => `${as}.${column}`).join(', ')})`
}

/** Runs a question that leaves damaged rows out, and says which they were, also to a question around it. */
export function sparing<T>({ db }: { db: Database }, read: () => T): { found: T; damaged: BasilError[] } {
  const connection = connectionOf(db)
  const damaged: BasilError[] = []
  const before = connection.sparing
  connection.sparing = damaged
  try {
    return { found: read(), damaged }
  } finally {
    connection.sparing = before
    before?.push(...damaged)
  }
}

/** From now on this connection writes every row with its checksum, and changes none that is damaged. */
export function keepChecksums(db: Database): void {
  db.pragma('temp_store = MEMORY') // where its triggers are; they must not need a disk that may be full
  for (const table of allTables) {
    const parts = partsOf(db, table)
    const values = (of: Part[], row: 'NEW' | 'OLD'): string =>
      of
        .map(({ checksum, columns }) => `${checksum} = basil_checksum(${columns.map((c) => `${row}.${c}`).join(', ')})`)
        .join(', ')
    const put = (of: Part[]): string => `BEGIN UPDATE ${table} SET ${values(of, 'NEW')} WHERE rowid = NEW.rowid; END`
    db.exec(`CREATE TEMP TRIGGER ${table}_written AFTER INSERT ON main.${table} ${put(parts)}`)
    for (const part of parts) {
      const change = `UPDATE OF ${part.columns.join(', ')} ON main.${table}`
      const isDamaged = `NOT ${sound({ db }, table, { as: 'OLD', long: part !== parts[0] })}`
      db.exec(
        `CREATE TEMP TRIGGER ${part.checksum}_${table}_changing BEFORE ${change} WHEN ${isDamaged} BEGIN SELECT RAISE(ABORT, 'damaged'); END`,
      )
      db.exec(`CREATE TEMP TRIGGER ${part.checksum}_${table}_changed AFTER ${change} ${put([part])}`)
    }
  }
}

/**
 * Of rows of a time without checksums, those that can be parsed get theirs; the others stay without, and so are damaged
 * ones.
 */
export function addChecksums(db: Database): void {
  // a version before them, or before some of the tables, is made to be looked at
  for (const table of allTables.filter((one) => columnsOf(db, one).some(({ name }) => name === 'checksum'))) {
    const parts = partsOf(db, table)
    const values = parts.map(({ checksum, columns }) => {
      const isParsed = columns.flatMap((column) => conditionOf(db, table, column)).join(' AND ') || '1'
      return `${checksum} = coalesce(${checksum}, CASE WHEN ${isParsed} THEN basil_checksum(${columns.join(', ')}) END)`
    })
    db.exec(
      `UPDATE ${table} SET ${values.join(', ')} WHERE ${parts.map(({ checksum }) => `${checksum} IS NULL`).join(' OR ')}`,
    )
  }
}

function conditionOf(db: Database, table: Table, column: string): string[] {
  if (isBlob(db, table, column)) return [`basil_tables(${column})`]
  return isJson(table, column) ? [`(${column} IS NULL OR json_valid(${column}))`] : []
}

/** Reads every row of a table, some thousands at a time. Gives the damaged ones of each. */
export function* damagedRows(db: Database, table: Table): Generator<BasilError[]> {
  const isSound = partsOf(db, table).map((part) => sound({ db }, table, { long: part.name !== table }))
  const { last } = db.prepare(`SELECT coalesce(max(rowid), 0) AS last FROM ${table}`).get() as { last: number }
  const read = db.prepare(`SELECT total(${isSound.join(' + ')}) FROM ${table} NOT INDEXED WHERE rowid BETWEEN ? AND ?`)
  for (let from = 0; from <= last; from += atATime)
    yield sparing({ db }, () => read.get(from, from + atATime - 1)).damaged
}

const atATime = 4096 // rows

function connectionOf(db: Database): Connection {
  const found = connections.get(db)
  if (!found) throw new Error('this connection does not know checksums')
  return found
}

function partsOf(db: Database, table: Table): Part[] {
  return hasLong(table) ? [partOf(db, table, false), partOf(db, table, true)] : [partOf(db, table, false)]
}

function partOf(db: Database, table: Table, long: boolean): Part {
  const { parts } = connectionOf(db)
  const name = long ? `${table} long` : table
  const known = parts.get(name)
  if (known) return known
  const columns = columnsOf(db, table)
  const keys = columns.filter((c) => c.pk > 0).map((c) => c.name)
  const others = columns.filter(
    (c) => c.pk === 0 && !/checksum$/.test(c.name) && (ruleOf(table).long?.includes(c.name) ?? false) === long,
  )
  const made = {
    name,
    checksum: long ? 'long_checksum' : 'checksum',
    columns: [...keys, ...others.map((c) => c.name)],
    keys,
  }
  parts.set(name, made)
  return made
}

export function columnsOf(db: Database, table: Table): { name: string; type: string; pk: number }[] {
  return db.pragma(`table_info(${table})`) as { name: string; type: string; pk: number }[]
}

const isBlob = (db: Database, table: Table, column: string): boolean =>
  columnsOf(db, table).some(({ name, type }) => name === column && type === 'BLOB')

const isJson = (table: Table, column: string): boolean => ruleOf(table).json?.includes(column) ?? false

function isTables(bytes: unknown): boolean {
  try {
    return bytes instanceof Uint8Array && tablesFromBytes(bytes).length >= 0
  } catch {
    return false // RangeError: it claims more numbers than it has
  }
}

function damagedRow(part: Part | undefined, values: readonly unknown[]): BasilError {
  const named = part?.keys.map((key, i) => `${key} ${String(values[i]).slice(0, 80)}`).join(', ')
  return new BasilError({
    code: 'history-damaged',
    what: 'A row of the history is damaged',
    where: `table ${part?.name}, ${named}`,
    why: 'its checksum does not fit what is stored',
    ...damagedSteps,
  })
}

/** What to do where a row is damaged or gone. */
export const damagedSteps: Steps = {
  next: 'take it back from a backup: "Bring back what can be read" on the page Welcome, or "basil history salvage"',
  inWindow: 'take it back from a backup: "Bring back what can be read" on the page Welcome',
}
