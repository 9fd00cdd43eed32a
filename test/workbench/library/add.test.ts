// What adding finds and what a row says of it.
import { createHash } from 'node:crypto'
import { copyFileSync, linkSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'

import { expect, test } from 'vitest'

import { scan } from '../../../src-main/workbench/library/scan.ts'
import { checkpoint, libraryAt, setting, settled } from './setting.ts'

const names = (rows: { path: string }[]): string[] => rows.map(({ path }) => basename(path)).sort()

test('a folder is walked for checkpoints alone; rows are there at once, and read and hashed after that', async () => {
  const { folder, workbench, library } = await setting({
    'a.safetensors': checkpoint(1),
    'deep/er/b.safetensors': checkpoint(2),
    'notes.txt': 'x',
    'config.json': '{}',
    LICENSE: 'x',
    '.git/c.safetensors': checkpoint(3),
    'node_modules/d.safetensors': checkpoint(4),
  })
  const told = await library.add([folder])
  expect(told).toMatchObject({ known: [], refused: [] })
  const early = (await library.list()).entries
  expect(names(early)).toEqual(['a.safetensors', 'b.safetensors'])
  expect(early.map(({ id }) => id)).toEqual(told.added)
  const [a, b] = await settled(workbench)
  const sha256 = createHash('sha256').update(checkpoint(1)).digest('hex')
  expect(a).toMatchObject({
    state: 'present',
    sha256,
    format: 'safetensors',
    tensors: 1,
    parameters: 4,
    bytes: checkpoint(1).length,
    twins: [],
    runs: 0,
  })
  expect(b?.sha256).not.toBe(sha256)
  expect(library.show(a?.id ?? 0).list).toEqual([{ name: 'weight', dtype: 'F32', shape: [4] }])
  expect(await library.add([folder, join(folder, 'a.safetensors')])).toMatchObject({ added: [], known: [a?.id, b?.id] })
})

test('what was added is there again at the next start, and what was not read yet is read then', async () => {
  const { folder, home, workbench, library } = await setting(
    { 'a.safetensors': checkpoint(1), 'b.safetensors': checkpoint(2) },
    { hash: 'never' },
  )
  await library.add([folder])
  await workbench.close()
  const next = await libraryAt(home)
  expect((await settled(next)).map(({ sha256 }) => sha256?.length)).toEqual([64, 64])
})

test('a path that is not there, cannot be walked or is no checkpoint is refused with its reason, and the rest is added', async () => {
  const { folder, library } = await setting({ 'a.safetensors': checkpoint(1), 'ft_accuracies.json': '{}' })
  const told = await library.add([
    join(folder, 'none.pt'),
    join(folder, 'a.safetensors'),
    join(folder, 'ft_accuracies.json'),
  ])
  expect(told.added).toHaveLength(1)
  expect(told.refused).toMatchObject([
    { code: 'file-missing', where: join(folder, 'none.pt') },
    { code: 'format-unknown', where: join(folder, 'ft_accuracies.json') },
  ])
})

test('a file without an ending is taken when the person names it, and shown unreadable when it is none', async () => {
  const { folder, workbench, library } = await setting({ model: checkpoint(1), README: 'no weights here' })
  expect((await library.add([folder])).added).toEqual([])
  await library.add([join(folder, 'model'), join(folder, 'README')])
  expect((await settled(workbench)).map(({ state, format, error }) => [state, format, error?.code])).toEqual([
    ['unreadable', null, 'format-unknown'],
    ['present', 'safetensors', undefined],
  ])
})

test('a link whose file is not there is a row that says so, and is read when the file is there again', async () => {
  const { folder, workbench, library } = await setting({ 'a.safetensors': checkpoint(1) })
  symlinkSync(join(folder, 'disk/b'), join(folder, 'b.safetensors'))
  symlinkSync(join(folder, 'gone'), join(folder, 'runs'))
  symlinkSync(join(folder, 'gone.txt'), join(folder, 'notes.txt'))
  const told = await library.add([folder])
  expect(told.added).toHaveLength(2)
  expect(told.refused).toMatchObject([{ code: 'file-missing', where: join(folder, 'runs') }])
  const states = async (): Promise<unknown> =>
    (await settled(workbench)).map(({ path, state, error }) => [basename(path), state, error?.code])
  expect(await states()).toEqual(
    expect.arrayContaining([
      ['a.safetensors', 'present', undefined],
      ['b.safetensors', 'missing', 'file-missing'],
    ]),
  )
  mkdirSync(join(folder, 'disk'))
  writeFileSync(join(folder, 'disk/b'), checkpoint(2))
  await library.refresh()
  expect(await states()).toContainEqual(['b.safetensors', 'present', undefined])
})

test('what macOS keeps beside a file under "._" is no checkpoint, walked to or named', async () => {
  const { folder, library } = await setting({ 'x.safetensors': checkpoint(1), '._x.safetensors': 'Mac OS X' })
  expect((await library.add([folder])).added).toHaveLength(1)
  const told = await library.add([join(folder, '._x.safetensors')])
  expect([told.added, told.refused.map(({ code }) => code)]).toEqual([[], ['format-unknown']])
})

test('a link and its target are one row, under the name of the target where that is a checkpoint too; links that go round end', async () => {
  const { folder, workbench, library } = await setting({
    'z/real.safetensors': checkpoint(1),
    'blobs/0123abcd': checkpoint(2),
  })
  mkdirSync(join(folder, 'snapshots'))
  symlinkSync(join(folder, 'z/real.safetensors'), join(folder, 'a-link.safetensors'))
  // how Hugging Face keeps what it fetched
  symlinkSync('../blobs/0123abcd', join(folder, 'snapshots/model.safetensors'))
  symlinkSync(folder, join(folder, 'z/round'))
  expect(await library.add([folder])).toMatchObject({ refused: [] })
  const entries = await settled(workbench)
  expect(entries.map(({ path }) => path).sort()).toEqual([
    join(folder, 'snapshots/model.safetensors'),
    join(folder, 'z/real.safetensors'),
  ])
  expect(entries.find(({ path }) => path.includes('snapshots'))?.name).toBe('snapshots/model.safetensors')
  const { known } = await library.add([join(folder, 'a-link.safetensors')])
  expect(known).toEqual([entries.find(({ path }) => path.includes('real'))?.id])
})

test('twins are shown, before their hashes are there and after; two places that differ in case alone are two rows', async () => {
  const files = {
    'MNIST/finetuned.safetensors': checkpoint(1),
    'mnist/finetuned.safetensors': checkpoint(1),
    'other.safetensors': checkpoint(2),
  }
  const { folder, home, workbench, library } = await setting(files, { hash: 'never' })
  // another name on disk that lives on without the first
  linkSync(join(folder, 'other.safetensors'), join(folder, 'hard.safetensors'))
  const { added } = await library.add([folder])
  const twins = async (from = library) => (await from.list()).entries.map(({ twins }) => twins)
  const [upper = 0, hard = 0, lower = 0, other = 0] = added
  expect(await twins()).toEqual([[lower], [other], [upper], [hard]])
  await workbench.close()
  const next = await libraryAt(home)
  expect((await settled(next)).every(({ sha256 }) => sha256 !== null)).toBe(true)
  expect(await twins(next.library)).toEqual([[lower], [other], [upper], [hard]])
})

test('a copy is a twin before its hash is there, of a row that has one', async () => {
  const { folder, home, workbench, library } = await setting({ 'a.safetensors': checkpoint(1) })
  const [a] = (await library.add([folder])).added
  await settled(workbench)
  await workbench.close()
  const slow = await libraryAt(home, { hash: 'never' })
  copyFileSync(join(folder, 'a.safetensors'), join(folder, 'b.safetensors'))
  const [b] = (await slow.library.add([folder])).added
  expect((await slow.library.list()).entries.map(({ sha256, twins }) => [sha256 !== null, twins])).toEqual([
    [true, [b]],
    [false, [a]],
  ])
})

test('shards belong to their index: one row with the bytes of all', async () => {
  const index = JSON.stringify({ weight_map: { weight: 'model-00001-of-00001.safetensors' } })
  const { folder, workbench, library } = await setting({
    'model.safetensors.index.json': index,
    'model-00001-of-00001.safetensors': checkpoint(1),
    'apart.safetensors': checkpoint(2),
  })
  await library.add([folder])
  const entries = await settled(workbench)
  expect(names(entries)).toEqual(['apart.safetensors', 'model.safetensors.index.json'])
  expect(entries.find(({ path }) => path.endsWith('json'))).toMatchObject({
    state: 'present',
    format: 'safetensors-sharded',
    bytes: index.length + checkpoint(1).length,
  })
})

test('a walk ends at its limits, says so, and keeps what it found', async () => {
  const { folder } = await setting(
    Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`${i}.safetensors`, checkpoint(i)])),
  )
  const few = await scan([folder], { files: 5, entries: 1000 })
  expect([few.files.length, few.refused.map(({ code }) => code)]).toEqual([5, ['not-supported']])
  expect((await scan([folder], { files: 1000, entries: 7 })).refused).toHaveLength(1)
})

