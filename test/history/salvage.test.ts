// Backups of the history, and bringing back what can be read of a damaged one.

import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'

import Database from 'better-sqlite3'
import { expect, test } from 'vitest'

import { type RunId, runId } from '../../src-main/contract/branded.ts'
import { isBackupDue, listBackups, makeBackup } from '../../src-main/history/backups.ts'
import { allTables, damagedRows } from '../../src-main/history/checksums.ts'
import { runDetail } from '../../src-main/history/detail.ts'
import { listRuns } from '../../src-main/history/listing/list.ts'
import { openHistory } from '../../src-main/history/open.ts'
import { restore, salvage } from '../../src-main/history/salvage.ts'
import { checkIntegrity } from '../../src-main/history/soundness.ts'
import type { History } from '../../src-main/history/statement.ts'
import { studyRunsOf } from '../../src-main/history/study-places.ts'
import { folder, now, opened } from './rows.ts'
import { putAll, putRun, shown } from './whole.ts'

const always = (): boolean => true
const day = (n: number): Date => new Date(now.getTime() + n * 86_400_000)
const all = { offset: 0, limit: 100 }
const numbers = (history: History): RunId[] => listRuns(history, all).rows.map(({ run }) => run)

/** Another program's hand: it does not know checksums. */
function tamper(file: string, sql: string): void {
  const db = new Database(file)
  db.exec(sql)
  db.close()
}

/** Zeroes the pages of the file that hold a text. */
function wipe(file: string, text: string): void {
  const bytes = readFileSync(file)
  for (let at = bytes.indexOf(text); at >= 0; at = bytes.indexOf(text))
    bytes.fill(0, at - (at % 4096), at - (at % 4096) + 4096)
  writeFileSync(file, bytes)
}

const isSound = (history: History): boolean =>
  allTables.every((table) => [...damagedRows(history.db, table)].flat().length === 0)

test('a backup is due each day once there is a run, is whole and sound, and the newest seven are kept', async () => {
  const home = folder()
  const history = await opened(home)
  expect(isBackupDue(history, now)).toBe(false)
  putAll(history)
  for (let n = 0; n < 9; n++) {
    expect(isBackupDue(history, day(n))).toBe(true)
    const file = await makeBackup(history, day(n), always)
    expect(isBackupDue(history, day(n))).toBe(false)
    expect(file).toBe(listBackups(home)[0]?.file)
  }
  expect(listBackups(home).map(({ made, kind }) => [made, kind])).toEqual(
    [8, 7, 6, 5, 4, 3, 2].map((n) => [day(n).toISOString(), 'daily']),
  )
  expect(readdirSync(join(home, 'backups'))).toHaveLength(7) // no log and no temporary file beside them
  const other = folder()
  copyFileSync(listBackups(home)[0]?.file ?? '', join(other, 'history.sqlite'))
  expect(shown(await opened(other))).toEqual(shown(history))
})

test('a backup gives way to a run that begins meanwhile, and leaves nothing behind', async () => {
  const home = folder()
  const history = await opened(home)
  putAll(history)
  let asked = 0
  expect(await makeBackup(history, now, () => ++asked < 3)).toBeNull()
  expect(readdirSync(join(home, 'backups'))).toEqual([])
  expect(isBackupDue(history, now)).toBe(true)
})

test('backups of a history with a damaged row are counted apart, say so, and never push out sound ones', async () => {
  const home = folder()
  const history = await opened(home)
  putAll(history)
  const sound = await makeBackup(history, now, always)
  tamper(history.file, 'UPDATE epochs SET metric = 0.25 WHERE run = 2 AND stage = 1 AND epoch = 2')
  for (let n = 1; n <= 9; n++) await makeBackup(history, day(n), always)
  const backups = listBackups(home)
  expect(backups[0]?.file).toBe(sound)
  expect(backups.map(({ kind }) => kind)).toEqual(['daily', ...Array.from({ length: 7 }, () => 'unsound')])
  expect(history.notices).toMatchObject([{ code: 'history-damaged', where: 'table epochs, run 2, stage 1, epoch 2' }])
})

