import { expect, it } from 'vitest'

import type { FolderEntry } from '../../../../src-main/contract/api/folders.ts'
import { crumbsOf, joined, nameFault, narrow } from '../../../../src-renderer/components/files/narrow.ts'

const entry = (name: string, kind: FolderEntry['kind']): FolderEntry => ({
  ...{ name, kind, path: `/home/me/${name}` },
  ...{ bytes: null, modified: null },
})
const entries = [
  entry('models', 'folder'),
  entry('.cache', 'folder'),
  entry('vit-b.pt', 'checkpoint'),
  entry('run.json', 'configuration'),
]
const names = (of: FolderEntry[]) => of.map(({ name }) => name)

it('shows folders and the wanted kinds, hidden ones only when asked for', () => {
  expect(names(narrow(entries, { search: '', kinds: ['checkpoint'], hidden: false }))).toEqual(['models', 'vit-b.pt'])
  expect(names(narrow(entries, { search: '', kinds: [], hidden: true }))).toEqual(['models', '.cache'])
})

it('finds by every word of what is typed', () => {
  const wanted = { kinds: ['checkpoint', 'configuration'] as const, hidden: true }
  expect(names(narrow(entries, { ...wanted, search: 'PT vit' }))).toEqual(['vit-b.pt'])
  expect(names(narrow(entries, { ...wanted, search: 'vit run' }))).toEqual([])
})

it('says the way from a root to a folder, on both kinds of system', () => {
  const roots = [
    { name: 'Home', path: '/home/me' },
    { name: 'C:', path: 'C:\\' },
  ]
  expect(crumbsOf({ path: '/home/me/a/b', roots })).toEqual([
    { name: 'Home', path: '/home/me' },
    { name: 'a', path: '/home/me/a' },
    { name: 'b', path: '/home/me/a/b' },
  ])
  expect(crumbsOf({ path: 'C:\\a', roots })).toEqual([
    { name: 'C:', path: 'C:\\' },
    { name: 'a', path: 'C:\\a' },
  ])
  expect(crumbsOf({ path: '/home/melon', roots })).toEqual([{ name: '/home/melon', path: '/home/melon' }])
  expect([joined('/', 'a'), joined('C:\\x', 'a'), joined('/x', 'a')]).toEqual(['/a', 'C:\\x\\a', '/x/a'])
})

it('says what is wrong with the name of a new file', () => {
  expect(nameFault('model.safetensors', entries)).toBeNull()
  for (const name of ['', ' ', '..', 'a/b', 'a\\b', 'run.json']) expect(nameFault(name, entries)).toMatch(/\.$/)
})
