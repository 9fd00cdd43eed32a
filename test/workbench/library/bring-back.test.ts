// What is taken away comes back as it was; words for many rows; a second look at a folder; values measured once.
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { expect, it } from 'vitest'

import type { Statistics } from '../../../src-main/contract/checkpoint.ts'
import type { Told } from '../../../src-main/contract/engine-api.ts'
import { checkpoint, setting, settled } from './setting.ts'

async function resultOf(told: AsyncIterable<Told<Statistics>>): Promise<{ result: unknown; events: number }> {
  let [result, events] = [undefined as unknown, 0]
  for await (const event of told) {
    events++
    if (event.type === 'result') result = event.result
  }
  return { result, events }
}

it('brings rows back with number, tags, notes and hash, without reading their files', async () => {
  const { folder, workbench, library } = await setting({
    'a.safetensors': checkpoint(1, { made: 'by hand' }),
    'b.safetensors': checkpoint(2),
  })
  await library.add([folder])
  const [a, b] = await settled(workbench)
  const ids = [a?.id ?? 0, b?.id ?? 0]
  library.describe({ id: ids[0] ?? 0, tags: ['digits'], notes: 'good', role: 'merged' })
  const before = (await library.list()).entries
  const shown = library.show(ids[0] ?? 0)
  expect(library.forget(ids)).toBe(2)
  expect((await library.list()).entries).toEqual([])
  rmSync(join(folder, 'a.safetensors')) // nothing is read: the row comes back all the same
  expect(library.bringBack(ids)).toBe(2)
  expect((await library.list()).entries).toEqual(before)
  expect(library.show(ids[0] ?? 0)).toEqual(shown)
  expect(library.bringBack(ids)).toBe(0)
})

it('leaves a row that was added anew meanwhile', async () => {
  const { folder, workbench, library } = await setting({ 'a.safetensors': checkpoint(1) })
  await library.add([folder])
  const [a] = await settled(workbench)
  library.forget([a?.id ?? 0])
  await library.add([folder])
  expect(library.bringBack([a?.id ?? 0])).toBe(0)
  expect(await settled(workbench)).toHaveLength(1)
})

it('gives many rows a tag and tells which have it newly, so that undoing leaves the others theirs', async () => {
  const { folder, workbench, library } = await setting({
    'a.safetensors': checkpoint(1),
    'b.safetensors': checkpoint(2),
  })
  await library.add([folder])
  const ids = (await settled(workbench)).map(({ id }) => id)
  library.describe({ id: ids[0] ?? 0, tags: ['old'] })
  expect(library.tag({ ids, add: ['old'], remove: [] })).toEqual([ids[1]])
  expect(library.tag({ ids, add: ['new'], remove: ['old'] })).toEqual(ids)
  expect((await library.list()).entries.map(({ tags }) => tags)).toEqual([['new'], ['new']])
})

it('tells what a second look at a folder found: new, missing, back and moved', async () => {
  const files = ['gone', 'moves', 'stays', 'returns'].map((name, i) => [`${name}.safetensors`, checkpoint(i)] as const)
  const { folder, workbench, library } = await setting(Object.fromEntries(files))
  const at = (name: string): string => join(folder, name)
  await library.add([folder])
  const before = new Map((await settled(workbench)).map((entry) => [entry.name, entry.id]))
  renameSync(at('returns.safetensors'), at('away'))
  await library.refresh()
  await library.settled()
  renameSync(at('away'), at('returns.safetensors'))
  rmSync(at('gone.safetensors'))
  mkdirSync(at('inner'))
  renameSync(at('moves.safetensors'), at('inner/moved.safetensors'))
  writeFileSync(at('fresh.safetensors'), checkpoint(9))
  const found = await library.scanAgain(folder)
  const after = new Map((await settled(workbench)).map((entry) => [entry.name, entry.id]))
  expect(found).toMatchObject({
    missing: [before.get('gone.safetensors')],
    back: [before.get('returns.safetensors')],
    moved: [{ from: at('moves.safetensors') }],
    refused: [],
  })
  expect(found.added).toEqual([after.get('fresh.safetensors')])
  expect(after.get('moved.safetensors')).toBe(before.get('moves.safetensors')) // one row, once the hash agreed
})

it('measures a content once and keeps what it found by its hash, until the cache has no room for it', async () => {
  const { folder, home, workbench, library } = await setting({ 'a.safetensors': checkpoint(1) })
  await library.add([folder])
  const [a] = await settled(workbench)
  const id = a?.id ?? 0
  expect(library.show(id).measured).toBeNull()
  const first = await resultOf(library.statistics(id))
  const [file = ''] = readdirSync(join(home, 'cache', 'measured'))
  expect(file).toBe(`${a?.sha256}.measured`)
  expect(library.show(id).measured).toBeGreaterThan(100)
  rmSync(join(folder, 'a.safetensors'))
  expect(await resultOf(library.statistics(id))).toEqual({ result: first.result, events: 1 })
  writeFileSync(join(home, 'cache', 'measured', file), '{')
  await expect(resultOf(library.statistics(id))).rejects.toThrow() // damaged: it is read anew, and is not there
  expect(existsSync(join(home, 'cache', 'measured', file))).toBe(false)
})
