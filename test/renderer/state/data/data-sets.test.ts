// Data sets that were forgotten come back as they were. The other side is a double that answers at once.
import { beforeEach, expect, test, vi } from 'vitest'

import { dataSets } from '../../../../src-renderer/state/data/data-sets.svelte.ts'
import { undo } from '../../../../src-renderer/state/undo.svelte.ts'

const all = ['cars', 'pets', 'sun'].map((name, i) => ({
  id: i + 1,
  name,
  path: `/${name}`,
  source: '',
  state: 'ready',
}))
const gone = vi.hoisted(() => new Set<number>())
vi.mock('../../../../src-renderer/bridge.ts', () => ({
  bridge: { state: 'open', subscribe: () => () => {} },
  client: {
    data: {
      list: async () => all.filter(({ id }) => !gone.has(id)),
      forget: async ({ ids }: { ids: number[] }) => ids.forEach((id) => gone.add(id)),
      bringBack: async ({ ids }: { ids: number[] }) => ids.forEach((id) => gone.delete(id)),
    },
  },
}))
const names = () => dataSets.shown.map(({ name }) => name)

beforeEach(async () => {
  gone.clear()
  undo.close()
  await dataSets.load()
})

test('the selected rows go, and undoing brings just these back', async () => {
  dataSets.select(1, true)
  dataSets.select(3, true)
  await dataSets.forget()
  expect([names(), dataSets.chosen]).toEqual([['pets'], []])
  expect(undo.offer?.text).toBe('2 data sets left the list; the images stay where they are.')
  await undo.use()
  expect([names(), undo.offer]).toEqual([['cars', 'pets', 'sun'], null])
})

test('one is told by its name; without a selection nothing is asked and nothing offered', async () => {
  await dataSets.forget()
  expect([names().length, undo.offer]).toEqual([3, null])
  dataSets.select(2, true)
  await dataSets.forget()
  expect(undo.offer?.text).toBe('pets left the list; the images stay where they are.')
  undo.close()
})
