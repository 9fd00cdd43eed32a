import { expect, test } from 'vitest'

import { placesOf } from '../../../../src-renderer/state/history/groups.ts'

const groups = [
  { key: 'a', runs: 2 },
  { key: 'b', runs: 0 },
  { key: 'c', runs: 3 },
]
const all = ({ total, at }: ReturnType<typeof placesOf>) => Array.from({ length: total }, (_, place) => at(place))

test('without groups a place is a run', () => {
  expect(all(placesOf([], new Set(), 3))).toEqual([{ run: 0 }, { run: 1 }, { run: 2 }])
  expect([placesOf([], new Set(), 3).at(3), placesOf([], new Set(), 0).at(0)]).toEqual([null, null])
})

test('each group has a heading before its runs, and keeps their numbers when another is folded', () => {
  const open = [
    ...[{ group: 0 }, { run: 0 }, { run: 1 }, { group: 1 }],
    ...[{ group: 2 }, { run: 2 }, { run: 3 }, { run: 4 }],
  ]
  expect(all(placesOf(groups, new Set(), 5))).toEqual(open)
  const folded = placesOf(groups, new Set(['a', 'gone']), 5)
  expect(all(folded)).toEqual([{ group: 0 }, ...open.slice(3)])
  expect([folded.at(-1), folded.at(6)]).toEqual([null, null])
})
