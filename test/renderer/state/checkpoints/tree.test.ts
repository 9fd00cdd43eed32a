import { expect, it } from 'vitest'

import { distinctNames, folderOf, type Item, itemsOf } from '../../../../src-renderer/state/checkpoints/tree.ts'
import { entry } from '../../entry-fixture.ts'

const entries = [
  entry(1, { path: '/home/me/models/clip/base.pt', name: 'base.pt', role: 'pre-trained' }),
  entry(2, { path: '/home/me/models/clip/cars/tuned.pt', name: 'tuned.pt' }),
  entry(3, { path: '/home/me/models/clip/dtd/tuned.pt', name: 'tuned.pt' }),
  entry(4, { path: '/data/head.pt', name: 'head.pt', role: 'head', architecture: null }),
]
const drawn = (items: Item[]) =>
  items.map((item) =>
    item.kind === 'group'
      ? `${' '.repeat(item.depth)}${item.closed ? '+' : '-'} ${item.name} (${item.count})`
      : `${' '.repeat(item.depth)}${item.entry.id}`,
  )

it('draws folders as a tree, those without rows of their own together', () => {
  expect(drawn(itemsOf(entries, 'folder', new Set()))).toEqual([
    '- /data (1)',
    ' 4',
    '- /home/me/models/clip (3)',
    ' - cars (1)',
    '  2',
    ' - dtd (1)',
    '  3',
    ' 1',
  ])
})

it('shows of what is closed its heading alone', () => {
  expect(drawn(itemsOf(entries, 'folder', new Set(['folder /home/me/models/clip'])))).toEqual([
    '- /data (1)',
    ' 4',
    '+ /home/me/models/clip (3)',
  ])
})

it('puts rows under their architecture, the pre-trained one first, and heads at the end', () => {
  const items = itemsOf([...entries].reverse(), 'base', new Set())
  expect(drawn(items)).toEqual(['- ViT-B/32 (3)', ' 1', ' 3', ' 2', '- Heads, data and coefficients (1)', ' 4'])
  expect(items[0]).toMatchObject({ title: 'Pre-trained: base.pt', folder: null })
})

it('tells files of one name apart by their folders', () => {
  expect([...distinctNames(entries)]).toEqual([
    [1, 'base.pt'],
    [2, 'cars/tuned.pt'],
    [3, 'dtd/tuned.pt'],
    [4, 'head.pt'],
  ])
  const deep = [entry(1, { path: '/a/x/m.pt', name: 'm.pt' }), entry(2, { path: '/b/x/m.pt', name: 'm.pt' })]
  expect([...distinctNames(deep).values()]).toEqual(['a/x/m.pt', 'b/x/m.pt'])
  expect([folderOf('/m.pt'), folderOf('/a/b/m.pt'), folderOf('C:\\a\\m.pt')]).toEqual(['/', '/a/b', 'C:\\a'])
})
