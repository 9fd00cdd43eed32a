// All rows of a history file as another program reads them, so that two files can be compared row by row.
import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'

import Database from 'better-sqlite3'

export interface Rows {
  version: number
  tables: Record<string, { columns: string[]; rows: string[] }>
}

/** By a copy, as SQLite would leave files beside it. of: these tables and columns only. Checksums are left out. */
export function rowsOf(file: string, of?: Rows): Rows {
  const scratch = mkdtempSync(join(tmpdir(), 'basil-rows-'))
  const copy = join(scratch, 'copy.sqlite')
  for (const suffix of ['', '-wal']) if (existsSync(file + suffix)) copyFileSync(file + suffix, copy + suffix)
  const db = new Database(copy)
  try {
    return rowsIn(db, of)
  } finally {
    db.close()
    rmSync(scratch, { recursive: true })
  }
}

export function rowsIn(db: Database.Database, of?: Rows): Rows {
  const names = db
    .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_stat%' ORDER BY name")
    .pluck()
    .all() as string[]
  const tables: Rows['tables'] = {}
  for (const name of of ? Object.keys(of.tables) : names) {
    const all = (db.pragma(`table_info(${name})`) as { name: string }[]).map((column) => column.name)
    const columns = of?.tables[name]?.columns ?? all.filter((column) => !/checksum$/.test(column)).sort()
    const found = db
      .prepare(`SELECT ${columns.join(', ')} FROM ${name}`)
      .raw()
      .all() as unknown[][]
    const rows = found.map((row) =>
      JSON.stringify(row.map((value) => (Buffer.isBuffer(value) ? value.toString('hex') : value))),
    )
    tables[name] = { columns, rows: rows.sort() }
  }
  return { version: Number(db.pragma('user_version', { simple: true })), tables }
}

/** [rows, CRC-32 of them] of each table. */
export function golden({ tables }: Rows): Record<string, [number, number]> {
  return Object.fromEntries(
    Object.entries(tables).map(([name, { columns, rows }]) => [
      name,
      [rows.length, crc32(JSON.stringify([columns, rows]))],
    ]),
  )
}
