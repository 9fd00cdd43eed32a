// Opening the history. The writer takes the folder's lock, checks the file, migrates, sets a damaged one aside (by
// rename: nothing is ever deleted) and marks runs nobody works on any more as interrupted. A reader opens the same file
// read-only beside the writer, or a copy of it where the folder is read-only. WAL with synchronous=FULL: what is
// committed stays, through a loss of power too (better-sqlite3's own default of NORMAL does not promise that).

import { existsSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'

import Database from 'better-sqlite3'

import type { RunId } from '../contract/branded.ts'
import { BasilError, type ErrorRecord } from '../contract/errors.ts'
import { listBackups } from './backups.ts'
import { keepChecksums, knowChecksums, sound, sparing } from './checksums.ts'
import { migrate, migrations, versionOf } from './migrate.ts'
import { fileOf, moveAside, stampOf } from './names.ts'
import { copied, isReadOnly } from './read-only.ts'
import { countRows } from './run-rows.ts'
import { checkedAtOpening, checkIntegrity, checkSchema, checkSize, sizeOf } from './soundness.ts'
import { doubtOf, type History, historyError, isDamage } from './statement.ts'
import { takeWriterLock, writerOf } from './writer-lock.ts'

interface Options {
  steps?: string[] // migrations
  now?: () => Date
  lives?: (run: RunId) => boolean // whether this process works on a run
  tunes?: (tuning: number) => boolean
}

interface Opened {
  db: Database.Database
  interrupted: RunId[]
}

/**
 * Opens the history for writing. Throws folder-busy, history-newer (the file is left untouched), disk-full,
 * target-unwritable.
 */
export async function openHistory(
  folder: string,
  { steps = migrations(), now = () => new Date(), lives = () => true, tunes = () => true }: Options = {},
): Promise<History> {
  const lock = takeWriterLock(folder)
  const file = fileOf(folder)
  const notices: ErrorRecord[] = []
  try {
    const { db, interrupted } = await openSound(file, steps, stampOf(now()), notices)
    const close = (): void => {
      db.close()
      lock.release()
    }
    return { db, file, write: true, notices, interrupted, lives, tunes, close }
  } catch (error) {
    lock.release()
    throw historyError(error, file)
  }
}

/** Opens the history for reading, beside whoever writes. No file yet is an empty history. */
export async function readHistory(folder: string, { steps = migrations(), now }: Options = {}): Promise<History> {
  const file = fileOf(folder)
  const lives = (): boolean => writerOf(folder) !== null // one writer, one run at a time
  const reading = (
    db: Database.Database,
    notices: ErrorRecord[] = [],
    close = (): void => void db.close(),
  ): History => {
    knowChecksums(db)
    return { db, file, write: false, notices, interrupted: [], lives, tunes: lives, close }
  }
  try {
    if (isEmpty(file))
      return reading(await nothing(steps), [noticeOf(file, 'The history is empty', 'its file has no bytes')])
    if (existsSync(file) && isReadOnly(folder)) {
      const { db, close } = await copied(file, async (copy) => {
        rollBack(copy)
        await peek(copy, steps, true)
        return (await open(copy, steps, '')).db
      })
      return reading(db, [], close)
    }
    rollBack(file)
    const version = existsSync(file) ? await peek(file, steps, false) : 0
    if (version === 0) return reading(await nothing(steps))
    if (version < steps.length) (await openHistory(folder, { steps, ...(now ? { now } : {}) })).close()
    return reading(new Database(file, { readonly: true, timeout: 5000 }))
  } catch (error) {
    throw historyError(error, file, false)
  }
}

async function nothing(steps: string[]): Promise<Database.Database> {
  const db = new Database(':memory:')
  knowChecksums(db)
  await migrate(db, steps, '')
  return db
}

async function openSound(file: string, steps: string[], stamp: string, notices: ErrorRecord[]): Promise<Opened> {
  const had = existsSync(file)
  // the last connection to close removes its log
  const isDoubtful = sizeOf(`${file}-wal`) > 0 || existsSync(doubtOf(file))
  try {
    rollBack(file)
    if (isEmpty(file)) throw new BasilError(noticeOf(file, 'The history is empty', 'its file has no bytes'))
    if (had) await peek(file, steps, isDoubtful)
    rmSync(doubtOf(file), { force: true })
    return await open(file, steps, stamp)
  } catch (error) {
    if (!had || !isDamage(error)) throw error
    rmSync(doubtOf(file), { force: true })
    const aside = moveAside(file, stamp)
    const why = error instanceof BasilError ? error.record.why : error instanceof Error ? error.message : String(error)
    notices.push(noticeOf(aside, 'The history was damaged; a new one was begun', why))
    const opened = await open(file, steps, stamp)
    goOnCounting(opened.db, [aside, ...listBackups(dirname(file)).map((backup) => backup.file)])
    return opened
  }
}

/**
 * Takes back what was being written when the power was lost, which nobody can do who may only read. The first opening
 * alone writes by a journal; then there is the log.
 */
function rollBack(file: string): void {
  if (!existsSync(`${file}-journal`)) return
  const db = new Database(file, { timeout: 5000 })
  try {
    db.prepare('SELECT count(*) FROM sqlite_schema').get()
  } finally {
    db.close()
  }
}

/**
 * Read-only: a connection that may write also checkpoints, and a damaged file or one of a newer Basil must stay as it
 * is.
 */
async function peek(file: string, steps: string[], isDoubtful: boolean): Promise<number> {
  const db = new Database(file, { readonly: true, timeout: 5000 })
  try {
    const version = versionOf(db, steps.length)
    checkSize(db)
    if (isDoubtful || sizeOf(file) <= checkedAtOpening) checkIntegrity(db)
    if (version > 0) {
      const like = await nothing(steps.slice(0, version))
      checkSchema(db, like)
      like.close()
    }
    return version
  } finally {
    db.close()
  }
}

async function open(file: string, steps: string[], stamp: string): Promise<Opened> {
  const db = new Database(file, { timeout: 5000 })
  try {
    const mode = db.pragma('journal_mode = WAL', { simple: true })
    db.pragma('synchronous = FULL')
    db.pragma('foreign_keys = ON')
    if (mode !== 'wal' || db.pragma('synchronous', { simple: true }) !== 2)
      throw new Error('SQLite did not take WAL with synchronous=FULL')
    knowChecksums(db)
    await migrate(db, steps, stamp)
    keepChecksums(db)
    countRows(db)
    return { db, interrupted: markInterrupted(db) }
  } catch (error) {
    db.close()
    throw error
  }
}

/** What happened, and what there is to bring runs back from. */
function noticeOf(where: string, what: string, why: string): ErrorRecord {
  const [newest, ...older] = listBackups(dirname(where))
  const backups = newest
    ? `the ${older.length > 0 ? `newest of ${older.length + 1} backups` : 'one backup'} (${newest.made.slice(0, 16).replace('T', ' ')})`
    : 'there is no backup'
  const offered = `brings back the runs that can be read${newest ? `, and those of ${backups}` : `; ${backups}`}`
  return {
    ...{ code: 'history-damaged', what, where, why },
    next: `nothing was deleted; "basil history salvage" ${offered}`,
    inWindow: `nothing was deleted; the button "Bring back what can be read" ${offered}`,
  }
}

/** A number is never used twice, not even where the runs that had it can no longer be read. */
function goOnCounting(db: Database.Database, files: string[]): void {
  for (const file of files)
    for (const { name, seq } of sequencesOf(file)) {
      db.prepare('DELETE FROM sqlite_sequence WHERE name = :name AND seq < :seq').run({ name, seq })
      db.prepare(
        'INSERT INTO sqlite_sequence (name, seq) SELECT :name, :seq WHERE :name NOT IN (SELECT name FROM sqlite_sequence)',
      ).run({
        name,
        seq,
      })
    }
}

function sequencesOf(file: string): { name: string; seq: number }[] {
  let db: Database.Database | undefined
  try {
    db = new Database(file, { readonly: true })
    return db.prepare('SELECT name, seq FROM sqlite_sequence').all() as { name: string; seq: number }[]
  } catch {
    return [] // too damaged, or not SQLite
  } finally {
    db?.close()
  }
}

function markInterrupted(db: Database.Database): RunId[] {
  const text = `SELECT run FROM runs WHERE state = 'running' AND ${sound({ db }, 'runs')} ORDER BY run`
  const { found } = sparing({ db }, () => db.prepare(text).all() as { run: RunId }[])
  for (const { run } of found) db.prepare("UPDATE runs SET state = 'interrupted' WHERE run = ?").run(run)
  const tunings = `SELECT tuning FROM tunings WHERE state = 'running' AND ${sound({ db }, 'tunings')}`
  const tuned = sparing({ db }, () => db.prepare(tunings).all() as { tuning: number }[]).found
  for (const { tuning } of tuned) db.prepare("UPDATE tunings SET state = 'interrupted' WHERE tuning = ?").run(tuning)
  return found.map((r) => r.run)
}

/** A file without a byte, which SQLite takes for a new database, and whose log it then removes. */
function isEmpty(file: string): boolean {
  return existsSync(file) && sizeOf(file) === 0
}

export function sqliteVersion(): string {
  const db = new Database(':memory:')
  const { version } = db.prepare('SELECT sqlite_version() AS version').get() as { version: string }
  db.close()
  return version
}
