// The table of a study says only what its rows say: means over the seeds an arm has done whole, differences on the
// seeds two arms share.

import { expect, test } from 'vitest'

import type { StudyRun } from '../../../src-main/contract/api/studies.ts'
import { runId } from '../../../src-main/contract/branded.ts'
import { tableOf } from '../../../src-main/workbench/studies/table.ts'

let place = 0
const run = (arm: string, seed: number, accuracy: number | null, more: Partial<StudyRun> = {}): StudyRun => ({
  place: place++,
  arm,
  part: '',
  seed,
  run: runId(place),
  state: 'done',
  accuracy,
  relativeAccuracy: null,
  control: null,
  pretrained: 0.5,
  finetuned: null,
  leaks: [],
  error: null,
  ...more,
})

test('mean, deviation and paired difference are of the seeds that both have', () => {
  const [first, second] = tableOf([
    run('a', 0, 0.7),
    run('b', 0, 0.72),
    run('a', 1, 0.8),
    run('b', 1, 0.83),
    run('a', 2, 0.9),
    run('b', 2, null, { state: 'waiting', run: null }),
  ])
  expect(first).toMatchObject({ arm: 'a', seeds: 3, paired: null, pretrained: 0.5, finetuned: null })
  expect(first?.accuracy?.mean).toBeCloseTo(0.8, 12)
  expect(first?.accuracy?.deviation).toBeCloseTo(0.1, 12)
  expect(first?.relativeAccuracy).toBeNull()
  expect(second?.seeds).toBe(2)
  expect(second?.paired?.seeds).toBe(2)
  expect(second?.paired?.difference).toBeCloseTo(0.025, 12)
  // d = 0.02, 0.03: t = 5 with one degree of freedom
  expect(second?.paired?.p).toBeCloseTo(1 - (2 / Math.PI) * Math.atan(5), 9)
})

test('an arm of several parts is one row: a seed counts when all its parts are done', () => {
  const [row] = tableOf([
    run('a', 0, 0.2, { part: 'cars', control: 0.6 }),
    run('a', 0, 0.4, { part: 'dtd', control: 0.5 }),
    run('a', 1, 0.5, { part: 'cars', control: 0.6 }),
    run('a', 1, null, { part: 'dtd', state: 'failed' }),
  ])
  expect(row).toMatchObject({ seeds: 1, parts: 2, failed: 1 })
  expect(row?.accuracy).toEqual({ mean: expect.closeTo(0.3, 12), deviation: null })
  expect(row?.control?.mean).toBeCloseTo(0.55, 12)
})

test('one unknown relative accuracy leaves the mean unknown', () => {
  const [row] = tableOf([run('a', 0, 0.2, { relativeAccuracy: 0.9 }), run('a', 1, 0.2)])
  expect(row?.accuracy).not.toBeNull()
  expect(row?.relativeAccuracy).toBeNull()
})

test('nothing done is nothing measured', () => {
  const [a, b] = tableOf([run('a', 0, null, { state: 'waiting' }), run('b', 0, 0.3)])
  expect(a).toMatchObject({ seeds: 0, accuracy: null, pretrained: null })
  expect(b).toMatchObject({ seeds: 1, paired: null })
})

test('an arm carries the marks of its runs, each once', () => {
  const leaks = [{ task: 'cars', split: 'training' as const, images: 3, of: 9, unlabelled: false }]
  const [a, b] = tableOf([run('a', 0, 0.2, { leaks }), run('a', 1, 0.3, { leaks }), run('b', 0, 0.3)])
  expect(a?.leaks).toEqual(leaks)
  expect(b?.leaks).toEqual([])
})

test('of a large study one run that ended makes its own arm anew, and every arm where it is of the first', () => {
  const runs = ['a', 'b', 'c'].flatMap((arm) => [0, 1, 2].map((seed) => run(arm, seed, 0.1 * (seed + 1))))
  const after = (place: number) => {
    const before = tableOf(runs)
    const changed = runs.map((one, i) => (i === place ? { ...one, accuracy: 0.9 } : one))
    const now = tableOf(changed)
    expect(now).toEqual(tableOf(structuredClone(changed))) // as from nothing
    return now.map((row, i) => row === before[i])
  }
  expect(tableOf(runs).map((row, i) => row === tableOf([...runs])[i])).toEqual([true, true, true])
  expect(after(5)).toEqual([true, false, true])
  expect(after(1)).toEqual([false, false, false])
  expect(tableOf(runs.slice(0, 5)).map(({ seeds }) => seeds)).toEqual([3, 2])
})
