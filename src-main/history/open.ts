// Opening the history. The writer takes the folder's lock, migrates, checks the file after an unclean exit or an error in it, sets a
// damaged one aside (by rename: nothing is ever deleted) and marks runs nobody works on any more as interrupted.
// A reader opens the same file read-only beside the writer. WAL with synchronous=FULL: what is committed stays,
// through a loss of power too (better-sqlite3's own default of NORMAL does not promise that).
import { existsSync, renameSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'

import Database from 'better-sqlite3'

import { BasilError, type ErrorRecord } from '../contract/errors.ts'
import { keepChecksums, knowChecksums, sound, sparing } from './checksums.ts'
import { migrate, migrations, versionOf } from './migrations/migrate.ts'
import { doubtOf, type History, historyError, isDamage } from './statement.ts'
import { takeWriterLock, writerOf } from './writer-lock.ts'

interface Options {
  steps?: string[] // migrations
  now?: () => Date
  lives?: (run: number) => boolean // whether this process works on a run
}

interface Opened {
  db: Database.Database
  interrupted: number[]
}

const fileOf = (folder: string): string => join(folder, 'history.sqlite')

/** Opens the history for writing. Throws folder-busy, history-newer (the file is left untouched), disk-full, target-unwritable. */
export async function openHistory(
  folder: string,
  { steps = migrations(), now = () => new Date(), lives = () => true }: Options = {},
): Promise<History> {
  const lock = takeWriterLock(folder)
  const file = fileOf(folder)
  const stamp = now().toISOString().replaceAll(/[:.]/g, '-')
  const notices: ErrorRecord[] = []
  try {
    const { db, interrupted } = await openSound(file, steps, stamp, notices)
    const close = (): void => {
      db.close()
      lock.release()
    }
    return { db, file, write: true, notices, interrupted, lives, close }
  } catch (error) {
    lock.release()
    throw historyError(error, file)
  }
}

/** Opens the history for reading, beside whoever writes. No file yet is an empty history. */
export async function readHistory(folder: string, { steps = migrations(), now }: Options = {}): Promise<History> {
  const file = fileOf(folder)
  const lives = (): boolean => writerOf(folder) !== null // one writer, one run at a time
  try {
    const version = existsSync(file) ? peek(file, steps.length, false) : 0
    if (version > 0 && version < steps.length) (await openHistory(folder, { steps, ...(now ? { now } : {}) })).close()
    const db = version > 0 ? new Database(file, { readonly: true, timeout: 5000 }) : new Database(':memory:')
    knowChecksums(db)
    if (version === 0) await migrate(db, steps, '')
    return { db, file, write: false, notices: [], interrupted: [], lives, close: () => db.close() }
  } catch (error) {
    throw historyError(error, file)
  }
}

async function openSound(file: string, steps: string[], stamp: string, notices: ErrorRecord[]): Promise<Opened> {
  const had = existsSync(file)
  const isDoubtful = sizeOf(`${file}-wal`) > 0 || existsSync(doubtOf(file)) // the last connection to close removes its log
  try {
    if (had) peek(file, steps.length, isDoubtful)
    rmSync(doubtOf(file), { force: true })
    return await open(file, steps, stamp)
  } catch (error) {
    if (!had || !isDamage(error)) throw error
    notices.push(setAside(file, stamp, error))
    return open(file, steps, stamp)
  }
}

/** Read-only: a connection that may write also checkpoints, and a damaged file or one of a newer Basil must stay as it is. */
function peek(file: string, known: number, check: boolean): number {
  const db = new Database(file, { readonly: true, timeout: 5000 })
  try {
    const version = versionOf(db, known)
    if (check) checkIntegrity(db)
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
    if (mode !== 'wal' || db.pragma('synchronous', { simple: true }) !== 2) throw new Error('SQLite did not take WAL with synchronous=FULL')
    knowChecksums(db)
    await migrate(db, steps, stamp)
    keepChecksums(db)
    return { db, interrupted: markInterrupted(db) }
  } catch (error) {
    db.close()
    throw error
  }
}

/** Throws history-damaged with the first finding. */
export function checkIntegrity(db: Database.Database): void {
  const found = db.pragma('integrity_check(1)', { simple: true })
  if (found === 'ok') return
  throw new BasilError({
    code: 'history-damaged',
    what: 'The history is damaged',
    where: db.name,
    why: String(found),
    next: 'start Basil again: it sets the file aside, untouched',
  })
}

function setAside(file: string, stamp: string, error: unknown): ErrorRecord {
  const aside = file.replace(/\.sqlite$/, `-damaged-${stamp}.sqlite`)
  rmSync(doubtOf(file), { force: true })
  for (const suffix of ['-wal', '-shm', '']) if (existsSync(file + suffix)) renameSync(file + suffix, aside + suffix)
  return {
    code: 'history-damaged',
    what: 'The history was damaged; a new one was begun',
    where: aside,
    why: error instanceof BasilError ? error.record.why : error instanceof Error ? error.message : String(error),
    next: 'the damaged file is kept as it was; copies made before changes of form are in "backups" beside it',
  }
}

function markInterrupted(db: Database.Database): number[] {
  const text = `SELECT run FROM runs WHERE state = 'running' AND ${sound({ db }, 'runs')} ORDER BY run`
  const { found } = sparing({ db }, () => db.prepare(text).all() as { run: number }[])
  for (const { run } of found) db.prepare("UPDATE runs SET state = 'interrupted' WHERE run = ?").run(run)
  return found.map((r) => r.run)
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0
}

export function sqliteVersion(): string {
  const db = new Database(':memory:')
  const { version } = db.prepare('SELECT sqlite_version() AS version').get() as { version: string }
  db.close()
  return version
}
