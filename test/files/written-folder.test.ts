// A folder of shards comes whole or not at all, whatever the disk does; what stands beside the weights is copied, code
// is not; and what changes while it is read, or was hashed before, is told by its stamp.
import { mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, expect, test } from 'vitest'

import { sha256 } from '../../src-main/contract/branded.ts'
import { openTensorFile } from '../../src-main/engine/formats/open.ts'
import { requireStamps, stampsOf } from '../../src-main/files/checkpoint-stamps.ts'
import { knownHashes, rememberHashes } from '../../src-main/files/known-hashes.ts'
import { mergeRate, rememberMergeRate } from '../../src-main/files/merge-rate.ts'
import { hashCheckpoint, openSource } from '../../src-main/files/source.ts'
import { writeFolder } from '../../src-main/files/written-folder.ts'
import { written } from '../engine/formats/bytes.ts'
import { filled } from '../engine/layouts/models.ts'
import { failing } from './failing-disk.ts'

const here = mkdtempSync(join(tmpdir(), 'basil-written-folder-'))
afterAll(() => rmSync(here, { recursive: true }))

const source = join(here, 'source')
mkdirSync(source)
const tensors = filled(
  [
    ['a', [3]],
    ['b', [4]],
    ['c', [2]],
  ],
  'F32',
  1,
  true,
)
writeFileSync(join(source, 'model.safetensors'), await written(tensors))
for (const name of ['config.json', 'tokenizer.model', 'code.py', 'config.json.bak'])
  writeFileSync(join(source, name), '{}')

async function folder(out: string, disk?: ReturnType<typeof failing>['disk'], accept?: () => Promise<void>) {
  const opened = await openSource(join(source, 'model.safetensors'))
  try {
    const view = await openTensorFile(opened)
    const target = { out, shardBytes: 20, dtype: null, from: source, metadata: async () => ({ said: 'it' }) }
    return await writeFolder(view, { ...target, ...(disk && { disk }), ...(accept && { accept }) })
  } finally {
    await opened.close()
  }
}

test('shards hold no more than they may, and its hash is that of the checkpoint', async () => {
  const { file, sha256: hash } = await folder(join(here, 'whole'))
  expect(readdirSync(join(here, 'whole')).sort()).toEqual([
    'config.json',
    ...[1, 2, 3].map((k) => `model-0000${k}-of-00003.safetensors`),
    'model.safetensors.index.json',
    'tokenizer.model',
  ])
  expect((await hashCheckpoint(file)).sha256).toBe(hash)
  await expect(folder(join(here, 'whole'))).rejects.toMatchObject({ record: { code: 'target-exists' } })
})

test.each(['once', 'for good'] as const)(
  'when the disk is full at its n-th operation (%s) nothing is left',
  async (how) => {
    let n = 0
    for (let isOver = false; !isOver; n++) {
      const out = join(here, `full-${how}-${n}`)
      const { disk, hit } = failing(n, 'ENOSPC', how, 1000)
      const failed = await folder(out, disk).then(
        () => null,
        (error) => error.record.code,
      )
      isOver = !hit()
      if (failed !== null) expect(failed).toBe('disk-full')
      // the last operation syncs the folder that the whole is in, and an unlink that fails leaves a second name
      expect(readdirSync(here).filter((name) => name.endsWith('.tmp'))).toEqual([])
    }
    expect(n).toBeGreaterThan(10)
  },
)

test('what is not accepted is not there', async () => {
  const refuse = async (): Promise<never> => {
    throw new Error('no')
  }
  await expect(folder(join(here, 'refused'), undefined, refuse)).rejects.toThrow('no')
  expect(readdirSync(here).filter((name) => /refused|tmp$/.test(name))).toEqual([])
})

test('a file that changed while it was read is named', async () => {
  const path = join(here, 'changing.safetensors')
  writeFileSync(path, await written(tensors))
  const stamps = await stampsOf([path])
  await requireStamps(stamps)
  utimesSync(path, 1, 1)
  await expect(requireStamps(stamps)).rejects.toMatchObject({ record: { code: 'file-changed', where: path } })
  rmSync(path)
  await expect(requireStamps(stamps)).rejects.toMatchObject({ record: { code: 'file-changed' } })
})

test('hashes are known again as long as nothing was touched, and not of files that were touched just before', async () => {
  const [home, path] = [join(here, 'home'), join(here, 'hashed')]
  mkdirSync(home)
  writeFileSync(path, 'x')
  const hash = sha256('0'.repeat(64))
  const stamps = await stampsOf([path])
  await rememberHashes(new Map([[path, hash]]), stamps, home)
  expect(await knownHashes([path], home)).toEqual([null])
  await rememberHashes(new Map([[path, hash]]), stamps, home, Date.now() + 10_000)
  expect(await knownHashes([path, join(here, 'other')], home)).toEqual([hash, null])
  utimesSync(path, 1, 1)
  expect(await knownHashes([path], home)).toEqual([null])
  writeFileSync(join(home, 'cache', 'hashes.json'), '{"a": 1}')
  expect(await knownHashes([path], home)).toEqual([null])
})

test('the rate of the last merge that took long enough', async () => {
  const home = join(here, 'rates')
  expect(await mergeRate(home)).toBeNull()
  await rememberMergeRate(1000, 1, home)
  expect(await mergeRate(home)).toBeNull()
  await rememberMergeRate(1e9, 2, home)
  expect(await mergeRate(home)).toBe(5e8)
})
