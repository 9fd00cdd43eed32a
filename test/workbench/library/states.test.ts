// What becomes of a row when its file goes, comes back, changes or moves. Nothing the person said of it is ever lost.
import { copyFileSync, mkdirSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import type { Entry } from '../../../src-main/contract/api/library.ts'
import { checkpoint, lay, libraryAt, setting, settled } from './setting.ts'

const stateOf = ({ state, error }: Entry): string => (error ? `${state}: ${error.code}` : state)

test('a disk that is not there leaves its rows, marked with the reason; they come back as they were, without being read again', async () => {
  const { folder, workbench, library } = await setting({
    'disk/a.safetensors': checkpoint(1),
    'disk/b.safetensors': checkpoint(2),
  })
  await library.add([folder])
  const before = await settled(workbench)
  renameSync(join(folder, 'disk'), join(folder, 'elsewhere'))
  await library.refresh()
  const away = await settled(workbench)
  expect(away.map(stateOf)).toEqual(['missing: file-missing', 'missing: file-missing'])
  expect(away.map(({ sha256, format }) => [sha256, format])).toEqual(
    before.map(({ sha256, format }) => [sha256, format]),
  )
  renameSync(join(folder, 'elsewhere'), join(folder, 'disk'))
  await library.refresh()
  expect((await library.list()).entries).toEqual(before)
})

test('another content at the same place is read and hashed anew; a mere touch gives the same hash', async () => {
  const { folder, workbench, library } = await setting({
    'a.safetensors': checkpoint(1),
    'b.safetensors': checkpoint(2),
  })
  await library.add([folder])
  const [a, b] = await settled(workbench)
  writeFileSync(join(folder, 'a.safetensors'), checkpoint(3, { more: 'x'.repeat(100) }))
  utimesSync(join(folder, 'b.safetensors'), new Date(), new Date(Date.now() + 60_000))
  const refreshed = library.refresh()
  await refreshed
  const [changing] = (await library.list()).entries
  expect(changing).toMatchObject({ id: a?.id, state: 'changed', sha256: null })
  const [after, touched] = await settled(workbench)
  expect(after).toMatchObject({ id: a?.id, state: 'present' })
  expect(after?.sha256).not.toBe(a?.sha256)
  expect(library.show(a?.id ?? 0).metadata).toEqual({ more: 'x'.repeat(100) })
  expect(touched).toMatchObject({ id: b?.id, sha256: b?.sha256 })
})

test('opening looks at every file again', async () => {
  const { folder, home, workbench, library } = await setting({
    'a.safetensors': checkpoint(1),
    'b.safetensors': checkpoint(2),
  })
  await library.add([folder])
  await settled(workbench)
  await workbench.close()
  rmSync(join(folder, 'a.safetensors'))
  writeFileSync(join(folder, 'b.safetensors'), 'no checkpoint any more')
  expect((await settled(await libraryAt(home))).map(stateOf)).toEqual([
    'missing: file-missing',
    'unreadable: file-damaged',
  ])
})

test('what could not be read is tried again when asked, and is a row like any other then', async () => {
  const { folder, workbench, library } = await setting({ 'a.safetensors': 'still being copied' })
  const file = join(folder, 'a.safetensors')
  await library.add([folder])
  expect((await settled(workbench)).map(stateOf)).toEqual(['unreadable: file-damaged'])
  const { atime, mtime } = statSync(file)
  await library.refresh()
  expect((await settled(workbench)).map(stateOf)).toEqual(['unreadable: file-damaged'])
  writeFileSync(file, checkpoint(1))
  utimesSync(file, atime, mtime)
  await library.refresh()
  expect((await settled(workbench)).map(stateOf)).toEqual(['present'])
})

test('a moved file is the row it was: id, tags and notes stay, the path is the new one, and no second row is left', async () => {
  const { folder, home, workbench, library } = await setting({
    'old/a.safetensors': checkpoint(1),
    'old/b.safetensors': checkpoint(2),
  })
  await library.add([folder])
  const [a, b] = await settled(workbench)
  library.describe({ id: a?.id ?? 0, tags: ['best'], notes: 'of the paper', role: 'pre-trained' })
  mkdirSync(join(folder, 'new'))
  // over disks: with another time
  copyFileSync(join(folder, 'old/a.safetensors'), join(folder, 'new/renamed.safetensors'))
  rmSync(join(folder, 'old/a.safetensors'))
  await library.add([join(folder, 'new')]) // nobody has noticed yet that the old one is gone
  const moved = await settled(workbench)
  expect(moved.map(({ id }) => id)).toEqual([a?.id, b?.id])
  expect(moved[0]).toMatchObject({
    path: join(folder, 'new/renamed.safetensors'),
    state: 'present',
    sha256: a?.sha256,
    tags: ['best'],
    notes: 'of the paper',
    role: 'pre-trained',
  })
  await workbench.close()
  expect((await settled(await libraryAt(home))).map(({ state }) => state)).toEqual(['present', 'present'])
})

test('a file moved before its hash was there is known by size, time and ends', async () => {
  const { folder, library } = await setting({ 'a.safetensors': checkpoint(1) }, { hash: 'never' })
  const { added } = await library.add([folder])
  renameSync(join(folder, 'a.safetensors'), join(folder, 'b.safetensors'))
  await library.refresh()
  await library.add([folder])
  expect((await library.list()).entries).toMatchObject([{ id: added[0], path: join(folder, 'b.safetensors') }])
})

test('what was said of the new row before it turned out to be the moved one is kept too', async () => {
  const { folder, home, workbench, library } = await setting({ 'a.safetensors': checkpoint(1) })
  const [id = 0] = (await library.add([folder])).added
  await settled(workbench)
  library.describe({ id, tags: ['old'], notes: 'one' })
  await workbench.close()
  copyFileSync(join(folder, 'a.safetensors'), join(folder, 'b.safetensors'))
  rmSync(join(folder, 'a.safetensors'))
  const slow = await libraryAt(home, { hash: 'never' })
  const [fresh = 0] = (await slow.library.add([folder])).added
  slow.library.describe({ id: fresh, tags: ['new', 'old'], notes: 'two' })
  await slow.close()
  const next = await libraryAt(home)
  expect(await settled(next)).toMatchObject([
    { id, path: join(folder, 'b.safetensors'), tags: ['old', 'new'], notes: 'one\ntwo' },
  ])
})

test('a twin that was there before stays a row of its own when the other goes, also when the other is put over it', async () => {
  const { folder, workbench, library } = await setting({
    'a.safetensors': checkpoint(1),
    'b.safetensors': checkpoint(1),
    'c.safetensors': checkpoint(2),
  })
  await library.add([folder])
  const [a, b, c] = await settled(workbench)
  rmSync(join(folder, 'a.safetensors'))
  renameSync(join(folder, 'b.safetensors'), join(folder, 'c.safetensors'))
  await library.refresh()
  expect((await settled(workbench)).map(({ id, state, twins }) => [id, state, twins])).toEqual([
    [a?.id, 'missing', [b?.id, c?.id]],
    [b?.id, 'missing', [a?.id, c?.id]],
    [c?.id, 'present', [a?.id, b?.id]],
  ])
})

test('a shard that changes changes its checkpoint', async () => {
  const { folder, workbench, library } = await setting({
    'm.safetensors.index.json': JSON.stringify({ weight_map: { weight: 'm-1.safetensors' } }),
    'm-1.safetensors': checkpoint(1),
  })
  await library.add([folder])
  const [before] = await settled(workbench)
  rmSync(join(folder, 'm-1.safetensors'))
  await library.refresh()
  const [lacking] = await settled(workbench)
  expect(lacking).toMatchObject({ state: 'missing', error: { where: expect.stringContaining('m-1.safetensors') } })
  lay(folder, { 'm-1.safetensors': checkpoint(1) })
  await library.refresh()
  expect(await settled(workbench)).toMatchObject([{ id: before?.id, state: 'present', sha256: before?.sha256 }])
})
