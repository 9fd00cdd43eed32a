import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, existsSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import Database from 'better-sqlite3'
import { expect, test } from 'vitest'

import { epochsOf, putEpoch } from '../../src-main/history/epochs.ts'
import { listRuns } from '../../src-main/history/listing/list.ts'
import { migrations } from '../../src-main/history/migrate.ts'
import { openHistory, readHistory } from '../../src-main/history/open.ts'
import { createRun } from '../../src-main/history/runs.ts'
import { putStage } from '../../src-main/history/stages.ts'
import { takeWriterLock, writerOf } from '../../src-main/history/writer-lock.ts'
import { epoch, folder, now, opened, read, resumeAt, stage, toyConfig } from './rows.ts'

const all = { offset: 0, limit: 100 }

test('what is committed is on disk: WAL with synchronous=FULL, and foreign keys hold', async () => {
  const { db } = await opened(folder())
  expect(db.pragma('journal_mode', { simple: true })).toBe('wal')
  expect(db.pragma('synchronous', { simple: true })).toBe(2)
  expect(db.pragma('foreign_keys', { simple: true })).toBe(1)
})

test('one writer a folder: the second is told who has it, and readers read on', async () => {
  const home = folder()
  const history = await opened(home)
  createRun(history, toyConfig(), now)
  await expect(openHistory(home)).rejects.toMatchObject({
    record: { code: 'folder-busy', where: home, why: expect.stringContaining(`process ${process.pid}`) },
  })
  const reader = await read(home)
  expect(listRuns(reader, all).rows).toMatchObject([{ state: 'running' }])
  createRun(history, toyConfig(), now)
  expect(listRuns(reader, all).total).toBe(2)
})

