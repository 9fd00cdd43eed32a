// When jobs begin and end: in the order of the queue, as far as anybody knows.
import { expect, test } from 'vitest'

import { later, timesOf, waitParts, whenText } from '../../../../src-renderer/plot/queue/times.ts'
import { jobLike } from '../../job-fixture.ts'

const of = (...jobs: Parameters<typeof jobLike>[0][]) => {
  const all = jobs.map((job, i) => jobLike({ job: i + 1, ...job }))
  const times = timesOf(all)
  return all.map(({ job }) => times.get(job))
}

test('each begins when the one before it ends', () => {
  expect(
    of(
      { state: 'running', remainingSeconds: 60 },
      { state: 'waiting', expectedSeconds: 30 },
      { state: 'paused', expectedSeconds: 500 },
      { state: 'waiting', expectedSeconds: 10 },
    ),
  ).toEqual([{ begins: 0, ends: 60 }, { begins: 60, ends: 90 }, undefined, { begins: 90, ends: 100 }])
})

test('after what nobody knows the length of, nothing is known; before it, all is', () => {
  expect(of({ state: 'running', remainingSeconds: null }, { state: 'waiting', expectedSeconds: 10 })[1]).toEqual({
    ...{ begins: null, ends: null },
  })
  expect(
    of(
      { state: 'running', remainingSeconds: 5 },
      { state: 'waiting', expectedSeconds: null },
      { state: 'waiting', expectedSeconds: 10 },
    ),
  ).toEqual([
    { begins: 0, ends: 5 },
    { begins: 5, ends: null },
    { begins: null, ends: null },
  ])
})

test('work on files does not wait for the engine, and two of it go on beside each other', () => {
  const file = { needs: 'reader', state: 'waiting' } as const
  expect(
    of(
      { state: 'running', remainingSeconds: 60 },
      { ...file, state: 'running', remainingSeconds: 20 },
      { ...file, expectedSeconds: 8 },
      { ...file, expectedSeconds: 3 },
      { state: 'waiting', expectedSeconds: 1 },
    ).map((times) => times?.begins),
  ).toEqual([0, 0, 0, 8, 60])
})

test('words say when, that it is held, and what is not known', () => {
  const times = later(new Map([[1, { begins: 90, ends: 100 }]]), 30)
  expect(times.get(1)).toEqual({ begins: 60, ends: 70 })
  expect(whenText(jobLike({ state: 'waiting' }), times.get(1))).toBe(
    'Begins in about 1 min 0 s, ends in about 1 min 10 s.',
  )
  expect(whenText(jobLike({ state: 'running' }), { begins: 0, ends: 9 })).toBe('Ends in about 9 s.')
  expect(whenText(jobLike({ state: 'running' }))).toBe('How long it will take is not known yet.')
  expect(whenText(jobLike({ state: 'running', pausing: true }))).toBe('Pauses at the next place where it can go on.')
  expect(whenText(jobLike({ state: 'paused', expectedSeconds: 61 }))).toBe(
    'Keeps its place until it is resumed, with about 1 min 1 s to go.',
  )
  expect(whenText(jobLike({ state: 'waiting' }))).toBe('When it begins is not known yet.')
})

test('what waits is told in whole sentences', () => {
  expect(waitParts('This run', true, 0, null)).toEqual({
    first: 'is at work. This run will wait for its turn and begin by itself.',
    last: '',
  })
  expect(waitParts('This study', false, 2, 90)).toEqual({
    first: 'waits, and',
    last: 'are in the queue. This study will wait for its turn, about 1 min 30 s, and begin by itself.',
  })
})
