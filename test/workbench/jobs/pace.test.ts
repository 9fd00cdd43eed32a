// How long a job still takes by its own progress, with a clock of the test's.
import { expect, test } from 'vitest'

import { paced } from '../../../src-main/workbench/jobs/pace.ts'

function told() {
  let time = 0
  const said: (number | null | undefined)[][] = []
  const { signal } = new AbortController()
  const work = paced({ signal, tell: (_, left, share) => void said.push([left, share]) }, () => time)
  return {
    said,
    at: (seconds: number, progress: Omit<Parameters<typeof work.tell>[0], 'what'> & { what?: string }) => {
      time = 1000 * seconds
      work.tell({ what: 'Merging', ...progress })
    },
  }
}

test('what is left takes as long, in proportion, as what was done since its first word', () => {
  const { said, at } = told()
  at(100, { done: 0, total: 40 })
  at(110, { done: 10, total: 40 })
  at(140, { done: 30, total: 40 })
  at(150, { done: 40, total: 40 })
  expect(said).toEqual([
    [null, 0],
    [30, 0.25],
    [40 / 3, 0.75],
    [1, 1],
  ])
})

test('of several pieces the whole counts where it is told, else each by itself', () => {
  const { said, at } = told()
  at(0, { what: 'a', done: 0, total: 10, whole: { done: 0, total: 30 } })
  at(10, { what: 'b', done: 0, total: 20, whole: { done: 10, total: 30 } })
  at(20, { what: 'b', done: 10, total: 20, whole: { done: 20, total: 30 } })
  expect(said).toEqual([
    [null, 0],
    [20, 1 / 3],
    [10, 2 / 3],
  ])
  at(21, { what: 'Looking', done: 0, total: 4 })
  at(22, { what: 'Looking', done: 1, total: 4 })
  at(30, { what: 'Opening', done: 0, total: 0 })
  expect(said.slice(3)).toEqual([
    [null, 0],
    [3, 0.25],
    [null, undefined],
  ])
})
