// A part of more work says how far the whole is, and is left where nobody listens any more.
import { expect, test } from 'vitest'

import type { Progress } from '../../../src-main/contract/run/run.ts'
import { ofWhole } from '../../../src-main/engine/evaluation/of-whole.ts'

async function* part(left: string[]): AsyncGenerator<Progress, string> {
  try {
    for (const done of [0, 5]) yield { type: 'progress', what: 'a part', done, total: 10 }
    return 'made'
  } finally {
    left.push('left')
  }
}

test('progress goes on from what was before, and the result is that of the part', async () => {
  const left: string[] = []
  const work = ofWhole(20, 40, part(left))
  const told = [await work.next(), await work.next(), await work.next()]
  expect(told.slice(0, 2).map(({ value }) => value)).toMatchObject([
    { what: 'a part', done: 0, total: 10, whole: { done: 20, total: 40 } },
    { done: 5, whole: { done: 25, total: 40 } },
  ])
  expect([told[2], left]).toEqual([{ done: true, value: 'made' }, ['left']])
})

test('whoever leaves early leaves the part too', async () => {
  const left: string[] = []
  for await (const _ of ofWhole(0, 10, part(left))) break
  expect(left).toEqual(['left'])
})
