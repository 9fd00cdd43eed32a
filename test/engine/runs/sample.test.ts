// The sample project as it is shipped: every configuration fits its files, it is small, and no image stands in two
// splits.
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import { resolveConfig } from '../../../src-main/contract/run/resolve.ts'
import { readImages } from '../../../src-main/engine/datasets/tensor-images.ts'
import { checkRun } from '../../../src-main/engine/runs/check.ts'
import { openSource } from '../../../src-main/files/source.ts'

const folder = join(import.meta.dirname, '..', '..', '..', 'resources', 'sample')
const configs = readdirSync(folder).filter(
  (name) => name.endsWith('.json') && !['study.json', 'starts.json', 'open_clip_config.json'].includes(name),
) // studies name one of them

test.each(configs)('%s fits its files', async (name) => {
  const config = resolveConfig(JSON.parse(readFileSync(join(folder, name), 'utf8')), (path) => join(folder, path))
  const plan = await checkRun(config, openSource)
  expect(plan.images).toBeGreaterThan(900)
  expect(plan.warnings).toEqual([])
  expect(plan.tower?.heads).toEqual({
    value: 2,
    from: 'open_clip_config.json beside pretrained.safetensors',
    assumed: false,
  })
  expect(config.tasks.every((t) => t.finetuned)).toBe(true)
})

test('it has at least five tasks and takes at most 25 MB', () => {
  const config = JSON.parse(readFileSync(join(folder, 'dv-basi.json'), 'utf8'))
  expect(config.tasks.length).toBeGreaterThanOrEqual(5)
  expect(readdirSync(folder).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0)).toBeLessThan(25e6)
})

test('no test image is learned or selected on: exact duplicates across splits are few and counted', async () => {
  const config = JSON.parse(readFileSync(join(folder, 'dv-basi.json'), 'utf8'))
  const shared: Record<string, number> = {}
  for (const t of config.tasks) {
    const hashes = async (path: string): Promise<string[]> => {
      const { pixels, count } = await readImages(join(folder, path), openSource)
      const each = pixels.length / count
      return Array.from({ length: count }, (_, i) =>
        createHash('sha256')
          .update(pixels.subarray(i * each, (i + 1) * each))
          .digest('hex'),
      )
    }
    const seen = new Set([...(await hashes(t.data)), ...(await hashes(t.validation))])
    shared[t.name] = (await hashes(t.test)).filter((h) => seen.has(h)).length
  }
  expect(shared).toEqual({ mnist: 0, fashion: 0, digits: 0, emoji: 0, glyphs: 0 })
})
