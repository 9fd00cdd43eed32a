// Keys: on no page do two actions that can be done there share one; what a browser keeps to itself is never the only
// way; and the list tells first what can be done on the page that is shown.
import { afterAll, beforeAll, expect, it, vi } from 'vitest'

import { actionGroups, keysOf, listedGroups } from '../../../src-renderer/actions/index.ts'
import { keyMatches } from '../../../src-renderer/actions/keys.ts'
import { pages } from '../../../src-renderer/pages/index.ts'
import { addressOf } from '../../../src-renderer/state/pages.ts'
import { router } from '../../../src-renderer/state/router.svelte.ts'

const place = { location: { hash: '' }, addEventListener: () => undefined }
const numbers = {
  id: 1,
  a: 1,
  b: 2,
  pretrained: 1,
  others: [2],
  run: 1,
  study: 1,
  evaluation: 1,
  topic: 'merge-slerp',
  runs: [1, 2],
  tuning: 1,
  tunings: [1, 2],
}
beforeAll(() => vi.stubGlobal('Element', class {}))
afterAll(() => vi.unstubAllGlobals())

const at = (one: (typeof pages)[number]) => {
  place.location.hash = addressOf(one, numbers)
  router.start(pages, place)
}

it.each(pages.map((one) => [one.name, one] as const))('no two actions of the page %s share a key', (_, one) => {
  at(one)
  const enabled = actionGroups().flatMap(({ actions }) => actions.filter((action) => action.enabled()))
  const keys = enabled.flatMap(keysOf)
  expect(keys.filter((key, i) => keys.indexOf(key) !== i)).toEqual([])
})

it('what a browser keeps to itself is never the only key', () => {
  const reserved = /^Mod\+[NTW]$|^F(5|11|12)$/
  const all = actionGroups().flatMap(({ actions }) => actions)
  expect(all.map(keysOf).filter((keys) => keys.length > 0 && keys.every((key) => reserved.test(key)))).toEqual([])
  expect(all.filter((action) => keysOf(action).includes('Mod+N')).map(({ title }) => title)).toEqual(['New run'])
})

it('the list begins with what can be done on this page', () => {
  for (const one of pages) {
    at(one)
    const [first] = listedGroups()
    if (first?.title === 'On this page') expect(first.actions.every((action) => action.enabled())).toBe(true)
    else expect(first?.title).toBe('Pages')
  }
  const library = pages.find(({ name }) => name === 'library')
  if (library) at(library)
  expect(listedGroups()[0]?.actions.map(({ title }) => title)).toContain('Find a checkpoint')
})

it('knows Space, keys of signs and function keys', () => {
  const pressed = (key: string, code: string, more: Partial<KeyboardEvent> = {}) =>
    ({ key, code, ctrlKey: false, altKey: false, metaKey: false, target: null, ...more }) as KeyboardEvent
  expect(keyMatches('Space', pressed(' ', 'Space'))).toBe(true)
  expect(keyMatches('Mod+,', pressed(',', 'Comma', { ctrlKey: true }))).toBe(true)
  expect(keyMatches('F1', pressed('F1', 'F1'))).toBe(true)
  expect(keyMatches('Mod+K', pressed('k', 'KeyK', { ctrlKey: true }))).toBe(true)
  expect(keyMatches('Mod+K', pressed('k', 'KeyK'))).toBe(false)
})
