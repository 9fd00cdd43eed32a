// The library's table: rows outlive their files, numbers are never used twice, and a relink is whole or not at all.

import { expect, test } from 'vitest'

import { bytes, sha256 } from '../../src-main/contract/branded.ts'
import type { Description } from '../../src-main/contract/checkpoint.ts'
import {
  addEntries,
  contentOf,
  describeEntry,
  entriesOf,
  entriesWith,
  entryAt,
  entryOf,
  forgetEntry,
  type Place,
  putChanged,
  putFacts,
  putHash,
  putState,
  relink,
  unhashedEntries,
  unreadEntries,
} from '../../src-main/history/library/entries.ts'
import { type History, recoverable, transaction } from '../../src-main/history/statement.ts'
import { folder, now, opened, read } from './rows.ts'

const place = (path: string): Place => ({
  path,
  target: path,
  parts: [],
  bytes: bytes(10),
  modified: 1.5,
  quick: `ends of ${path}`,
})
const description: Description = {
  file: '/a',
  bytes: 10,
  format: 'safetensors',
  layout: 'unknown',
  architecture: { name: 'ViT', width: 128 },
  role: 'unknown',
  dtype: 'F32',
  tensors: [{ name: 'w', dtype: 'F32', shape: [2, 3] }],
  blocks: 1,
  parameters: 6,
  metadata: { made: 'by hand' },
}

/** A library of these paths, each read and hashed. */
async function hashed(...paths: string[]): Promise<{ history: History; ids: number[] }> {
  const history = await opened(folder())
  const ids = addEntries(history, paths.map(place), now)
  for (const id of ids) {
    putFacts(history, id, description)
    putHash(history, id, sha256(`hash ${id}`))
  }
  return { history, ids }
}

test('a row goes from added to read to hashed, and back when its content changes', async () => {
  const history = await opened(folder())
  const [id = 0] = addEntries(history, [place('/a')], now)
  const stages = () => [unreadEntries(history).length, unhashedEntries(history).length]
  expect(stages()).toEqual([1, 0])
  putFacts(history, id, description)
  expect(stages()).toEqual([0, 1])
  putHash(history, id, sha256('abc'))
  expect(stages()).toEqual([0, 0])
  expect(entryOf(history, id)).toMatchObject({
    state: 'present',
    sha256: 'abc',
    fresh: false,
    facts: { tensors: 1, format: 'safetensors' },
  })
  expect(contentOf(history, id)).toEqual({ tensors: description.tensors, metadata: description.metadata })
  putChanged(history, id, { ...place('/a'), bytes: bytes(11) })
  expect(entryOf(history, id)).toMatchObject({ state: 'changed', sha256: null, facts: null, bytes: 11 })
  expect(contentOf(history, id)).toEqual({ tensors: [], metadata: {} })
  expect(stages()).toEqual([1, 0])
})

test('a row is known by its path and by the file behind it; numbers are never used twice', async () => {
  const { history, ids } = await hashed('/a', '/b')
  expect(entryAt(history, { path: '/link', target: '/b' })?.id).toBe(ids[1])
  expect(() => addEntries(history, [place('/c'), place('/a')], now)).toThrow('UNIQUE')
  expect(entriesOf(history)).toHaveLength(2) // all or none
  forgetEntry(history, ids[1] ?? 0)
  expect(addEntries(history, [place('/b')], now)).not.toContain(ids[1])
})

test('relinking gives the old row the new place and content, and is undone whole when it fails', async () => {
  const { history, ids } = await hashed('/old', '/other')
  const [old = 0] = ids
  describeEntry(history, old, { role: 'head', tags: ['a'], notes: '' })
  putState(history, old, 'missing', null)
  const [fresh = 0] = addEntries(history, [{ ...place('/new'), modified: 2 }], now)
  putFacts(history, fresh, { ...description, dtype: 'F16' })
  putHash(history, fresh, sha256(`hash ${old}`))
  const [gone, found] = [entryOf(history, old), entryOf(history, fresh)]
  if (!gone || !found) throw new Error('rows are missing')
  const before = entriesOf(history)
  expect(() =>
    transaction(history, () => {
      relink(history, gone, found)
      throw new Error('the disk is full')
    }),
  ).toThrow('full')
  expect(entriesOf(history)).toEqual(before)
  transaction(history, () => relink(history, gone, found))
  expect(entriesWith(history, sha256(`hash ${old}`))).toMatchObject([
    { id: old, path: '/new', modified: 2, state: 'present', role: 'head', tags: ['a'], facts: { dtype: 'F16' } },
  ])
  expect(entryOf(history, fresh)).toBeUndefined()
})

test('what is recoverable does not wait for the disk, and what comes after it does again', async () => {
  const home = folder()
  const history = await opened(home)
  const synchronous = () => history.db.pragma('synchronous', { simple: true })
  expect(recoverable(history, synchronous)).toBe(1)
  expect(synchronous()).toBe(2)
  expect(() =>
    recoverable(history, () => {
      throw new Error('no')
    }),
  ).toThrow('no')
  expect(synchronous()).toBe(2)
  recoverable(history, () => addEntries(history, [place('/a')], now))
  expect(entriesOf(await read(home))).toHaveLength(1)
})
