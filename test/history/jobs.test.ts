// Jobs as rows: their order, what a process that was killed leaves of them, and rows that are damaged or refused.

import Database from 'better-sqlite3'
import { expect, test } from 'vitest'
import { z } from 'zod'

import { runId } from '../../src-main/contract/branded.ts'
import { createEvaluation, putReport } from '../../src-main/history/evaluations.ts'
import {
  bringBackJobs,
  clearJobs,
  createJob,
  interruptJobs,
  jobOf,
  jobsOf,
  putJobOrder,
  putJobState,
} from '../../src-main/history/jobs.ts'
import { createRun, endRun, runRow } from '../../src-main/history/runs.ts'
import { type History, transaction } from '../../src-main/history/statement.ts'
import type { Kind, Kinds } from '../../src-main/workbench/jobs/kind.ts'
import { createJobs } from '../../src-main/workbench/jobs/queue.ts'
import { folder, now, opened, read, toyConfig } from './rows.ts'

const put = (history: History, title: string): number => createJob(history, { kind: 'merge', title, request: {} }, now)
const titles = (history: History): string[] => jobsOf(history).map(({ title }) => title)

test('the open ones come in their order, then those that are over, newest first; clearing leaves the open ones', async () => {
  const history = await opened(folder())
  const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((title) => put(history, title)) as [number, number, number, number]
  putJobOrder(history, [d, c, b])
  expect(titles(history)).toEqual(['a', 'd', 'c', 'b'])
  putJobState(history, a, 'running', now)
  putJobState(history, a, 'failed', now)
  putJobState(history, c, 'done', new Date(now.getTime() + 1000))
  putJobState(history, b, 'paused', now)
  expect(titles(history)).toEqual(['d', 'b', 'c', 'a'])
  expect(jobOf(history, a)).toMatchObject({ started: now.toISOString(), ended: now.toISOString() })
  const over = jobsOf(history).slice(2)
  const cleared = clearJobs(history)
  expect([cleared.length, titles(history)]).toEqual([2, ['d', 'b']])
  bringBackJobs(history, cleared)
  expect(jobsOf(history).slice(2)).toEqual(over)
  expect(clearJobs(history)).toEqual(cleared)
  expect(put(history, 'e')).toBe(d + 1)
  expect(() => jobOf(history, a)).toThrow('There is no such job')
})

test('what a killed process was at is interrupted, or done where all but its own row says so', async () => {
  const home = folder()
  const first = await opened(home)
  const jobs = ['done', 'interrupted'].map((state) => {
    const run = createRun(first, toyConfig(), now)
    if (state === 'done') endRun(first, run, 'done', now, null)
    return createJob(first, { kind: 'run', title: state, request: {}, run }, now)
  })
  const request = { models: [{ name: 'm' }], tasks: [{ name: 'cars', data: '/d' }], split: 'training' } as never
  const evaluation = createEvaluation(first, request, now)
  putReport(first, evaluation, { models: [] } as never)
  jobs.push(createJob(first, { kind: 'evaluation', title: 'done', request, evaluation }, now))
  for (const job of jobs) putJobState(first, job, 'running', now)
  put(first, 'waiting')
  first.close()
  expect(jobsOf(await read(home)).map(({ state }) => state)).toEqual([
    'interrupted',
    'interrupted',
    'interrupted',
    'waiting',
  ])
  const second = await opened(home)
  interruptJobs(second, now)
  expect(jobsOf(second).every(({ state, title }) => state === title)).toBe(true)
})

test('a damaged job is named and left out, and the others keep their places', async () => {
  const home = folder()
  const first = await opened(home)
  const [, b] = ['a', 'b', 'c'].map((title) => put(first, title))
  first.close()
  const db = new Database(first.file)
  db.exec(`UPDATE jobs SET request = '{"out": "elsewhere"}' WHERE job = ${b}`)
  db.close()
  const history = await opened(home)
  expect(titles(history)).toEqual(['a', 'c'])
  expect(history.notices).toMatchObject([{ code: 'history-damaged', where: `table jobs, job ${b}` }])
  expect(() => jobOf(history, b ?? 0)).toThrow(`table jobs, job ${b}`)
  interruptJobs(history, now)
  expect(clearJobs(history)).toEqual([])
})

test('a disk that takes nothing more leaves no half job: neither the job nor what it was made for', async () => {
  const history = await opened(folder())
  const jobs = createJobs({ history, kinds: () => kinds, between: () => undefined })
  jobs.work('none')
  const pages = Number(history.db.pragma('page_count', { simple: true }))
  history.db.pragma(`max_page_count = ${pages}`)
  let run = runId(0)
  const ask = (): number =>
    jobs.add(() => {
      run = createRun(history, toyConfig(), now, 'interrupted')
      return { kind: 'run', request: { name: 'x'.repeat(100_000) }, run }
    })
  expect(ask).toThrow(expect.objectContaining({ record: expect.objectContaining({ code: 'disk-full' }) }))
  expect(run).toBeGreaterThan(0)
  expect(jobs.list()).toEqual([])
  expect(() => runRow(history, run)).toThrow('There is no such run')
  history.db.pragma('max_page_count = 1000000')
  expect(jobs.list().map(({ job }) => job)).toEqual([]) // nothing came back
  expect(ask()).toBe(jobs.list()[0]?.job)
  expect(transaction(history, () => runRow(history, run).state)).toBe('interrupted')
  await jobs.close()
})

const kind: Kind = {
  ...{ needs: 'engine', goesOn: true },
  request: z.unknown(),
  title: () => 'a run',
  run: async () => undefined,
  again: () => ({ kind: 'run', request: {} }),
}
const kinds: Kinds = {
  ...{ run: kind, tuning: kind, study: kind, evaluation: kind, export: kind },
  ...{ merge: kind, 'image-merge': kind, search: kind, conversion: kind, head: kind, adapter: kind, bases: kind },
}
