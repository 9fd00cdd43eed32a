import { expect, test } from 'vitest'

import { listedRunSchema } from '../../../../src-main/contract/api/runs.ts'
import { cellText, groupText, runsCsv } from '../../../../src-renderer/plot/runs/cells.ts'

const run = listedRunSchema.parse({
  ...{ run: 12345, name: 'a, "b"', method: 'atlas', objective: 'ufm', grouping: 'tensor', linearised: true },
  ...{ state: 'done', seed: 3, created: '2026-11-22T08:00:00Z', ended: null, seconds: 90, iterationsPlanned: 0 },
  ...{ iterationsDone: 0, accuracy: 0.8731, relativeAccuracy: null, engine: null, error: null, leaks: [] },
  ...{ tags: ['cars', 'paper'], notes: 'one\ntwo', pinned: true, trashed: null, base: '/m/ViT.pt', study: null },
})

test('a column says what a run has, and a dash where it has nothing', () => {
  expect([cellText(run, 'run'), cellText(run, 'method'), cellText(run, 'base')]).toEqual([
    ...['12345', 'atlas, linearised', 'ViT.pt'],
  ])
  expect([cellText(run, 'iterations'), cellText(run, 'study'), cellText(run, 'relative')]).toEqual(['–', '–', '–'])
  expect(cellText({ ...run, iterationsPlanned: 4, iterationsDone: 2 }, 'iterations')).toBe('2/4')
  const error = { code: 'history-damaged' as const, what: '', where: '', why: '', next: '' }
  const unread = { ...run, created: '', error }
  expect([cellText(unread, 'run'), cellText(unread, 'name'), cellText(unread, 'seed')]).toEqual([
    ...['12345', 'not readable', '–'],
  ])
})

test('as comma-separated values, with quotes where they are needed', () => {
  expect(runsCsv([run]).split('\r\n')).toEqual([
    'run,name,method,linearised,objective,state,accuracy,relativeAccuracy,iterationsDone,iterationsPlanned,seed,created,seconds,study,base,tags,notes,pinned',
    '12345,"a, ""b""",atlas,true,ufm,done,0.8731,,0,0,3,2026-11-22T08:00:00Z,90,,/m/ViT.pt,"cars, paper","one\ntwo",true',
  ])
})

test('a group says how many runs it has and its best', () => {
  expect(groupText({ runs: 1200, accuracy: 0.5, relativeAccuracy: 0.9 })).toBe(
    '1,200 runs, best 50.0 % (relative 90.0 %)',
  )
  expect(groupText({ runs: 1, accuracy: null, relativeAccuracy: null })).toBe('1 run')
})
