import { expect, test } from 'vitest'

import { type RunId, runId } from '../../../../src-main/contract/branded.ts'
import { Selection } from '../../../../src-renderer/state/history/selection.svelte.ts'

const ids = (...numbers: number[]): RunId[] => numbers.map(runId)

test('Shift reaches from the run ticked before, in the order of the list, also to runs that were never drawn', async () => {
  const selection = new Selection(async () => ids(9, 7, 5, 3, 1))
  await selection.tick(runId(7), true)
  await selection.tick(runId(1), true, true)
  expect(selection.runs).toEqual(ids(7, 5, 3, 1))
  await selection.tick(runId(5), false, true)
  expect(selection.runs).toEqual(ids(7))
  await selection.all()
  expect(selection.size).toBe(5)
  selection.none()
  await selection.tick(runId(3), true, true) // nothing was ticked before
  expect(selection.runs).toEqual(ids(3))
})

test('a run that is found no more is not counted any more', async () => {
  let found = ids(1, 2, 3)
  const selection = new Selection(async () => found)
  await selection.all()
  found = ids(2)
  await selection.settle()
  expect([selection.runs, selection.has(runId(1)), selection.has(runId(2))]).toEqual([ids(2), false, true])
})
