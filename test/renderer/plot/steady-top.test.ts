// The first row of what is found stays under the reader's Enter while later answers come.
import { expect, test } from 'vitest'

import { steadyTop } from '../../../src-renderer/plot/steady-top.ts'

const rows = (...ids: string[]) => ids.map((id) => ({ id }))
const ids = (found: readonly { id: string }[]) => found.map(({ id }) => id)

test('what a later answer brings stands behind what was first, also where it is meant better', () => {
  const steady = steadyTop()
  expect(ids(steady('run', rows()))).toEqual([])
  expect(ids(steady('run', rows('b', 'c')))).toEqual(['b', 'c'])
  expect(ids(steady('run', rows('a', 'b', 'c')))).toEqual(['b', 'a', 'c'])
  expect(ids(steady('run', rows('z', 'a', 'c', 'b')))).toEqual(['b', 'z', 'a', 'c'])
})

test('another question begins anew, and so does the same one where its first is found no more', () => {
  const steady = steadyTop()
  steady('run', rows('b'))
  expect(ids(steady('run 7', rows('a', 'b')))).toEqual(['a', 'b'])
  expect(ids(steady('run 7', rows('c', 'b')))).toEqual(['c', 'b'])
  expect(ids(steady('run 7', rows('a', 'c', 'b')))).toEqual(['c', 'a', 'b'])
})