test('the lock goes with its process, however that ends', async () => {
  const home = folder()
  const code = `const { takeWriterLock } = await import(${JSON.stringify(join(import.meta.dirname, '../../src-main/history/writer-lock.ts'))}); takeWriterLock(${JSON.stringify(home)}); console.log('taken'); setInterval(() => {}, 1000)`
  const holder = spawn(process.execPath, ['--input-type=module-typescript', '-e', code], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await once(holder.stdout, 'data')
  expect(writerOf(home)?.pid).toBe(holder.pid)
  expect(() => takeWriterLock(home)).toThrow(`process ${holder.pid}`)
  holder.kill('SIGKILL')
  await once(holder, 'exit')
  expect(writerOf(home)).toBeNull()
  takeWriterLock(home).release()
})

test('a run nobody works on is shown as interrupted, and marked so by the next writer', async () => {
  const home = folder()
  const history = await openHistory(home)
  const run = createRun(history, toyConfig(), now)
  history.close()
  const reader = await read(home)
  expect(listRuns(reader, all).rows[0]?.state).toBe('interrupted')
  const next = await opened(home)
  expect(next.interrupted).toEqual([run])
  expect(listRuns(next, all).rows[0]?.state).toBe('interrupted')
})

test('reading where nothing was ever written is an empty history, and leaves no file', async () => {
  const home = folder()
  expect(listRuns(await read(home), all)).toEqual({ total: 0, rows: [] })
  expect(readdirSync(home)).toEqual([])
})

test('an older file is backed up and then migrated, with its rows', async () => {
  const home = folder()
  const old = await openHistory(home)
  createRun(old, toyConfig(), now)
  old.close()
  const present = migrations().length
  const steps = [...migrations(), 'ALTER TABLE runs ADD COLUMN note TEXT']
  const history = await opened(home, { steps, now: () => now })
  expect(history.db.pragma('user_version', { simple: true })).toBe(present + 1)
  expect(listRuns(history, all).total).toBe(1)
  const backup = new Database(join(home, 'backups', `history-v${present}-2026-11-22T08-00-00-000Z.sqlite`), {
    readonly: true,
  })
  expect(backup.pragma('user_version', { simple: true })).toBe(present)
  expect(backup.prepare('SELECT count(*) AS n FROM runs').get()).toEqual({ n: 1 })
  backup.close()
})

test('a migration that fails changes nothing', async () => {
  const home = folder()
  const old = await openHistory(home)
  createRun(old, toyConfig(), now)
  old.close()
  await expect(
    openHistory(home, { steps: [...migrations(), 'ALTER TABLE runs ADD COLUMN note TEXT; SELECT nonsense'] }),
  ).rejects.toThrow('nonsense')
  const history = await opened(home)
  expect(history.db.pragma('user_version', { simple: true })).toBe(migrations().length)
  expect(listRuns(history, all).total).toBe(1)
})

test('a file of a newer Basil is refused and keeps every byte', async () => {
  const home = folder()
  const newer = await openHistory(home, {
    steps: [...migrations(), 'CREATE TABLE future (x) STRICT'.replace('(x)', '(x TEXT)')],
  })
  newer.close()
  const before = readFileSync(join(home, 'history.sqlite'))
  await expect(openHistory(home)).rejects.toMatchObject({ record: { code: 'history-newer' } })
  await expect(readHistory(home)).rejects.toMatchObject({ record: { code: 'history-newer' } })
  expect(readFileSync(join(home, 'history.sqlite')).equals(before)).toBe(true)
  expect(writerOf(home)).toBeNull() // and the folder is not left locked
})

test.for([
  ['not SQLite at all', (file: string) => writeFileSync(file, 'a text file, by mistake'.repeat(500))],
  ['cut short', (file: string) => truncateSync(file, 6000)],
  ["another program's", (file: string) => foreign(file)],
] as const)('a history that is %s is set aside by rename, whole, and a new one begun', async ([, damage]) => {
  const home = folder()
  const history = await openHistory(home)
  createRun(history, toyConfig(), now)
  history.close()
  const file = join(home, 'history.sqlite')
  damage(file)
  const damaged = readFileSync(file)
  const fresh = await opened(home, { now: () => now })
  expect(fresh.notices).toMatchObject([
    { code: 'history-damaged', where: join(home, 'history-damaged-2026-11-22T08-00-00-000Z.sqlite') },
  ])
  expect(readFileSync(join(home, 'history-damaged-2026-11-22T08-00-00-000Z.sqlite')).equals(damaged)).toBe(true)
  expect(listRuns(fresh, all).total).toBe(0)
})

test('a history that lacks whole pages is told to who only reads with the way to salvage', async () => {
  const home = folder()
  const history = await openHistory(home)
  createRun(history, toyConfig(), now)
  history.close()
  const file = join(home, 'history.sqlite')
  truncateSync(file, readFileSync(file).length - 4096)
  await expect(readHistory(home)).rejects.toMatchObject({
    record: {
      code: 'history-damaged',
      what: 'The history is damaged',
      next: expect.stringContaining('basil history salvage'),
    },
  })
})

test('after an unclean exit the whole file is checked; a page that went bad is found', async () => {
  const home = folder()
  const file = join(home, 'history.sqlite')
  const history = await openHistory(home)
  for (let i = 0; i < 200; i++) createRun(history, toyConfig(), now)
  history.db.pragma('wal_checkpoint(TRUNCATE)')
  createRun(history, toyConfig(), now) // stays in the log, as after a crash
  copyFileSync(file, join(home, 'copy'))
  copyFileSync(`${file}-wal`, join(home, 'copy-wal'))
  history.close()
  const crashed = folder()
  const bytes = readFileSync(join(home, 'copy'))
  bytes.fill(0, 4096 * 12, 4096 * 13)
  writeFileSync(join(crashed, 'history.sqlite'), bytes)
  copyFileSync(join(home, 'copy-wal'), join(crashed, 'history.sqlite-wal'))
  const fresh = await opened(crashed)
  expect(fresh.notices.map((n) => n.code)).toEqual(['history-damaged'])
  expect(existsSync(`${fresh.notices[0]?.where}-wal`)).toBe(true)
})

test('damage met while working is an error that says so, and has the whole file checked at the next start', async () => {
  const home = folder()
  const file = join(home, 'history.sqlite')
  const history = await openHistory(home)
  const run = createRun(history, toyConfig(), now)
  putStage(history, run, stage(0))
  for (let i = 0; i < 300; i++) putEpoch(history, run, epoch(0, i), resumeAt(epoch(0, i)), 0)
  history.close()
  const damaged = await openHistory(home)
  expect(damaged.notices).toEqual([])
  const bytes = readFileSync(file)
  bytes.fill(0xff, bytes.length - 4096 * 10)
  writeFileSync(file, bytes) // under its hands
  expect(() => epochsOf(damaged, run)).toThrow(
    expect.objectContaining({ record: expect.objectContaining({ code: 'history-damaged' }) }),
  )
  damaged.close()
  const fresh = await opened(home)
  expect(fresh.notices.map((n) => n.code)).toEqual(['history-damaged'])
})

test('migrations are numbered without a gap', () => {
  expect(migrations().length).toBeGreaterThan(3)
  const home = folder()
  writeFileSync(join(home, '0002-late.sql'), '')
  expect(() => migrations(home)).toThrow('0002-late.sql')
})

function foreign(file: string): void {
  execFileSync(process.execPath, [
    '-e',
    `const D = require('better-sqlite3'); require('fs').rmSync(${JSON.stringify(file)}); new D(${JSON.stringify(file)}).exec('CREATE TABLE moz_places (x)')`,
  ])
}
