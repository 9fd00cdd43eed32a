// Layouts: full-size models of the field recognised by headers alone, and what only looks like a layout is never given
// names that are not its own. Every program's names brought to the canonical ones, and back: views.test.ts.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, describe, expect, test } from 'vitest'

import { canonical } from '../../../src-main/engine/layouts/index.ts'
import { look } from '../../../src-main/worker/inspect.ts'
import {
  behind,
  type Full,
  filled,
  headerOnly,
  huggingFace,
  ids,
  inMemory,
  numbered,
  openClip,
  resNet,
  type Shapes,
  sizes,
} from './models.ts'

const folder = mkdtempSync(join(tmpdir(), 'basil-layouts-'))
afterAll(() => rmSync(folder, { recursive: true }))

describe.each(Object.entries(sizes))('%s at full size, by its header', (name, size) => {
  const live = 12 * size.layers + 8
  const encoder = openClip(size, 'leftovers')
  test.each<[string, Shapes, string, number, string]>([
    ['OpenAI, open_clip: the whole model', openClip(size, 'whole'), 'open_clip', live, 'whole'],
    ['the image tower alone', openClip(size, 'none'), 'open_clip', live, 'none'],
    [
      'the image tower, bare',
      openClip(size, 'none').map(([n, s]) => [n.replace('visual.', ''), s]),
      'open_clip',
      live,
      'none',
    ],
    ['ImageEncoder with its text leftovers', behind('model.', encoder), 'image encoder', live, 'leftovers'],
    [
      'ImageEncoder in a classifier',
      behind('module.image_encoder.model.', encoder),
      'image encoder',
      live,
      'leftovers',
    ],
    ['CLIPModel', huggingFace(size, 'whole'), 'huggingface', live, 'whole'],
    ['CLIPModel of an old version', ids(huggingFace(size, 'whole')), 'huggingface', live, 'whole'],
    ['CLIPVisionModelWithProjection', huggingFace(size, 'vision with projection'), 'huggingface', live, 'none'],
    ['CLIPVisionModel', huggingFace(size, 'vision'), 'huggingface', live - 1, 'none'],
    [
      'CLIPVisionModel inside another',
      behind('model.clip_vision_model.', huggingFace(size, 'vision')),
      'huggingface',
      live - 1,
      'none',
    ],
    [
      'a linearised model',
      [...numbered('model.params.', encoder), ...numbered('model.params0.', encoder)],
      'linearised',
      live,
      'leftovers',
    ],
    ['a linearised tower', numbered('model.params.', openClip(size, 'none')), 'linearised', live, 'none'],
    ["DV-BASI's list", numbered('', encoder), 'tensor list', live, 'leftovers'],
    ["DV-BASI's list of a tower", numbered('', openClip(size, 'none')), 'tensor list', live, 'none'],
  ])('%s', async (_, shapes, layout, blocks, text) => {
    const found = await look(headerOnly(join(folder, 'model.safetensors'), shapes))
    const { width, layers, patch, tokens } = size
    expect(found).toMatchObject({
      layout,
      blocks,
      dtype: 'F32',
      architecture: { name, width, layers, patchSize: patch, tokens, text },
    })
    expect(found.architecture?.embed).toBe(blocks === live ? size.embed : undefined)
    expect(found.tensors).toHaveLength(shapes.length)
  })

  test('blocks are 152 or 296, and 158 or 302 with the text leftovers an image encoder keeps', async () => {
    const file = await inMemory(await headerAsMemory(encoder))
    expect(canonical(file).parameters.size).toBe(live + 6)
    expect([live, live + 6]).toEqual(size.layers === 12 ? [152, 158] : [296, 302])
  })
})

/** Names and order as in full, shapes without elements: weights are not asked for. */
async function headerAsMemory(shapes: Shapes): Promise<Full[]> {
  return shapes.map(([name, shape]) => ({
    name,
    dtype: 'F32',
    shape: shape.map((n, d) => (d === shape.length - 1 ? n : 1)),
    bytes: new Uint8Array(4 * (shape.at(-1) ?? 1)),
  }))
}

test.each([
  ['RN50', [3, 4, 6, 3], 64, 1024, 224],
  ['RN101', [3, 4, 23, 3], 64, 512, 224],
  ['RN50x4', [4, 6, 10, 6], 80, 640, 288],
  ['RN50x16', [6, 8, 18, 8], 96, 768, 384],
  ['ResNet, width 32, blocks 1 2 1 1, image 64', [1, 2, 1, 1], 32, 16, 64],
] as const)('%s is recognised, its statistics are no blocks', async (name, stages, width, embed, image) => {
  const shapes = resNet(stages, width, embed, image)
  const blocks = shapes.filter(([tensor]) => !/running|tracked/.test(tensor)).length
  for (const prefix of ['', 'model.']) {
    const found = await look(headerOnly(join(folder, 'resnet.safetensors'), behind(prefix, shapes)))
    expect(found).toMatchObject({ layout: 'resnet', blocks, architecture: { name, width, embed, imageSize: image } })
  }
})

