// A tower whose heads (4, not width / 64), activation (GELU), epsilon (0.01) and MLP width (160, not 4 x 64) no known
// model has: config.json beside it says so, and features and gradients are those of transformers 5.24
// (test/golden/towers, made by test/interop/cases/towers.py).
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { type Backend, openBackend } from '../../src-main/engine/devices/backend.ts'
import { disposeAll, type Tensor, type Tensor2D } from '../../src-main/engine/devices/tensor.ts'
import { tangents } from '../../src-main/engine/models/clip-jvp.ts'
import { disposeTape, reverse } from '../../src-main/engine/models/clip-vit.ts'
import { backendsHere } from './backends.ts'
import { relativeError } from './fixture.ts'
import { expectedOf, imageFeatures, type Numbers, passed } from './towers.ts'

const folder = join(import.meta.dirname, 'towers')
const model = join(folder, 'model.safetensors')
const expected = await expectedOf(folder)
const told = (name: string): Numbers => expected.get(name) as Numbers

/** Theirs of ours; turned: (inputs, outputs) on the device. */
const gradients: [ours: string, theirs: string, turned?: boolean][] = [
  ['ln_pre.weight', 'pre_layrnorm.weight'],
  ['transformer.resblocks.0.attn.out_proj.weight', 'encoder.layers.0.self_attn.out_proj.weight'],
  ['transformer.resblocks.0.ln_2.weight', 'encoder.layers.0.layer_norm2.weight'],
  ['transformer.resblocks.0.mlp.c_fc.weight', 'encoder.layers.0.mlp.fc1.weight'],
  ['transformer.resblocks.1.mlp.c_proj.weight', 'encoder.layers.1.mlp.fc2.weight', true],
]

describe.each(await backendsHere())('on %s', (prefer) => {
  let backend: Backend
  beforeAll(async () => {
    backend = await openBackend({ prefer })
  })
  afterAll(() => {
    expect(backend.memory().tensors).toBe(0)
    backend.close()
  })

  test('features are those of transformers', async () => {
    const found = await imageFeatures(backend, model, told('pixel_values'))
    expect(relativeError(found, told('image_embeds').values)).toBeLessThan(1e-5)
  })

  test('without its configuration the same weights give other features: nothing in them says how they are computed', async () => {
    const bare = mkdtempSync(join(tmpdir(), 'basil-bare-'))
    copyFileSync(model, join(bare, 'model.safetensors'))
    const found = await imageFeatures(backend, join(bare, 'model.safetensors'), told('pixel_values'))
    rmSync(bare, { recursive: true })
    expect(relativeError(found, told('image_embeds').values)).toBeGreaterThan(0.1)
  })

  test('gradients are those of torch, and forward mode agrees with them', async () => {
    const direction = told('direction')
    await passed(backend, model, told('pixel_values'), async ({ tower, weights, features, tape }) => {
      const { ops } = backend
      const moves = new Map<string, Tensor>()
      for (const [name] of gradients) {
        const half = (await ops.read(weights(name))).map((value) => value / 2)
        moves.set(name, ops.upload(half, weights(name).shape))
      }
      const moved = tangents(tower, weights, tape, [(name) => moves.get(name)])
      const dFeatures = ops.upload<Tensor2D>(direction.values, features.shape)
      let along = 0
      const found = new Map<string, Float32Array>()
      const asked = new Map<string, Tensor>()
      reverse(tower, weights, tape, dFeatures, (name, gradient) => {
        if (moves.has(name)) asked.set(name, ops.clone(gradient))
      })
      for (const [name, gradient] of asked) {
        const [, , turned] = gradients.find(([ours]) => ours === name) ?? []
        const [values, own] = [await ops.read(gradient), await ops.read(moves.get(name) as Tensor)]
        along += values.reduce((sum, value, i) => sum + value * (own[i] as number), 0)
        found.set(name, turned ? turnedOver(values, gradient.shape) : values)
      }
      for (const [ours, theirs] of gradients)
        expect(
          relativeError(found.get(ours) as Float32Array, told(`gradient.vision_model.${theirs}`).values),
          ours,
        ).toBeLessThan(1e-4)
      const forwards = (await ops.read(moved)).reduce(
        (sum, value, i) => sum + value * (direction.values[i] as number),
        0,
      )
      expect(forwards / along).toBeCloseTo(1, 4)
      disposeAll([moved, dFeatures, ...moves.values(), ...asked.values()])
      disposeTape(tape)
    })
  })
})

/** (rows, columns) to (columns, rows). */
function turnedOver(values: Float32Array, [rows = 0, columns = 0]: readonly number[]): Float32Array {
  return values.map((_, i) => values[(i % rows) * columns + Math.floor(i / rows)] as number)
}
