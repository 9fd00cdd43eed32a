// A page is one component and one line in the list of pages: its link, its address, its title, and the action and key
// that go to it follow, as a toy page shows that only this folder knows. Addresses in the sources are those of pages.
import { render } from 'svelte/server'
import { afterAll, beforeEach, expect, test, vi } from 'vitest'

import App from '../../src-renderer/App.svelte'
import { act, actionGroups, onKey } from '../../src-renderer/actions/index.ts'
import { pages } from '../../src-renderer/pages/index.ts'
import { addressOf, numbersIn, page } from '../../src-renderer/state/pages.ts'
import { type Place, Router, router } from '../../src-renderer/state/router.svelte.ts'
import Toy from './Toy.svelte'

const toys = [
  page('toy', '/toy', 'Toys', Toy, { nav: 'Alt+Y' }),
  page('some-toys', '/toy/:first/:others+', ({ first, others }) => `Toy ${first} of ${others.length + 1}`, Toy, {
    under: 'toy',
  }),
]

/** A window whose address is this. */
function windowAt(hash: string): Place {
  const listeners: (() => void)[] = []
  return {
    location: {
      get hash() {
        return hash
      },
      set hash(to) {
        hash = to
        for (const listener of listeners) listener()
      },
    },
    addEventListener: (_, listener) => listeners.push(listener),
  }
}

let place: Place
beforeEach(() => {
  vi.stubGlobal('Element', class {})
  place = windowAt('#/')
  router.start([...pages, ...toys], place)
})
afterAll(() => vi.unstubAllGlobals())

