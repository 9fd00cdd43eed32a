// Steps that fail as a disk does that is full or broken: SQLite's statements that begin, change, commit, migrate and
// copy, by better-sqlite3's prototypes, and the operations of writeAtomic's disk.
import Database from 'better-sqlite3'

import { disk, type OpenFile } from '../../src-main/files/write-atomic.ts'
import type { Faults } from './durable-steps.ts'

const memory = new Database(':memory:')
const statements = Object.getPrototypeOf(memory.prepare('SELECT 1')) as Database.Statement
memory.close()

const durable = /^\s*(BEGIN IMMEDIATE|COMMIT|INSERT|UPDATE|DELETE|ALTER|CREATE (?!TEMP)|--)/i
const inMemory = /\b(listed_runs|stale_runs)\b/ // temporary tables
const told = /^(journal_mode|user_version|application_id) =|^wal_checkpoint/

/** restore() puts everything back as it was. */
export function failingSteps(): Faults & { restore(): void } {
  let [count, at, isForGood, isFull] = [0, 0, false, false]
  const fails = (): boolean => {
    count++
    return at > 0 && (isForGood ? count >= at : count === at)
  }
  const step = (db: Database.Database): void => {
    if (!db.name.endsWith('.sqlite') || !fails()) return
    const [code, message] = isFull
      ? ['SQLITE_FULL', 'database or disk is full']
      : ['SQLITE_IOERR_WRITE', 'disk I/O error']
    throw new Database.SqliteError(message, code)
  }
  const onDisk =
    <A extends unknown[], T>(act: (...args: A) => Promise<T>) =>
    async (...args: A): Promise<T> => {
      const code = isFull ? 'ENOSPC' : 'EIO'
      if (fails()) throw Object.assign(new Error(`${code}: injected`), { code })
      return act(...args)
    }
  const file = (opened: OpenFile): OpenFile => ({
    write: onDisk(opened.write),
    sync: onDisk(opened.sync),
    close: opened.close,
  })

  const { run, get, all } = statements
  const { exec, pragma, backup } = Database.prototype
  const changes = ({ source }: Database.Statement): boolean => durable.test(source) && !inMemory.test(source)
  for (const [name, own] of Object.entries({ run, get, all }))
    Object.defineProperty(statements, name, {
      configurable: true,
      writable: true,
      value(this: Database.Statement, ...values: unknown[]) {
        if (changes(this)) step(this.database)
        return own.apply(this, values)
      },
    })
  Database.prototype.exec = function (this: Database.Database, sql: string) {
    if (durable.test(sql) && !inMemory.test(sql)) step(this)
    return exec.call(this, sql)
  }
  Database.prototype.pragma = function (this: Database.Database, source: string, options?: Database.PragmaOptions) {
    if (told.test(source)) step(this)
    return pragma.call(this, source, options)
  }
  Database.prototype.backup = async function (this: Database.Database, to: string, options?: Database.BackupOptions) {
    step(this)
    const made = await backup.call(this, to, options)
    step(this)
    return made
  }

  return {
    arm: (n, how, code) => {
      ;[count, at, isForGood, isFull] = [0, n, how === 'for good', code === 'full']
    },
    heal: () => {
      at = 0
      return count
    },
    disk: {
      access: disk.access,
      create: onDisk(async (path) => file(await disk.create(path))),
      rename: onDisk(disk.rename),
      link: onDisk(disk.link),
      unlink: onDisk(disk.unlink),
      syncFolder: onDisk(disk.syncFolder),
    },
    restore: () => {
      for (const [name, value] of Object.entries({ run, get, all }))
        Object.defineProperty(statements, name, { configurable: true, writable: true, value })
      Object.assign(Database.prototype, { exec, pragma, backup })
    },
  }
}