test('a damaged row is taken back from the newest backup, and the history as it was is kept', async () => {
  const home = folder()
  const history = await opened(home)
  putAll(history)
  const before = shown(history).text
  const backup = await makeBackup(history, now, always)
  const later = putRun(history, 'later')
  tamper(
    history.file,
    'UPDATE runs SET accuracy = 1 WHERE run = 2; UPDATE stages SET metric = 0 WHERE run = 3 AND stage = 1',
  )
  tamper(history.file, `UPDATE evaluations SET accuracy = 1 WHERE run = ${later} AND model = 'iteration' AND place = 0`)
  expect(() => runDetail(history, runId(2))).toThrow('table runs, run 2')
  const salvaged = await salvage(history, now)
  expect(salvaged).toMatchObject({
    different: [],
    skipped: [],
    before: join(home, 'history-replaced-2026-11-22T08-00-00-000Z.sqlite'),
  })
  expect(salvaged.taken).toEqual(['2', '3'].map((key) => ({ what: 'run', key, from: backup })))
  expect(salvaged.lost).toMatchObject([{ what: 'run', key: String(later) }])
  expect(runDetail(history, later).damaged).toMatchObject([
    { where: expect.stringContaining(`table evaluations, run ${later}`) },
  ])
  expect(studyRunsOf(history, 1)).toMatchObject([{ run: 2, state: 'done' }])
  const kept = new Database(salvaged.before ?? '', { readonly: true })
  expect(kept.prepare('SELECT accuracy FROM runs WHERE run = 2').pluck().get()).toBe(1)
  kept.close()
  history.db.exec(`DELETE FROM runs WHERE run = ${later}; DELETE FROM openings WHERE run = ${later}`)
  expect(shown(history).text === before).toBe(true)
  expect(history.db.pragma('foreign_key_check')).toEqual([])
})

test('of a history that was set aside, the readable runs come back under their numbers, the others from the newest backup', async () => {
  const home = folder()
  const file = join(home, 'history.sqlite')
  const old = await openHistory(home)
  putAll(old)
  await makeBackup(old, now, always)
  for (let i = 4; i <= 40; i++) putRun(old, `run-number-${i}-of-many`)
  const before = new Map(numbers(old).map((run) => [run, runDetail(old, run)]))
  old.close()
  wipe(file, 'run-number-20-of-many')
  const damaged = readFileSync(file)
  const history = await opened(home, { now: () => day(1) })
  expect(history.notices).toMatchObject([
    { what: 'The history was damaged; a new one was begun', next: expect.stringContaining('basil history salvage') },
  ])
  expect(putRun(history, 'begun since')).toBe(41) // no number is used twice
  const salvaged = await salvage(history, day(1))
  const back = numbers(history)
  for (const run of back.filter((number) => number !== 41)) expect(runDetail(history, run)).toEqual(before.get(run))
  expect(back).not.toContain(20)
  expect(back).toEqual(expect.arrayContaining([1, 2, 3, 4, 40, 41]))
  expect(salvaged.taken.filter(({ what }) => what === 'run')).toHaveLength(back.length - 1)
  expect(salvaged.taken.some(({ what }) => what === 'study')).toBe(true)
  expect(studyRunsOf(history, 1)).toMatchObject([{ run: 2, state: 'done' }])
  expect(isSound(history)).toBe(true)
  checkIntegrity(history.db)
  expect(readFileSync(history.notices[0]?.where ?? '').equals(damaged)).toBe(true)
  expect((await salvage(history, day(2))).taken).toEqual([])
})

test('a run that both have is never replaced: the present one stays, and the other is named', async () => {
  const home = folder()
  const history = await opened(home)
  putRun(history, 'mine')
  const other = folder()
  const theirs = await openHistory(other)
  putRun(theirs, 'theirs')
  putRun(theirs, 'second')
  const backup = await makeBackup(theirs, now, always)
  theirs.close()
  mkdirSync(join(home, 'backups'))
  copyFileSync(backup ?? '', join(home, 'backups', 'daily-2026-11-22T08-00-00-000Z.sqlite'))
  const salvaged = await salvage(history, now)
  expect([salvaged.different, salvaged.taken]).toMatchObject([[{ what: 'run', key: '1' }], [{ what: 'run', key: '2' }]])
  expect(listRuns(history, all).rows.map(({ name }) => name)).toEqual(['second', 'mine'])
})