test('a dropped file is found by size, time and its ends', async () => {
  const large = Buffer.concat([checkpoint(1), Buffer.alloc(200_000, 7)])
  const { folder, library } = await setting({ 'small.safetensors': checkpoint(1), 'large.pt': large })
  await library.add([folder])
  const ends = (bytes: Uint8Array): string =>
    createHash('sha256')
      .update(bytes.subarray(0, 65536))
      .update(bytes.subarray(Math.max(0, bytes.length - 65536)))
      .digest('hex')
  for (const name of ['small.safetensors', 'large.pt']) {
    const bytes = readFileSync(join(folder, name))
    const modified = Math.trunc(statSync(join(folder, name)).mtimeMs) // as a browser has it
    const id = library.find({ bytes: bytes.length, modified, quick: ends(bytes) })
    expect((await library.list()).entries.find((entry) => entry.id === id)?.name).toBe(name)
    expect(library.find({ bytes: bytes.length, modified: modified + 1000, quick: ends(bytes) })).toBeNull()
  }
})

test('role, tags and notes are the person’s; rows are forgotten and files stay', async () => {
  const { folder, workbench, library } = await setting({ 'MNISTVal/finetuned.safetensors': checkpoint(1) })
  await library.add([folder])
  const [entry] = await settled(workbench)
  const id = entry?.id ?? 0
  expect(entry).toMatchObject({
    name: 'MNISTVal/finetuned.safetensors',
    role: 'fine-tuned',
    roleGiven: false,
    dataset: 'MNIST',
  })
  expect(library.describe({ id, role: 'head', tags: ['mine', 'mine', 'old'], notes: 'from the attic' })).toMatchObject({
    role: 'head',
    roleGiven: true,
    tags: ['mine', 'old'],
    notes: 'from the attic',
  })
  expect(library.describe({ id, role: null })).toMatchObject({
    role: 'fine-tuned',
    roleGiven: false,
    tags: ['mine', 'old'],
  })
  expect(library.forget([id, id, 99])).toBe(1)
  expect((await library.list()).entries).toEqual([])
  expect(statSync(join(folder, 'MNISTVal/finetuned.safetensors')).isFile()).toBe(true)
  expect(() => library.show(id)).toThrow('no such row')
})

test('a reader shows the library and changes nothing', async () => {
  const { folder, home, workbench, library } = await setting({ 'a.safetensors': checkpoint(1) })
  await library.add([folder])
  const [entry] = await settled(workbench)
  const reader = await libraryAt(home, {}, false)
  expect((await reader.library.list()).entries).toEqual([entry])
  expect(reader.library.show(entry?.id ?? 0).list).toHaveLength(1)
  const busy = expect.objectContaining({ record: expect.objectContaining({ code: 'folder-busy' }) })
  for (const attempt of [
    () => reader.library.add([folder]),
    () => reader.library.forget([1]),
    () => reader.library.describe({ id: 1, notes: 'x' }),
  ])
    expect(attempt).toThrow(busy)
  await expect(reader.library.refresh()).rejects.toEqual(busy)
})
