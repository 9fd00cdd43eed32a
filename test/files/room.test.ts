// How large a model is on the disk, and how much more would fit there.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, expect, test } from 'vitest'

import { freeBytes, modelSize } from '../../src-main/files/room.ts'

const folder = mkdtempSync(join(tmpdir(), 'basil-room-'))
afterAll(() => rmSync(folder, { recursive: true }))

test('a folder of shards is as large as its shards together, and what is not there is not known', () => {
  writeFileSync(join(folder, 'one.safetensors'), Buffer.alloc(12))
  expect(modelSize(join(folder, 'one.safetensors'))).toBe(12)
  const many = join(folder, 'many')
  mkdirSync(many)
  for (const i of [1, 2]) writeFileSync(join(many, `model-0000${i}-of-00002.safetensors`), Buffer.alloc(100 * i))
  writeFileSync(join(many, 'model.safetensors.index.json'), '{}')
  expect(modelSize(join(many, 'model.safetensors.index.json'))).toBe(300)
  expect(modelSize(join(folder, 'none.safetensors'))).toBeNull()
})

test('what is free where a folder will be made is what is free where it will lie', () => {
  expect(freeBytes(folder)).toBeGreaterThan(0)
  expect(freeBytes(join(folder, 'not', 'yet', 'there'))).toBeGreaterThan(0)
})