test('a run of which the damaged history lost a row is not taken for whole', async () => {
  const home = folder()
  const old = await openHistory(home)
  for (const name of ['a', 'b', 'c', 'd', 'e']) putRun(old, name)
  old.db.exec(
    'DELETE FROM epochs WHERE run = 1 AND stage = 0 AND epoch = 1; DELETE FROM resume WHERE run = 2; DELETE FROM stages WHERE run = 3 AND stage = 1',
  )
  old.db.exec("DELETE FROM evaluations WHERE run = 4 AND model = 'iteration'")
  old.close()
  const aside = join(home, 'history-damaged-2026-11-22T08-00-00-000Z.sqlite')
  copyFileSync(join(home, 'history.sqlite'), aside)
  const empty = folder()
  copyFileSync(aside, join(empty, 'history-damaged-2026-11-22T08-00-00-000Z.sqlite'))
  const history = await opened(empty)
  const from = expect.stringContaining('damaged')
  const { taken, lost } = await salvage(history, now)
  expect(taken).toEqual([{ what: 'run', key: '5', from }])
  // named, as nothing else tells of them
  expect(lost).toEqual(['1', '2', '3', '4'].map((key) => ({ what: 'run', key, from })))
})

test('a run of which the damaged history lost all rows of a kind is taken whole from the backup', async () => {
  const home = folder()
  const old = await openHistory(home)
  const before = new Map(['a', 'b', 'c'].map((name) => putRun(old, name)).map((run) => [run, runDetail(old, run)]))
  const backup = await makeBackup(old, now, always)
  old.db.exec(
    'DELETE FROM parents WHERE run = 1; DELETE FROM openings WHERE run = 2; DELETE FROM run_images WHERE run = 3',
  )
  old.close()
  renameSync(join(home, 'history.sqlite'), join(home, 'history-damaged-2026-11-22T08-00-00-000Z.sqlite'))
  const history = await opened(home)
  const { taken, different } = await salvage(history, now)
  for (const [run, detail] of before) expect(runDetail(history, run)).toEqual(detail)
  expect(taken).toEqual(['1', '2', '3'].map((key) => ({ what: 'run', key, from: backup })))
  expect(different).toEqual([])
})

test('a backup in the place of the history: what was there is kept, and a damaged backup changes nothing', async () => {
  const home = folder()
  const old = await openHistory(home)
  putAll(old)
  const backup = (await makeBackup(old, now, always)) ?? ''
  putRun(old, 'later')
  old.close()
  const before = await restore(home, backup, now)
  const history = await openHistory(home)
  expect(numbers(history)).toEqual([3, 2, 1])
  expect(isSound(history)).toBe(true)
  history.close()
  const kept = new Database(before, { readonly: true })
  expect(kept.prepare('SELECT count(*) FROM runs').pluck().get()).toBe(4)
  kept.close()
  tamper(backup, 'UPDATE runs SET accuracy = 1 WHERE run = 2')
  await expect(restore(home, backup, day(1))).rejects.toMatchObject({ record: { code: 'history-damaged' } })
  expect(numbers(await opened(home))).toEqual([3, 2, 1])
  expect(existsSync(backup)).toBe(true)
  expect(readdirSync(home).filter((name) => name.startsWith('salvage-'))).toEqual([])
})

test('of a history that was cut everything comes back but what lay on the pages that are gone', async () => {
  const home = folder()
  const old = await openHistory(home)
  const before = new Map(
    Array.from({ length: 40 }, (_, i) => putRun(old, `${i}`)).map((run) => [run, runDetail(old, run)]),
  )
  old.close()
  tamper(old.file, 'CREATE TABLE last (x); CREATE INDEX last_of_all ON last (x)') // as a migration adds them behind all rows
  const size = statSync(old.file).size
  for (const pages of [1, 4]) {
    const empty = folder()
    const setAside = join(empty, 'history-damaged-2026-11-22T08-00-00-000Z.sqlite')
    copyFileSync(old.file, setAside)
    truncateSync(setAside, size - pages * 4096 + 1)
    const history = await opened(empty)
    const { taken, lost, skipped } = await salvage(history, now)
    expect(skipped).toEqual([])
    expect(taken.length).toBeGreaterThanOrEqual(pages < 2 ? 40 : 20)
    expect(taken.length + lost.length).toBe(40)
    for (const run of numbers(history)) expect(runDetail(history, run)).toEqual(before.get(run))
    expect(statSync(setAside).size).toBe(size - pages * 4096 + 1)
  }
})
