// A checksum in every row of every table: written by whatever statement writes the row, asked for by whatever question
// reads it.

import { copyFileSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

import Database from 'better-sqlite3'
import { expect, test } from 'vitest'

import { runId } from '../../src-main/contract/branded.ts'
import { allTables, damagedRows } from '../../src-main/history/checksums.ts'
import { runDetail } from '../../src-main/history/detail.ts'
import { coefficientsOf } from '../../src-main/history/epochs.ts'
import { describeEntry, entriesOf } from '../../src-main/history/library/entries.ts'
import { listRuns } from '../../src-main/history/listing/list.ts'
import { openHistory } from '../../src-main/history/open.ts'
import { resumeOf } from '../../src-main/history/resume.ts'
import { endRun } from '../../src-main/history/runs.ts'
import type { History } from '../../src-main/history/statement.ts'
import { listStudies } from '../../src-main/history/studies.ts'
import { studyRunsOf } from '../../src-main/history/study-places.ts'
import { folder, now, opened } from './rows.ts'
import { putAll, shown } from './whole.ts'

const databases = join(import.meta.dirname, '..', 'databases')
const damaged = { record: expect.objectContaining({ code: 'history-damaged' }) }
const wrongRows = (history: History): string[] =>
  allTables.flatMap((t) => [...damagedRows(history.db, t)].flat().map((e) => e.record.where))

/** Statements of a program that knows no checksums, as damage on the disk would have it. */
async function damagedBy(...statements: string[]): Promise<History> {
  const home = folder()
  const history = await openHistory(home)
  putAll(history)
  history.close()
  const db = new Database(join(home, 'history.sqlite'))
  for (const statement of statements) db.exec(statement)
  db.close()
  return opened(home)
}

test('every table of the schema has its rows, and every row a checksum that fits', async () => {
  const history = await opened(folder())
  putAll(history)
  const tables = history.db
    .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'")
    .pluck()
    .all()
  expect([...tables].sort()).toEqual([...allTables].sort())
  for (const table of allTables)
    expect(history.db.prepare(`SELECT count(*) FROM ${table}`).pluck().get(), table).toBeGreaterThan(0)
  expect(wrongRows(history)).toEqual([])
})

test('whatever column of whatever table is changed, that row and no other is damaged', async () => {
  const history = await opened(folder())
  putAll(history)
  const other = new Database(history.file)
  let columns = 0
  for (const table of allTables) {
    const names = (other.pragma(`table_info(${table})`) as { name: string; type: string }[]).filter(
      ({ name }) => !/checksum$/.test(name),
    )
    for (const { name, type } of names) {
      const before = other
        .prepare(`SELECT rowid AS "rowid", ${name} AS value FROM ${table} ORDER BY rowid LIMIT 1`)
        .get() as Record<string, unknown>
      const value = type === 'BLOB' ? Buffer.from('changed') : type === 'TEXT' ? 'interrupted' : 4711
      other.pragma('foreign_keys = OFF')
      other.pragma('ignore_check_constraints = ON')
      other.prepare(`UPDATE ${table} SET ${name} = ? WHERE rowid = ?`).run(value, before['rowid'])
      // a key is in both checksums
      const rows = new Set(wrongRows(history).map((where) => where.replace(' long,', ',')))
      expect(rows.size, `${table}.${name}`).toBe(1)
      other.prepare(`UPDATE ${table} SET ${name} = ? WHERE ${name} = ?`).run(before['value'], value)
      columns++
    }
  }
  other.close()
  expect(columns).toBeGreaterThan(100)
  expect(wrongRows(history)).toEqual([])
})

test('deliberate changes keep the checksum; a damaged row cannot be changed, which would make it look sound', async () => {
  const history = await damagedBy('UPDATE runs SET accuracy = 1 WHERE run = 2', "UPDATE library SET notes = 'another'")
  endRun(history, runId(1), 'stopped', now, null)
  expect(wrongRows(history)).toEqual(['table runs, run 2', 'table library, id 1'])
  expect(() => endRun(history, runId(2), 'stopped', now, null)).toThrow(expect.objectContaining(damaged))
  expect(() => describeEntry(history, 1, { role: null, tags: [], notes: '' })).toThrow(expect.objectContaining(damaged))
  expect(wrongRows(history)).toEqual(['table runs, run 2', 'table library, id 1'])
})

test('what is sound is shown beside what is damaged, and each damaged row is named', async () => {
  const history = await damagedBy(
    'UPDATE runs SET accuracy = 1 WHERE run = 3',
    'UPDATE epochs SET metric = 0 WHERE run = 1 AND stage = 0 AND epoch = 1',
    'UPDATE epochs SET coefficients = zeroblob(8) WHERE run = 1 AND stage = 1 AND epoch = 0',
    "UPDATE evaluations SET accuracy = 1 WHERE run = 2 AND model = 'iteration' AND place = 1",
    'UPDATE resume SET still = 0 WHERE run = 2',
    "UPDATE library SET tags = '[]'",
  )
  const { rows } = listRuns(history, { offset: 0, limit: 10 })
  expect(rows).toMatchObject([
    { run: 3, state: 'failed', error: { where: 'table runs, run 3' } },
    { run: 2, accuracy: 0.3125 },
    { run: 1 },
  ])
  const first = runDetail(history, runId(1))
  expect(first.start?.epochs.map((e) => e.epoch)).toEqual([0, 2])
  expect(first.damaged).toMatchObject([{ where: 'table epochs, run 1, stage 0, epoch 1' }])
  expect(() => coefficientsOf(history, runId(1), 1, 0)).toThrow('table epochs long, run 1, stage 1, epoch 0')
  const second = runDetail(history, runId(2))
  expect(second).toMatchObject({
    evaluations: [],
    tasks: {},
    damaged: [{ where: expect.stringContaining('table evaluations, run 2') }],
  })
  expect(() => resumeOf(history, runId(2))).toThrow('table resume, run 2')
  expect(listStudies(history)).toHaveLength(1)
  expect(studyRunsOf(history, 1)).toMatchObject([
    { run: 2, state: 'failed', accuracy: null, error: { code: 'history-damaged' } },
  ])
  expect(entriesOf(history)).toEqual([])
  expect(history.notices.map(({ where }) => where)).toEqual([
    'table runs, run 3',
    'table epochs, run 1, stage 0, epoch 1',
    expect.stringContaining('table evaluations, run 2'),
    'table library, id 1',
  ])
})

test.each(readdirSync(databases))('%s: what was written before has its checksums after the migration', async (name) => {
  const home = folder()
  copyFileSync(join(databases, name), join(home, 'history.sqlite'))
  const history = await opened(home)
  expect(wrongRows(history)).toEqual([])
  expect(shown(history).errors).toEqual([])
})

test('rows from before that cannot be parsed are damaged ones after the migration', async () => {
  const home = folder()
  copyFileSync(join(databases, 'history-v7.sqlite'), join(home, 'history.sqlite'))
  const db = new Database(join(home, 'history.sqlite'))
  db.exec(
    `UPDATE epochs SET tasks = '[{"task' WHERE run = 1 AND stage = 0 AND epoch = 0; UPDATE stages SET coefficients = x'ffffff7fffffff7f' WHERE run = 1 AND stage = 1`,
  )
  db.close()
  const history = await opened(home)
  expect(runDetail(history, runId(1)).damaged.map(({ where }) => where)).toEqual([
    'table epochs, run 1, stage 0, epoch 0',
    'table stages, run 1, stage 1',
  ])
})

test('no statement writes by position: a column that is added changes the meaning of none', () => {
  const folder = join(import.meta.dirname, '../../src-main/history')
  const sources = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => /\.(ts|sql)$/.test(name))
  expect(sources.length).toBeGreaterThan(20)
  expect(sources.filter((name) => /INTO\s+[\w${}.]+\s+VALUES/.test(readFileSync(join(folder, name), 'utf8')))).toEqual(
    [],
  )
})
