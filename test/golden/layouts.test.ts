// A model read through another program's layout is the same model: the golden tower's features, to the bit.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, beforeAll, expect, test } from 'vitest'

import type { WrittenLayout } from '../../src-main/contract/checkpoint.ts'
import { readImages } from '../../src-main/engine/datasets/tensor-images.ts'
import { type Backend, openBackend } from '../../src-main/engine/devices/backend.ts'
import { openTensorFile } from '../../src-main/engine/formats/open.ts'
import { canonical, inLayout } from '../../src-main/engine/layouts/index.ts'
import { towerModel } from '../../src-main/engine/models/model.ts'
import { featuresOf } from '../../src-main/engine/problems/patches.ts'
import { checkRun } from '../../src-main/engine/runs/check.ts'
import { run } from '../../src-main/engine/runs/run.ts'
import { openCheckpoint } from '../../src-main/engine/weights/checkpoint.ts'
import { loadCheckpoint } from '../../src-main/engine/weights/device.ts'
import { openSource } from '../../src-main/files/source.ts'
import { written } from '../engine/formats/bytes.ts'
import { type Full, inMemory } from '../engine/layouts/models.ts'
import { hostOf } from '../engine/runs/host.ts'
import { expectedTensor, folder, goldenConfig, relativeError } from './fixture.ts'

const home = mkdtempSync(join(tmpdir(), 'basil-layouts-'))
let backend: Backend
beforeAll(async () => {
  backend = await openBackend({ prefer: 'wasm' })
})
afterAll(() => {
  backend.close()
  rmSync(home, { recursive: true })
})

async function converted(path: string, layout: WrittenLayout, takes = (_: string): boolean => true): Promise<string> {
  const source = await openSource(path)
  const view = inLayout(canonical(await openTensorFile(source)), layout)
  const tensors: Full[] = []
  for (const { name, dtype, shape } of view.tensors.values())
    if (takes(name)) tensors.push({ name, dtype, shape, bytes: (await view.read(name)).slice() })
  await source.close()
  expect(canonical(await inMemory(tensors)).layout).toBe(layout)
  const target = join(home, `${layout}.safetensors`)
  writeFileSync(target, await written(tensors))
  return target
}

async function features(path: string): Promise<Float32Array> {
  const checkpoint = await openCheckpoint(path, openSource)
  const { weights, dispose } = await loadCheckpoint(backend.ops, checkpoint)
  await checkpoint.file.source.close()
  const { architecture } = checkpoint
  const images = await readImages(join(folder, 'tasks.safetensors#alpha'), openSource)
  const picked = await (await images.fetch([...images.labels.keys()]))()
  const tower = { architecture, ops: backend.ops }
  const values = await featuresOf(tower, towerModel(tower, weights), picked)
  dispose()
  return values
}

test.each(['huggingface', 'image encoder'] as const)(
  'features of the golden model through the layout "%s"',
  async (layout) => {
    const original = join(folder, 'pretrained.safetensors')
    const found = await features(await converted(original, layout))
    expect(found).toEqual(await features(original))
    expect(relativeError(found, await expectedTensor('features.pretrained.alpha'))).toBeLessThan(1e-4)
  },
)

test('a run takes a vision model without projection for a vector and for a reference, and its plan says so', async () => {
  const vision = await converted(join(folder, 'finetuned-beta.safetensors'), 'huggingface', (name) =>
    name.startsWith('vision_model.'),
  )
  const golden = goldenConfig('cross-entropy', { start: { method: 'atlas', steps: 1 }, iterations: 1, steps: 1 })
  const tasks = golden.tasks.map((task) => ({ ...task, finetuned: vision }))
  const config = { ...golden, vectors: [vision, join(folder, 'finetuned-alpha.safetensors')], tasks }
  expect(await checkRun(config, openSource)).toMatchObject({
    blocks: 32,
    notes: [expect.stringContaining('visual_projection.weight')],
  })
  const host = hostOf(backend)
  const seen: string[] = []
  for await (const event of run(config, host)) {
    seen.push(event.type)
    if (event.type === 'opened')
      expect(event.blocks.slice(0, 4)).toEqual([
        'visual.class_embedding',
        'visual.positional_embedding',
        'visual.proj',
        'visual.conv1.weight',
      ])
  }
  expect(seen.at(-1)).toBe('finished')
})
