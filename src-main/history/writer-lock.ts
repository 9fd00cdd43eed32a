// One writer a data folder. The lock is an open transaction on a small SQLite file, so the system drops it with the
// process, however that ends; the row beside it says who holds it, and can be read while it is held.
// Readers need no lock: they ask with writerOf() and read the history's last committed state.
import { existsSync, rmSync, truncateSync } from 'node:fs'
import { basename, join } from 'node:path'

import Database from 'better-sqlite3'

import { BasilError } from '../contract/errors.ts'
import { isReadOnly } from './read-only.ts'
import { historyError, isBusy, isDamage } from './statement.ts'

export interface Writer {
  pid: number
  what: string // program and command
}

export interface WriterLock {
  release(): void
}

const fileOf = (folder: string): string => join(folder, 'writer.lock')

/** Throws folder-busy naming the process that writes. */
export function takeWriterLock(folder: string): WriterLock {
  const file = fileOf(folder)
  try {
    return lockOn(folder, file)
  } catch (error) {
    if (!isDamage(error)) throw error
    truncateSync(file, 0) // a loss of power leaves it in pieces, as nobody waited for it to be on the disk
    rmSync(`${file}-journal`, { force: true })
    return lockOn(folder, file)
  }
}

function lockOn(folder: string, file: string): WriterLock {
  let db: Database.Database | undefined
  try {
    db = new Database(file, { timeout: 500 })
    db.pragma('synchronous = OFF') // nothing in it outlives the process
    const me: Writer = {
      pid: process.pid,
      what:
        process.argv
          .slice(1, 3)
          .map((part) => basename(part))
          .join(' ') || 'Basil',
    }
    while (!holds(db, me)) write(db, me) // between the commit and the next begin another may have come and gone
  } catch (error) {
    const holder = isBusy(error) && db ? read(db) : null
    db?.close()
    throw isBusy(error) ? busy(folder, holder) : historyError(error, file)
  }
  const held = db
  return { release: () => held.close() }
}

/** The process that writes to this folder now, or null. */
export function writerOf(folder: string): Writer | null {
  const file = fileOf(folder)
  if (!existsSync(file)) return null
  const db = new Database(file, { timeout: 0 })
  try {
    db.exec('BEGIN IMMEDIATE')
    return null
  } catch (error) {
    if (isReadOnly(folder) || isDamage(error)) return null // nobody here can; nobody holds pieces
    if (!isBusy(error)) throw historyError(error, file)
    return read(db) ?? { pid: 0, what: 'a process that is just starting' }
  } finally {
    db.close()
  }
}

function write(db: Database.Database, me: Writer): void {
  db.exec('CREATE TABLE IF NOT EXISTS holder (pid INTEGER, what TEXT); DELETE FROM holder')
  db.prepare('INSERT INTO holder (pid, what) VALUES (?, ?)').run(me.pid, me.what)
  db.exec('COMMIT')
}

function holds(db: Database.Database, me: Writer): boolean {
  db.exec('BEGIN IMMEDIATE')
  return read(db)?.pid === me.pid
}

function read(db: Database.Database): Writer | null {
  try {
    return (db.prepare('SELECT pid, what FROM holder').get() as Writer | undefined) ?? null
  } catch {
    return null // no table yet
  }
}

function busy(folder: string, holder: Writer | null): BasilError {
  return new BasilError({
    code: 'folder-busy',
    what: 'Another Basil writes to this data folder',
    where: folder,
    why: holder ? `process ${holder.pid} (${holder.what}) holds it` : 'another process holds it',
    next: 'close that one, or set BASIL_HOME to another folder',
  })
}
