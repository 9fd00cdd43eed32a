// What dialogs and lists offer and say, as Svelte renders them of a library and of data sets that a double answers
// with.
import { render } from 'svelte/server'
import { beforeAll, expect, test, vi } from 'vitest'

import Rows from '../../../src-renderer/pages/data/Rows.svelte'
import ModelChoice from '../../../src-renderer/pages/heads/ModelChoice.svelte'
import { checkpoints } from '../../../src-renderer/state/checkpoints/checkpoints.svelte.ts'
import { dataSets } from '../../../src-renderer/state/data/data-sets.svelte.ts'
import { entry } from '../entry-fixture.ts'

const text = { heads: { value: 2, from: 'a file', assumed: false } }
const models = [
  entry(1, { name: 'image-alone.pt', role: 'pre-trained', towers: { vision: null, text: null } }),
  entry(2, { name: 'whole.pt', role: 'pre-trained', towers: { vision: null, text: text as never } }),
  entry(3, { name: 'of-old.pt', role: 'pre-trained' }), // read before towers were told
  entry(4, { name: 'tuned-alone.pt', towers: { vision: null, text: null } }),
]
const sets = [1, 3].map((leaked) => ({
  ...{ id: leaked, name: `set of ${leaked}`, path: `/${leaked}`, source: 'folder', state: 'present', error: null },
  ...{ splits: [], field: [], leftOut: [], classes: 2, bytes: 10, leaked },
}))
vi.mock('../../../src-renderer/bridge.ts', () => ({
  bridge: { state: 'open', subscribe: () => () => {} },
  client: {
    library: { list: async () => ({ entries: models, sets: [], work: null }) },
    data: { list: async () => sets },
  },
}))
const textOf = (html: string): string =>
  html
    .replaceAll(/<!--.*?-->|<[^>]*>/g, ' ')
    .replaceAll(/\s+/g, ' ')
    .trim()

beforeAll(async () => {
  await Promise.all([checkpoints.load(), dataSets.load()])
})

test('“Make a head” offers no model without a text tower, and says how many it leaves out (bug 15)', () => {
  const offered = (props: { text?: boolean }) => {
    const { body } = render(ModelChoice, { props: { model: null, ...props } })
    return { models: [...body.matchAll(/<option[^>]*>([^<,]*)/g)].map(([, name]) => name), said: textOf(body) }
  }
  expect(offered({ text: true }).models).toEqual(['whole.pt', 'of-old.pt'])
  expect(offered({ text: true }).said).toContain('2 checkpoints are not offered: they have an image tower alone')
  expect(offered({}).models).toHaveLength(4) // a probe reads images alone
  expect(offered({}).said).not.toContain('not offered')
})

test('one leak is “1 leak” in the list of data sets (bug 19)', () => {
  const said = textOf(render(Rows, { props: {} }).body)
  expect(said.match(/\d+ leaks?\b/g)).toEqual(['1 leak', '3 leaks'])
})

test('every column of the list of data sets has a name (bug 19)', () => {
  const { body } = render(Rows, { props: {} })
  const heads = [...body.matchAll(/<th\b[\s\S]*?<\/th>/g)].map(([head]) => textOf(head))
  expect(heads).toHaveLength(8)
  expect(heads).not.toContain('')
})