const shown = () => {
  const { head, body } = render(App)
  const links = [...body.matchAll(/<nav[\s\S]*?<\/nav>/g)].flatMap(([nav]) => [...nav.matchAll(/<a [^>]*>[^<]*/g)])
  return {
    title: /<title>(.*?)<\/title>/.exec(head)?.[1],
    links: links.map(([link]) => link.replaceAll(/ class="[^"]*"/g, '')),
    body: body.replaceAll(/<!--.*?-->/g, ''),
  }
}

test('a page of the list is in the navigation, at its address, and under its title', () => {
  expect(shown().title).toBe('Welcome · Basil')
  expect(shown().links.at(-1)).toBe('<a href="#/toy">Toys')
  place.location.hash = '#/toy'
  expect(shown().title).toBe('Toys · Basil')
  expect(shown().links.at(-1)).toBe('<a href="#/toy" aria-current="page">Toys')
  expect(shown().body).toContain('A toy of 0')
  place.location.hash = '#/toy/3/4,5'
  expect(shown().title).toBe('Toy 3 of 3 · Basil')
  expect(shown().links.at(-1)).toBe('<a href="#/toy" aria-current="true">Toys')
  expect(shown().body).toContain('A toy of 3, and 4 and 5.')
})

test('every page has pictures that are kept, in light and dark, large and small', () => {
  const kept = Object.keys(import.meta.glob('../e2e/pictures/*.webp')).map((path) => path.split('/').pop() ?? '')
  const called: Readonly<Record<string, string>> = { run: 'report', topic: 'help-method' }
  const wanted = pages.flatMap(({ name }) =>
    [1440, 1000].flatMap((width) => ['light', 'dark'].map((look) => `${called[name] ?? name}-${width}-${look}.webp`)),
  )
  expect(wanted.length).toBeGreaterThan(100)
  expect(wanted.filter((name) => !kept.includes(name))).toEqual([])
})

test('what was begun on a page shows its own when it is there, not to one who went elsewhere meanwhile', async () => {
  const begin = (started: Promise<number>) => router.goAfter(started, (first) => ['some-toys', { first, others: [5] }])
  const stays = Promise.withResolvers<number>()
  const stayed = begin(stays.promise)
  stays.resolve(3)
  await stayed
  expect(place.location.hash).toBe('#/toy/3/5')

  const leaves = Promise.withResolvers<number>()
  const left = begin(leaves.promise)
  place.location.hash = '#/history'
  leaves.resolve(4)
  await left
  expect(place.location.hash).toBe('#/history')

  const refused = begin(Promise.reject(new Error('the configuration is refused')))
  await expect(refused).rejects.toThrow('the configuration is refused')
  expect(place.location.hash).toBe('#/history')
})

test('its action is among all others, and its key goes to it', async () => {
  const actions = actionGroups().flatMap((group) => group.actions)
  const go = actions.filter(({ title }) => title === 'Go to Toys')
  expect(go.map(({ shortcut }) => shortcut)).toEqual(['Alt+Y'])
  for (const one of go) await act(one)
  expect(place.location.hash).toBe('#/toy')
  place.location.hash = '#/'
  const press = { code: 'KeyY', key: 'y', altKey: true, ctrlKey: false, metaKey: false, preventDefault: vi.fn() }
  onKey(press as unknown as KeyboardEvent)
  expect(router.at('toy')).toBe(true)
  expect(press.preventDefault).toHaveBeenCalledOnce()
})

test('an id is of one action, and a page’s key of one page', () => {
  const ids = actionGroups().flatMap((group) => group.actions.map(({ id }) => id))
  expect(ids.filter((id, i) => ids.indexOf(id) !== i)).toEqual([])
  const keys = router.pages.flatMap(({ nav = [] }) => nav)
  expect(keys.filter((key, i) => keys.indexOf(key) !== i)).toEqual([])
})

test('an address is a page’s and back, and what no page has is the page that says so (bug 19)', () => {
  const numbers = {
    id: 7,
    a: 1,
    b: 2,
    pretrained: 3,
    others: [4, 5],
    run: 6,
    study: 8,
    evaluation: 9,
    topic: 'merge-ties',
    runs: [1, 2],
    tuning: 3,
    tunings: [3, 4],
  }
  for (const one of pages) {
    const own = new Router()
    const at = windowAt(addressOf(one, numbers))
    own.start(pages, at)
    expect(own.current?.page).toBe(one)
    expect(addressOf(one, own.current?.numbers)).toBe(at.location.hash)
    expect(own.current?.numbers).toEqual(numbersIn(one, at.location.hash))
  }
  for (const nowhere of [
    '',
    '#/nothing',
    '#/run/x',
    '#/run/1234567890123',
    '#/compare/1',
    '#/compatible/1/',
    '#/help/A',
    '#/toy',
  ])
    expect(Object.values(pages).filter((one) => numbersIn(one, nowhere))).toEqual([])
  place.location.hash = '#/nothing'
  expect(router.current?.page.name).toBe('nowhere')
  expect(shown().body).toContain('There is no such page')
  place.location.hash = ''
  expect(router.current?.page.name).toBe('welcome')
  expect(() => router.go('nothing')).toThrow('There is no page "nothing".')
  expect(() => router.go('run')).toThrow('wants "run"')
})

const texts = import.meta.glob<string>('../../src-renderer/**/*.{ts,svelte}', {
  query: '?raw',
  import: 'default',
  eager: true,
})
const sources = Object.entries(texts)
  .map(([path, text]) => ({ file: path.replace('../../src-renderer/', ''), text }))
  .filter(({ file }) => file !== 'pages/index.ts')

test('what shows, finds and goes to pages names none of them', () => {
  const asking = ['App.svelte', 'pages/Page.svelte', 'state/pages.ts', 'state/router.svelte.ts', 'actions/go.ts']
  const found = sources.filter(({ file }) => asking.includes(file))
  expect(found).toHaveLength(asking.length)
  const named = found.flatMap(({ file, text }) =>
    pages.flatMap(({ name, nav, title }) =>
      nav !== undefined &&
      [`'${name}'`, `>${title({})}<`, `'${title({})}'`, `#/${name}`].some((one) => text.includes(one))
        ? [`${file}: ${name}`]
        : [],
    ),
  )
  expect(named).toEqual([])
  const shortcuts = pages.flatMap(({ nav = [] }) => nav)
  const taken = sources.flatMap(({ file, text }) =>
    shortcuts.filter((key) => text.includes(`'${key}'`)).map((key) => `${file}: ${key}`),
  )
  expect(taken).toEqual([])
})

test('every page that a source names, and every address in it, is there', () => {
  const names = new Set(pages.map(({ name }) => name))
  let looked = 0
  for (const { file, text } of sources) {
    for (const [, name = ''] of text.matchAll(/(?:router\.(?:at|go|page)|goTo)\('([^']*)'/g)) {
      expect([file, names.has(name), name]).toEqual([file, true, name])
      looked++
    }
    for (const [, path = ''] of text.matchAll(/["'`](#\/(?:\$?\{[^}]*\}|[^"'`{])*)["'`]/g)) {
      const address = path.replaceAll(/\$?\{[^}]*\}/g, '1')
      expect([file, address, pages.some((one) => numbersIn(one, address))]).toEqual([file, address, true])
      looked++
    }
  }
  expect(looked).toBeGreaterThan(60)
})
