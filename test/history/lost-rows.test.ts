// Rows of a run that are gone though all that are left are sound: pages that change their places hide a stage, or all
// of a kind, and no checksum tells. The run's counts do: it is named when it is shown, nothing is made of it that needs
// what is gone, and salvage takes it from where it is whole.
import { copyFileSync, cpSync } from 'node:fs'
import { join } from 'node:path'

import Database from 'better-sqlite3'
import { expect, test } from 'vitest'

import { runId } from '../../src-main/contract/branded.ts'
import { makeBackup } from '../../src-main/history/backups.ts'
import { requireSound, runDetail } from '../../src-main/history/detail.ts'
import { openHistory } from '../../src-main/history/open.ts'
import { countedTables } from '../../src-main/history/run-rows.ts'
import { reviveRun } from '../../src-main/history/runs.ts'
import { salvage } from '../../src-main/history/salvage.ts'
import type { History } from '../../src-main/history/statement.ts'
import { folder, now, opened } from './rows.ts'
import { putRun } from './whole.ts'

const first = runId(1)
const lost: [string, string, string[]][] = [
  ['its last stage with its epochs', 'DELETE FROM stages WHERE run = 1 AND stage = 1', ['stages', 'epochs']],
  ['the epochs of a stage', 'DELETE FROM epochs WHERE run = 1 AND stage = 0', ['epochs']],
  ['its last epoch', 'DELETE FROM epochs WHERE run = 1 AND stage = 1 AND epoch = 2', ['epochs']],
  ['its last parent', 'DELETE FROM parents WHERE run = 1 AND place = 2', ['parents']],
  ['all it was made of', 'DELETE FROM parents WHERE run = 1', ['parents']],
  ['what it goes on from', 'DELETE FROM resume WHERE run = 1', ['resume']],
  ['its images', 'DELETE FROM run_images WHERE run = 1', ['run_images']],
  ['that it opened test data', 'DELETE FROM openings WHERE run = 1', ['openings']],
  ["a parent's measure", "DELETE FROM evaluations WHERE run = 1 AND model = 'pretrained'", ['evaluations']],
]

/** Another program's hand: it neither counts nor knows checksums. */
function tamper(file: string, sql: string): void {
  const db = new Database(file)
  db.pragma('foreign_keys = ON')
  db.exec(sql)
  db.close()
}

const whereOf = (tables: readonly string[]): { where: string }[] =>
  tables.map((of) => ({ where: `table ${of}, run 1` }))

test.for(lost)('a run that lost %s is named, and taken back from the backup', async ([, sql, tables]) => {
  const home = folder()
  const history = await opened(home)
  for (const name of ['a', 'b']) putRun(history, name)
  const before = runDetail(history, first)
  const backup = await makeBackup(history, now, () => true)
  tamper(history.file, sql)
  const detail = runDetail(history, first)
  expect(detail.damaged).toMatchObject(whereOf(tables))
  expect(history.notices).toMatchObject(whereOf(tables))
  if (tables[0] !== 'epochs') expect(() => requireSound(detail)).toThrow('Rows of the history are missing')
  expect(runDetail(history, runId(2)).damaged).toEqual([])
  const { taken, lost, before: kept } = await salvage(history, now)
  expect([taken, lost, kept === null]).toEqual([[{ what: 'run', key: '1', from: backup }], [], false])
  expect(runDetail(history, first)).toEqual(before)
})

test.for(lost)('salvage takes no run of a damaged history that lost %s, and names it', async ([, sql]) => {
  const home = folder()
  const old = await openHistory(home)
  for (const name of ['a', 'b']) putRun(old, name)
  old.close()
  tamper(old.file, sql)
  const empty = folder()
  copyFileSync(old.file, join(empty, 'history-damaged-2026-11-22T08-00-00-000Z.sqlite'))
  const from = expect.stringContaining('damaged')
  const { taken, lost } = await salvage(await opened(empty), now)
  expect([taken, lost]).toEqual([[{ what: 'run', key: '2', from }], [{ what: 'run', key: '1', from }]])
})

test('of a history whose page of counts is gone the runs come back, a whole one where there is one, and are named', async () => {
  const home = folder()
  const old = await openHistory(home)
  putRun(old, 'a')
  await makeBackup(old, now, () => true)
  for (const name of ['b', 'c']) putRun(old, name)
  const before = [1, 2].map((run) => runDetail(old, runId(run)))
  old.close()
  tamper(old.file, 'DELETE FROM run_rows; DELETE FROM epochs WHERE run = 3 AND stage = 1 AND epoch = 2')
  const empty = folder()
  const setAside = join(empty, 'history-damaged-2026-11-22T08-00-00-000Z.sqlite')
  copyFileSync(old.file, setAside)
  cpSync(join(home, 'backups'), join(empty, 'backups'), { recursive: true })
  const history = await opened(empty)
  const { taken, unsure, lost } = await salvage(history, now)
  const second = { what: 'run', key: '2', from: setAside }
  expect(taken).toEqual([second, { what: 'run', key: '1', from: expect.stringContaining('backups') }])
  expect([unsure, lost]).toEqual([[second], [{ what: 'run', key: '3', from: setAside }]])
  expect([1, 2].map((run) => runDetail(history, runId(run)))).toEqual(before)
  expect(await salvage(history, now)).toMatchObject({ taken: [], unsure: [] })
})

test('a run whose own row is gone is named by what is left of it', async () => {
  const history = await opened(folder())
  for (const name of ['a', 'b']) putRun(history, name)
  const db = new Database(history.file)
  db.pragma('foreign_keys = OFF')
  db.exec('DELETE FROM runs WHERE run = 1')
  db.close()
  expect((await salvage(history, now)).lost).toMatchObject([{ what: 'run', key: '1' }])
})

test('counts are those of the rows whatever is written, told again, taken back and forgotten', async () => {
  const history = await opened(folder())
  putRun(history, 'a')
  const other = putRun(history, 'b')
  reviveRun(history, other)
  expect(runDetail(history, other).damaged).toEqual([])
  history.db.exec("DELETE FROM resume WHERE run = 2; DELETE FROM evaluations WHERE run = 2 AND model = 'finetuned'")
  reviveRun(history, other) // from the beginning
  expect(runDetail(history, other)).toMatchObject({ damaged: [], start: null, iterations: [] })
  expect(countsOf(history, 2)).toEqual(rowsOf(history, 2))
  expect(countsOf(history, 1)).toEqual(rowsOf(history, 1))
  tamper(history.file, 'UPDATE run_rows SET stages = 9 WHERE run = 2') // damaged counts keep no run
  history.db.exec('DELETE FROM runs WHERE run = 2')
  expect(history.db.prepare('SELECT run FROM run_rows').pluck().all()).toEqual([1])
})

const countsOf = (history: History, run: number): unknown =>
  history.db.prepare(`SELECT ${countedTables.join(', ')} FROM run_rows WHERE run = ?`).get(run)

function rowsOf(history: History, run: number): unknown {
  const counts = countedTables.map((of) => `(SELECT count(*) FROM ${of} WHERE run = :run) AS ${of}`)
  return history.db.prepare(`SELECT ${counts.join(', ')}`).get({ run })
}
