// How products are cut: by what was measured, which is kept, else by a rule.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import { measuredOf, readCardFile, writeCardFile } from '../../../../src-main/engine/devices/card-file.ts'
import { type Size, tiles } from '../../../../src-main/engine/devices/webgpu/product-forms.ts'
import { partsOf, Tuning, tableSchema } from '../../../../src-main/engine/devices/webgpu/tuning.ts'

const limits = {
  maxBufferSize: 2 ** 30,
  maxStorageBufferBindingSize: 2 ** 30,
  maxComputeWorkgroupStorageSize: 16_384,
  maxComputeInvocationsPerWorkgroup: 256,
  maxComputeWorkgroupSizeX: 256,
  maxComputeWorkgroupsPerDimension: 65_535,
  maxStorageBuffersPerShaderStage: 8,
}
const weights: Size = { M: 768, N: 768, K: 6400 }

test('a small product takes a small tile, a long thin one is split over K, and what is split is whole', () => {
  const tuning = new Tuning('a card', limits)
  expect(tuning.cutFor('nt', { M: 8, N: 8, K: 64 }, true)).toEqual({ tile: tiles.at(-1), split: 1 })
  const cut = tuning.cutFor('tn', weights, true)
  expect(cut.split).toBeGreaterThan(1)
  expect(partsOf(weights.K, cut)).toBe(cut.split)
  expect(tuning.cutFor('tn', weights, false).split).toBe(1)
})

test('what was measured is used, kept as it is, and told by another hash', () => {
  const tuning = new Tuning('a card', limits)
  const before = tuning.hash()
  const small = tiles.at(-1) as (typeof tiles)[number]
  tuning.learn('tn', weights, true, { tile: small, split: 4 })
  tuning.learn('tn', weights, true, { tile: small, split: 8 })
  expect(tuning.cutFor('tn', { ...weights, K: 6000 }, true)).toEqual({ tile: small, split: 4 })
  expect(tuning.hash()).not.toBe(before)
  const again = new Tuning('a card', limits, tuning.table())
  expect(again.hash()).toBe(tuning.hash())
  expect(again.has('tn', weights, true)).toBe(true)
  expect(new Tuning('another card', limits, tuning.table()).has('tn', weights, true)).toBe(false)
})

test('a table lies in a folder, and a damaged one counts as none', () => {
  const folder = mkdtempSync(join(tmpdir(), 'basil-tuning-'))
  const table = { card: 'a card', cuts: {} }
  const read = (card: string) => readCardFile(folder, 'webgpu', card, tableSchema)
  expect(read('a card')).toBeUndefined()
  writeCardFile(folder, 'webgpu', table)
  expect(read('a card')).toEqual(table)
  expect(read('another card')).toBeUndefined()
  const measured = measuredOf(folder, 'a card')
  measured.keep('images', 42)
  expect(measuredOf(folder, 'a card').get('images')).toBe(42)
  expect(measuredOf(folder, 'another card').get('images')).toBeUndefined()
  const [one, other] = [measuredOf(folder, 'a card'), measuredOf(folder, 'a card')] // of two processes
  one.keep('rows', 1)
  other.keep('columns', 2)
  other.keep('images', 7)
  expect(['images', 'rows', 'columns'].map((what) => one.get(what))).toEqual([42, 1, 2])
  rmSync(folder, { recursive: true })
  writeFileSync(`${folder}`, '')
  expect(read('a card')).toBeUndefined()
  expect(measuredOf(folder, 'a card').get('images')).toBeUndefined()
  rmSync(folder)
})
