// A checkpoint in several files: one to whoever reads it; the index must be right, and leads nowhere but to files
// beside it.
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'

import { expect, onTestFinished, test } from 'vitest'

import { openTensorFile } from '../../../src-main/engine/formats/open.ts'
import { writeCheckpoint } from '../../../src-main/engine/formats/writing/checkpoint.ts'
import { contentOf, openSource } from '../../../src-main/files/source.ts'
import { scan } from '../../../src-main/workbench/library/scan.ts'
import { inspect } from '../../../src-main/worker/inspect.ts'
import { sourceOf, written } from './bytes.ts'

const floats = (...values: number[]) => ({
  dtype: 'F32' as const,
  shape: [values.length],
  bytes: new Uint8Array(Float32Array.from(values).buffer),
})

async function sharded(index: unknown) {
  const parent = mkdtempSync(join(tmpdir(), 'basil-sharded-'))
  const folder = join(parent, 'inside')
  mkdirSync(folder)
  const first = await written([
    { name: 'a', ...floats(1, 2) },
    { name: 'b', ...floats(3) },
  ])
  writeFileSync(join(folder, 'one.safetensors'), first)
  writeFileSync(join(parent, 'one.safetensors'), first) // where no index may lead
  writeFileSync(join(folder, 'two.safetensors'), await written([{ name: 'c', ...floats(4, 5, 6) }]))
  writeFileSync(join(folder, 'model.safetensors.index.json'), typeof index === 'string' ? index : JSON.stringify(index))
  const source = await openSource(join(folder, 'model.safetensors.index.json'))
  onTestFinished(() => source.close())
  return openTensorFile(source)
}

const map = { a: 'one.safetensors', b: 'one.safetensors', c: 'two.safetensors' }

test('tensors of all shards, whole and in ranges; closing the one closes all', async () => {
  const file = await sharded({ metadata: { total_size: 24, role: 'pretrained' }, weight_map: map })
  expect([file.format, [...file.tensors.keys()], file.metadata.role]).toEqual([
    'safetensors-sharded',
    ['a', 'b', 'c'],
    'pretrained',
  ])
  expect(await file.read('c')).toEqual(floats(4, 5, 6).bytes)
  expect(await file.readRange('c', 4, 8)).toEqual(floats(5, 6).bytes)
  await file.source.close()
  await expect(file.read('c')).rejects.toThrow()
})

test("an index over PyTorch's shards is one checkpoint, hashed and measured as one; a variant's name may stand in its own", async () => {
  const folder = mkdtempSync(join(tmpdir(), 'basil-sharded-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const shard = async (name: string, tensors: Parameters<typeof written>[0]): Promise<void> => {
    const chunks: Uint8Array[] = []
    const file = await openTensorFile(sourceOf(await written(tensors)))
    for await (const chunk of writeCheckpoint(file, 'state_dict', {})) chunks.push(chunk.slice())
    writeFileSync(join(folder, name), Buffer.concat(chunks))
  }
  await shard('pytorch_model-00001-of-00002.bin', [{ name: 'a', ...floats(1, 2) }])
  await shard('pytorch_model-00002-of-00002.bin', [{ name: 'c', ...floats(4, 5, 6) }])
  const weight_map = { a: 'pytorch_model-00001-of-00002.bin', c: 'pytorch_model-00002-of-00002.bin' }
  for (const name of ['pytorch_model.bin.index.json', 'pytorch_model.bin.index.fp16.json']) {
    const path = join(folder, name)
    writeFileSync(path, JSON.stringify({ metadata: { total_size: 20 }, weight_map }))
    const source = await openSource(path)
    const file = await openTensorFile(source)
    expect([file.format, [...file.tensors.keys()]]).toEqual(['pytorch-sharded', ['a', 'c']])
    expect(await file.readRange('c', 4, 8)).toEqual(floats(5, 6).bytes)
    await source.close()
    expect((await contentOf(path)).files).toEqual([
      path,
      ...Object.values(weight_map).map((shard) => join(folder, shard)),
    ])
    const bytes = [path, ...Object.values(weight_map).map((shard) => join(folder, shard))].reduce(
      (sum, part) => sum + statSync(part).size,
      0,
    )
    expect(await inspect(path)).toMatchObject({ format: 'pytorch-sharded', bytes, parameters: 5, nonFinite: 0 })
  }
  expect((await scan([folder])).files.map((path) => basename(path)).sort()).toEqual([
    'pytorch_model.bin.index.fp16.json',
    'pytorch_model.bin.index.json',
  ])
})

const { c: _, ...short } = map
test.each([
  ['a file in another folder', { ...map, c: '../one.safetensors' }, 'not-allowed', /names "\.\.\/one/],
  ['an absolute path', { ...map, c: '/etc/hostname' }, 'not-allowed', /names/],
  ["another system's path", { ...map, c: '..\\one.safetensors' }, 'not-allowed', /names/],
  ['the folder above', { ...map, c: '..' }, 'not-allowed', /names/],
  ['a file that is not there', { ...map, c: 'three.safetensors' }, 'file-missing', /no file/],
  [
    'a tensor that is elsewhere',
    { ...map, c: 'one.safetensors' },
    'file-damaged',
    /"c" is in "one.safetensors", where it is not/,
  ],
  ['a tensor it does not know', { ...short, c: 'two.safetensors', a: undefined }, 'file-damaged', /does not know "a"/],
  ['no file for a tensor', { ...map, c: 7 }, 'file-damaged', /names no file for "c"/],
  ['itself', { ...map, c: 'model.safetensors.index.json' }, 'file-damaged', /named as a shard by an index/],
])('refuses an index that names %s', async (_, weight_map, code, why) => {
  await expect(sharded({ weight_map })).rejects.toMatchObject({ record: { code, why: expect.stringMatching(why) } })
})

test.each([
  ['{', /it is not JSON from line 1, column 2 on/],
  ['{}', /no weight_map/],
  ['{"weight_map": []}', /no weight_map/],
  ['{"weight_map": {}}', /names no tensor/],
  ['{"weight_map": {"__proto__": "one.safetensors"}}', /"__proto__" is in "one.safetensors", where it is not/],
])('refuses %s for an index', async (index, why) => {
  await expect(sharded(index)).rejects.toMatchObject({
    record: { code: 'file-damaged', why: expect.stringMatching(why) },
  })
})
