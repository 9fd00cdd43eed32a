// What a loss of power or a killed process leaves beside a history: a lock in pieces, a journal that was not done with,
// a backup without a byte, half a copy. None of them keeps anybody out, or is taken for what it is not.
import { copyFileSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import Database from 'better-sqlite3'
import { expect, test } from 'vitest'

import { makeBackup } from '../../src-main/history/backups.ts'
import { openHistory, readHistory } from '../../src-main/history/open.ts'
import { restore, salvage } from '../../src-main/history/salvage.ts'
import { row } from '../../src-main/history/statement.ts'
import { takeWriterLock, writerOf } from '../../src-main/history/writer-lock.ts'
import { rowsIn, rowsOf } from './dump.ts'
import { folder, now, opened } from './rows.ts'
import { putRun } from './whole.ts'

const kept = join(import.meta.dirname, '../databases/history-v12.sqlite')
const always = (): boolean => true

test('a lock in pieces is nobody’s, and is taken', () => {
  for (const pieces of [Buffer.alloc(8192, 0xff), Buffer.alloc(100), Buffer.from('SQLite format 3\0 and no more')]) {
    const home = folder()
    writeFileSync(join(home, 'writer.lock'), pieces)
    expect(writerOf(home)).toBeNull()
    const lock = takeWriterLock(home)
    expect(writerOf(home)?.pid).toBe(process.pid)
    expect(() => takeWriterLock(home)).toThrow(`process ${process.pid}`)
    lock.release()
  }
})

/** One that was changed by a journal, which was on the disk with half of the change. */
function interrupted(): string {
  const [made, home] = [folder(), folder()]
  const file = join(made, 'history.sqlite')
  copyFileSync(kept, file)
  const db = new Database(file)
  db.pragma('journal_mode = DELETE')
  db.pragma('cache_size = 1')
  db.exec(`BEGIN IMMEDIATE; UPDATE runs SET name = 'half'; UPDATE epochs SET losses = zeroblob(9000)`)
  for (const suffix of ['', '-journal']) copyFileSync(file + suffix, join(home, `history.sqlite${suffix}`))
  db.exec('ROLLBACK')
  db.close()
  return home
}

test.for([
  ['whoever reads', readHistory],
  ['whoever writes', openHistory],
] as const)('a journal that was not done with is taken back by %s', async ([, open]) => {
  const home = interrupted()
  expect(existsSync(join(home, 'history.sqlite-journal'))).toBe(true)
  const history = await open(home)
  expect(history.notices).toEqual([])
  expect(rowsIn(history.db).tables).toEqual(rowsOf(kept).tables)
  history.close()
})

test('a backup without a byte is none: the one before it is taken, and it takes no history’s place', async () => {
  const home = folder()
  const old = await openHistory(home)
  putRun(old, 'kept')
  await makeBackup(old, now, always)
  old.close()
  const empty = join(home, 'backups', 'daily-2026-11-23T08-00-00-000Z.sqlite')
  writeFileSync(empty, '')
  writeFileSync(join(home, 'history.sqlite'), 'no history'.repeat(1000))
  await expect(restore(home, empty, now)).rejects.toMatchObject({ record: { code: 'history-damaged' } })
  const history = await opened(home)
  const { taken, skipped } = await salvage(history, now)
  expect(taken).toMatchObject([{ what: 'run', key: '1' }])
  expect(skipped.map(({ file }) => file)).toContain(empty)
})

test('half a copy goes when the next one is made', async () => {
  const home = folder()
  const history = await opened(home)
  putRun(history, 'a run')
  mkdirSync(join(home, 'backups'))
  for (const name of ['4711.tmp', '4711.tmp-journal']) writeFileSync(join(home, 'backups', name), 'half')
  await makeBackup(history, now, always)
  expect(readdirSync(join(home, 'backups'))).toEqual(['daily-2026-11-22T08-00-00-000Z.sqlite'])
})

test('a change that gives a row back, and whose commit fails, fails', async () => {
  const history = await opened(folder())
  history.db.exec(`CREATE TABLE one (id INTEGER PRIMARY KEY) STRICT; CREATE TABLE other
    (id INTEGER PRIMARY KEY, one INTEGER REFERENCES one (id) DEFERRABLE INITIALLY DEFERRED) STRICT`)
  expect(() => row(history, 'INSERT INTO other (one) VALUES (7) RETURNING id')).toThrow('FOREIGN KEY')
  expect(row(history, 'SELECT count(*) AS n FROM other')).toEqual({ n: 0 })
  expect(history.db.inTransaction).toBe(false)
})
