// The queue in words outside its page: names, where they lead, and whose end is worth a notification.
import { expect, test } from 'vitest'

import { runId } from '../../src-main/contract/branded.ts'
import { addressOfJob, atWork, finishedWork, headlineOf, nameOfJob, noticeOf } from '../../src-main/contract/work.ts'
import { jobLike } from '../renderer/job-fixture.ts'

const run = jobLike({ job: 1, run: runId(3), state: 'running', share: 0.25 })
const merge = jobLike({ job: 2, kind: 'merge', needs: 'reader', state: 'running', share: 0.5 })
const study = jobLike({ job: 3, kind: 'study', study: 2, run: runId(9), state: 'running' })

test('a job is called by what it belongs to, and leads there', () => {
  expect([run, merge, study].map(nameOfJob)).toEqual(['Run 3', 'Merge', 'Study 2'])
  expect(addressOfJob(jobLike({ job: 4, kind: 'tuning', tuning: 5 }))).toBe('#/tunings/5')
  expect([run, merge, study].map(addressOfJob)).toEqual(['#/run/3', '#/queue', '#/study/2'])
})

test('a header names the one that is at work, and counts several', () => {
  expect(headlineOf([])).toBeNull()
  expect(headlineOf([study])).toEqual({ name: 'Study 2', address: '#/study/2' })
  expect(headlineOf([merge, run])).toEqual({ name: '2 jobs', address: '#/queue' })
})

test('how far the work is says the job that has the engine', () => {
  expect(atWork([merge, run, jobLike({ job: 4 })])).toEqual({ jobs: [merge, run], share: 0.25 })
  expect(atWork([merge]).share).toBe(0.5)
  expect(atWork([])).toEqual({ jobs: [], share: null })
})

test('an end is told once, of what took twenty seconds and was not ended or paused by the person', () => {
  const ended = (state: 'done' | 'failed' | 'cancelled' | 'paused' | 'interrupted', seconds: number) => ({
    ...run,
    state,
    started: '2026-11-29T10:00:00.000Z',
    ended: new Date(Date.parse('2026-11-29T10:00:00.000Z') + seconds * 1000).toISOString(),
  })
  expect(finishedWork([run], [ended('done', 20)])).toHaveLength(1)
  expect(finishedWork([run], [ended('failed', 3600)])).toHaveLength(1)
  expect(finishedWork([run], [ended('done', 19)])).toEqual([])
  expect(finishedWork([run], [ended('cancelled', 60)])).toEqual([])
  expect(finishedWork([run], [ended('paused', 60)])).toEqual([])
  expect(finishedWork([ended('done', 60)], [ended('done', 60)])).toEqual([]) // told before
  expect(finishedWork([], [ended('done', 60)])).toEqual([]) // over before anybody looked
})

test('a notification says what, and why where it failed', () => {
  const error = { code: 'disk-full', what: 'The disk is full', where: '/', why: 'no space', next: 'make room' } as const
  expect(noticeOf({ ...run, state: 'done' })).toEqual({ title: 'Run 3 is done', body: 'a run' })
  expect(noticeOf({ ...run, state: 'failed', error })).toEqual({
    title: 'Run 3 has failed',
    body: 'a run: The disk is full',
  })
})
