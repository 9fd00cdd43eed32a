// Whether a history file is whole: every page that SQLite counts is there in full, and its own check of the structure
// (pages, cells, indexes) finds nothing. Content is not judged here; every row has a checksum for that (checksums.ts).
import { closeSync, existsSync, openSync, readSync, statSync, truncateSync } from 'node:fs'

import type { Database } from 'better-sqlite3'

import { BasilError } from '../contract/errors.ts'
import { whereDamaged } from './statement.ts'

/**
 * Up to this size the structure is checked whenever a history is opened, which takes a second or so; a larger one's
 * each day (see backups.ts).
 */
export const checkedAtOpening = 64 * 2 ** 20 // bytes

/** Throws history-damaged where the file ends too early or too late for its pages, as after a copy that broke off. */
export function checkSize(db: Database): void {
  const look = db.transaction(() => {
    // begins to read: from here on no page moves between file and log
    const pages = Number(db.pragma('page_count', { simple: true }))
    const pageSize = Number(db.pragma('page_size', { simple: true }))
    const { size } = statSync(db.name)
    const isWhole =
      sizeOf(`${db.name}-wal`) > 0
        ? logHoldsWhatIsShort(db.name, pages, pageSize)
        : isAsItsHeaderSays(db.name, pageSize)
    if (!isWhole) throw damaged(db.name, `it has ${size} bytes, which is not ${pages} pages of ${pageSize}`)
  })
  look.deferred()
}

/** Of the whole file, or of one table and its indexes. Throws history-damaged with the first finding. */
export function checkIntegrity(db: Database, table = '1'): void {
  const found = db.pragma(`integrity_check(${table})`, { simple: true })
  if (found !== 'ok') throw damaged(db.name, String(found))
}

/**
 * Throws history-damaged where it lacks tables, columns, indexes or foreign keys of like, a database that was just
 * made.
 */
export function checkSchema(db: Database, like: Database): void {
  const [found, wanted] = [shapeOf(db), shapeOf(like)]
  const missing = wanted.find((line) => !found.includes(line))
  if (missing) throw damaged(db.name, `its schema is not the one of its version; ${missing} is not in it`)
}

/** A line each; not the text of the schema, which is SQLite's to write. */
function shapeOf(db: Database): string[] {
  const tables = `SELECT name AS t FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'`
  return [
    `SELECT t, c.* FROM (${tables}) JOIN pragma_table_xinfo(t) c ORDER BY t, c.cid`,
    `SELECT t, i.name AS i, i."unique", x.* FROM (${tables}) JOIN pragma_index_list(t) i JOIN pragma_index_xinfo(i.name) x ORDER BY i, x.seqno`,
    `SELECT t, k.* FROM (${tables}) JOIN pragma_foreign_key_list(t) k ORDER BY t, k.id, k.seq`,
  ].flatMap((question) =>
    db
      .prepare(question)
      .raw()
      .all()
      .map((line) => JSON.stringify(line)),
  )
}

export function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0
}

/** The file's own count of pages; SQLite believes it only where both change counters agree, and so do we. */
function isAsItsHeaderSays(file: string, pageSize: number): boolean {
  const size = sizeOf(file)
  const header = bytesAt(file, 0, 100)
  const isCurrent = header.readUInt32BE(24) === header.readUInt32BE(92)
  return isCurrent ? header.readUInt32BE(28) * pageSize === size : size % pageSize === 0
}

const longestCut = 2 ** 30 // bytes; a header that asks for more than that is wrong itself

/**
 * Zeros in place of the pages that a file was cut by: SQLite opens none of a file where the first page of any table or
 * index lies beyond its end, and of one of zeros it misses no more than what lay there.
 */
export function lengthen(file: string): void {
  const header = bytesAt(file, 0, 100)
  const pageSize = header.readUInt16BE(16) // 1 would be 65536; the history's are 4096
  const [size, whole] = [sizeOf(file), header.readUInt32BE(28) * pageSize]
  if (size < whole && whole - size <= longestCut) truncateSync(file, whole)
}

/** With a log the file may be short of pages, if they are in the log. */
function logHoldsWhatIsShort(file: string, pages: number, pageSize: number): boolean {
  const log = `${file}-wal`
  const missing = new Set(
    Array.from({ length: Math.max(0, pages - Math.floor(sizeOf(file) / pageSize)) }, (_, i) => pages - i),
  )
  if (missing.size === 0) return true
  const salts = bytesAt(log, 16, 8)
  const frame = 24 + pageSize
  for (let at = 32; at + frame <= sizeOf(log) && missing.size > 0; at += frame) {
    const head = bytesAt(log, at, 16)
    if (!head.subarray(8).equals(salts)) break // frames of an earlier round of the log
    missing.delete(head.readUInt32BE(0))
  }
  return missing.size === 0
}

function bytesAt(file: string, at: number, length: number): Buffer {
  const bytes = Buffer.alloc(length)
  if (!existsSync(file)) return bytes
  const opened = openSync(file, 'r')
  try {
    readSync(opened, bytes, 0, length, at)
    return bytes
  } finally {
    closeSync(opened)
  }
}

function damaged(file: string, why: string): BasilError {
  return new BasilError({
    code: 'history-damaged',
    what: 'The history is damaged',
    where: file,
    why,
    ...whereDamaged,
  })
}