test('an MLP of another width than 4 x width is read in every layout, numbered ones too', async () => {
  const like = { width: 32, layers: 2, mlp: 72, patch: 2, tokens: 5, embed: 8, text: sizes['ViT-B/32'].text }
  const encoder = openClip(like, 'leftovers')
  for (const shapes of [
    encoder,
    huggingFace(like, 'vision'),
    numbered('', encoder),
    numbered('model.params.', openClip(like, 'none')),
  ]) {
    const found = await look(headerOnly(join(folder, 'own.safetensors'), shapes))
    expect(found.architecture).toMatchObject({ width: 32, layers: 2, mlp: 72 })
    expect(found.blocks).toBeGreaterThan(30)
  }
})

test('a timm tower is recognised by name, and a tower nobody named is described', async () => {
  const timm: Shapes = [
    ['visual.trunk.patch_embed.proj.weight', [768, 3, 16, 16]],
    ['visual.trunk.blocks.0.norm1.weight', [768]],
    ['visual.trunk.blocks.1.norm1.weight', [768]],
    ['visual.head.proj.weight', [512, 768]],
  ]
  expect(await look(headerOnly(join(folder, 'timm.safetensors'), timm))).toMatchObject({
    layout: 'timm',
    blocks: 4,
    architecture: { name: 'timm ViT, width 768, 2 layers, patch 16' },
  })
  const own = { width: 128, layers: 2, patch: 8, tokens: 17, embed: 64, text: sizes['ViT-B/32'].text }
  expect((await look(headerOnly(join(folder, 'own.safetensors'), openClip(own, 'none')))).architecture?.name).toBe(
    'ViT, width 128, 2 layers, patch 8, image 32',
  )
})

test('integers between the tensors of a list have no place and no name of a parameter', async () => {
  const size = {
    width: 2,
    layers: 1,
    patch: 1,
    tokens: 2,
    embed: 3,
    text: { width: 2, layers: 1, context: 2, vocabulary: 3 },
  }
  const list = filled(openClip(size, 'none'), 'F32', 7).map((t, i) => ({ ...t, name: String(i < 4 ? i : i + 1) }))
  const view = canonical(await inMemory([...list, { name: '4', dtype: 'I64', shape: [1], bytes: new Uint8Array(8) }]))
  expect(view.layout).toBe('tensor list')
  expect([...view.tensors.keys()].filter((name) => !name.startsWith('visual.'))).toEqual(['4'])
})

test.each<[string, Shapes, string]>([
  [
    'two models in one file',
    [
      ...behind('student.', openClip(sizes['ViT-B/32'], 'none')),
      ...behind('teacher.', openClip(sizes['ViT-B/32'], 'none')),
    ],
    'unknown',
  ],
  [
    'names that would fall together',
    [...behind('model.', openClip(sizes['ViT-B/32'], 'leftovers')), ['logit_scale', []]],
    'open_clip',
  ],
  [
    'a layer number that promises more than the file holds',
    [...openClip(sizes['ViT-B/32'], 'none'), ['visual.transformer.resblocks.99999999.ln_1.weight', [768]]],
    'open_clip',
  ],
  [
    "another program's transformer",
    [
      ['vision_model.embeddings.patch_embedding.weight', [8, 3, 2, 2]],
      ['vision_model.head.weight', [8, 8]],
    ],
    'unknown',
  ],
  [
    "torchvision's ResNet",
    [
      ['conv1.weight', [64, 3, 7, 7]],
      ['layer1.0.conv1.weight', [64, 64, 3, 3]],
      ['fc.weight', [10, 512]],
    ],
    'unknown',
  ],
])('%s: no tensor is lost or given a name that is not its own', async (what, shapes, layout) => {
  const found = await look(headerOnly(join(folder, 'strange.safetensors'), shapes))
  expect(found.layout).toBe(layout)
  if (layout === 'unknown' || what.includes('promises')) expect(found.architecture).toBeNull()
})

test('a query without its key keeps its name: what cannot be put together is not guessed', async () => {
  const size = {
    width: 2,
    layers: 1,
    patch: 1,
    tokens: 2,
    embed: 3,
    text: { width: 2, layers: 1, context: 2, vocabulary: 3 },
  }
  const missing = 'vision_model.encoder.layers.0.self_attn.k_proj.weight'
  const view = canonical(
    await inMemory(filled(huggingFace(size, 'vision'), 'F32', 8).filter((t) => t.name !== missing)),
  )
  expect(view.tensors.has('visual.transformer.resblocks.0.attn.in_proj_weight')).toBe(false)
  expect(view.tensors.has('vision_model.encoder.layers.0.self_attn.q_proj.weight')).toBe(true)
  expect(view.called('visual.transformer.resblocks.0.attn.in_proj_weight')).toContain(missing)
})
