// How the tables' files talk to SQLite: the last few hundred prepared, one transaction a change, and
// SQLite's own errors turned into ours. This room is the only one that knows the library.

import { statfsSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'

import type { Database, Statement } from 'better-sqlite3'

import type { RunId } from '../contract/branded.ts'
import { BasilError, type ErrorRecord, type Steps } from '../contract/errors.ts'
import { sparing } from './checksums.ts'

/** An open history. write: this process is the data folder's one writer. */
export interface History {
  readonly db: Database
  readonly file: string
  readonly write: boolean
  readonly notices: ErrorRecord[] // what was found and done at opening, and rows found damaged since
  readonly interrupted: RunId[] // runs found unfinished at opening
  /** Whether somebody works on a run now; only then is a row that says so running. */
  lives(run: RunId): boolean
  /** The same of a fine-tuning. */
  tunes(tuning: number): boolean
  close(): void
}

type Value = string | number | bigint | Uint8Array | null
type Row = Record<string, Value>

const prepared = new WeakMap<Database, Map<string, Statement>>()

function statement(db: Database, text: string): Statement {
  const known = prepared.get(db) ?? new Map<string, Statement>()
  prepared.set(db, known)
  const found = known.get(text) ?? db.prepare(text)
  known.delete(text) // the newest is the last
  known.set(text, found)
  const [oldest] = known.keys()
  if (known.size > mostPrepared && oldest !== undefined) known.delete(oldest)
  return found
}

const mostPrepared = 300 // a person's search is a text of its own, and takes 20 kB

/** Runs a statement that changes rows. */
export function change(history: History, text: string, values: Row): void {
  guarded(history, () => statement(history.db, text).run(values))
}

/** All rows; the caller names their shape, which the schema's STRICT tables vouch for. */
export function rows<Shape>(history: History, text: string, values: Row = {}): Shape[] {
  return guarded(history, () => statement(history.db, text).all(values)) as Shape[]
}

/**
 * The first row. A change that gives one back is a transaction of its own where it is not in one: get() takes one step,
 * and would not hear that the commit behind it failed.
 */
export function row<Shape>(history: History, text: string, values: Row = {}): Shape | undefined {
  return guarded(history, () => {
    const asked = statement(history.db, text)
    const first = (): unknown => asked.get(values)
    return asked.readonly || history.db.inTransaction ? first() : history.db.transaction(first).immediate()
  }) as Shape | undefined
}

/** All or nothing, and on disk (synchronous=FULL) when this returns. */
export function transaction<T>(history: History, work: () => T): T {
  return guarded(history, () => history.db.transaction(work).immediate())
}

/**
 * For what can be found out again: kept when this process ends, but not waited for until it is on the disk, which may
 * take its time.
 */
export function recoverable<T>(history: History, work: () => T): T {
  if (history.db.inTransaction) return transaction(history, work) // of which it is a part
  history.db.pragma('synchronous = NORMAL')
  try {
    return transaction(history, work)
  } finally {
    history.db.pragma('synchronous = FULL') // the next ordinary commit takes these along
  }
}

/** Reads that belong together see one state, whatever another process writes meanwhile. */
export function snapshot<T>(history: History, work: () => T): T {
  return history.db.inTransaction ? work() : guarded(history, () => history.db.transaction(work).deferred())
}

/** A question whose damaged rows are left out of the answer, and told among the history's notices. */
export function soundOnly<T>(history: History, read: () => T): T {
  const { found, damaged } = sparing(history, read)
  for (const { record } of damaged) tellDamage(history, record)
  return found
}

/** Once each. */
export function tellDamage({ notices, file }: History, record: ErrorRecord): void {
  if (!notices.some(({ where }) => where === record.where)) notices.push(record)
  doubt(file)
}

/** Whether all of the log went into the file; not where somebody else reads now. */
export function emptyLog(history: History): boolean {
  const found = guarded(history, () => history.db.pragma('wal_checkpoint(TRUNCATE)')) as { busy: number }[]
  return found[0]?.busy === 0
}

function guarded<T>(history: History, work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (isDamage(error)) doubt(history.file)
    throw historyError(error, history.file, history.write)
  }
}

/** A file beside the history that asks whoever opens it next to check all of it. */
export const doubtOf = (file: string): string => `${file}-check`

export function doubt(file: string): void {
  try {
    writeFileSync(doubtOf(file), '')
  } catch {
    // A disk that takes nothing: the damage will be met again.
  }
}

/** Whether the file itself is broken, rather than the disk, the rights or our own statement. */
export function isDamage(error: unknown): boolean {
  return (
    /^SQLITE_(CORRUPT|NOTADB|FORMAT)/.test(codeOf(error)) ||
    (error instanceof BasilError && error.record.code === 'history-damaged')
  )
}

/** What is damaged, of an error that says so; any other is thrown on. */
export function damageIn(thrown: unknown): ErrorRecord {
  if (thrown instanceof BasilError && isDamage(thrown)) return thrown.record
  throw thrown
}

export function isBusy(error: unknown): boolean {
  return codeOf(error).startsWith('SQLITE_BUSY')
}

/** What to do with a file that is broken. */
export const whereDamaged: Steps = {
  next: 'start Basil for writing (its window, or "basil history salvage"): it sets the file aside, untouched, and brings back what can be read',
  inWindow: 'start Basil anew: it sets the file aside, untouched, and brings back what can be read',
}

/** write: whether it was met by who may write. */
export function historyError(error: unknown, file: string, write = true): unknown {
  if (error instanceof BasilError) return error
  const code = codeOf(error)
  const said = error instanceof Error ? error.message : String(error)
  const why = code.startsWith('SQLITE_IOERR') ? `${said} (${code})` : said
  const record = (found: Omit<ErrorRecord, 'where' | 'why'>): BasilError =>
    new BasilError({ ...found, where: file, why }, { cause: error })
  if (isDamage(error))
    return record({
      code: 'history-damaged',
      what: 'The history is damaged',
      ...whereDamaged,
    })
  if (/^(SQLITE_FULL|ENOSPC|EDQUOT)$/.test(code) || (/^SQLITE_(IOERR|CANTOPEN)/.test(code) && isFull(file)))
    return record({ code: 'disk-full', what: 'The disk is full', next: 'free some space, then try again' })
  if (isBusy(error))
    return record({ code: 'folder-busy', what: 'The history is in use', next: 'wait a moment and try again' })
  if (/^SQLITE_(READONLY|CANTOPEN|IOERR|PERM)|^(EIO|EROFS|EACCES|EPERM)$/.test(code))
    return write
      ? record({ code: 'target-unwritable', what: 'The history cannot be written', next: `${look}, then try again` })
      : record({ code: 'file-unreadable', what: 'The history cannot be read', next: `${look}, then try again` })
  return error
}

const look = 'check the disk, the room on it and the rights of the data folder'

/**
 * SQLite calls a disk that is full at its very first write an I/O error, and so one that says it only when what was
 * written is synced, as network disks and quotas may: that is known only where there is still no room.
 */
function isFull(file: string): boolean {
  try {
    const { bavail, bsize } = statfsSync(dirname(file))
    return bavail * bsize < leastFree
  } catch {
    return false
  }
}

const leastFree = 64 * 1024 // bytes: a few pages, and what a file system keeps to itself

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}
