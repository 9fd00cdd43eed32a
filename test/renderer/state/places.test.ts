// Rows of a study put in their places, where an answer holds only those that changed.
import { expect, it } from 'vitest'

import { inPlaces } from '../../../src-renderer/state/studies/places.ts'

const row = (place: number, what = 'old') => ({ place, what })

it('takes what changed, lets the rest be the same, and puts new ones where they belong', () => {
  const before = [row(0), row(1), row(4)]
  const after = inPlaces(before, [row(3, 'new'), row(1, 'new')], false)
  expect(after).toEqual([row(0), row(1, 'new'), row(3, 'new'), row(4)])
  expect(after[0]).toBe(before[0])
  expect(inPlaces(before, [], false)).toEqual(before)
})

it('forgets those of before where all are told', () => {
  expect(inPlaces([row(0), row(1)], [row(1, 'new')], true)).toEqual([row(1, 'new')])
})
