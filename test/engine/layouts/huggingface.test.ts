// Hugging Face's CLIP in both of its forms: with "vision_model." before a tower's names, and bare, as transformers
// writes CLIPVisionModel and CLIPTextModel since 5.6; and the models of other kinds there whose names are like CLIP's.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, describe, expect, test } from 'vitest'

import { canonical, inLayout } from '../../../src-main/engine/layouts/index.ts'
import { openCheckpoint } from '../../../src-main/engine/weights/checkpoint.ts'
import { openParents, openSet } from '../../../src-main/engine/weights/parents.ts'
import { openSource } from '../../../src-main/files/source.ts'
import { written } from '../formats/bytes.ts'
import { mergedBits } from './merged-bits.ts'
import { behind, type Full, filled, huggingFace, inMemory, openClip, type Shapes, small } from './models.ts'

const folder = mkdtempSync(join(tmpdir(), 'basil-bare-'))
afterAll(() => rmSync(folder, { recursive: true }))

const without = (prefix: string, tensors: Full[]): Full[] =>
  tensors
    .filter(({ name }) => name.startsWith(prefix))
    .map((tensor) => ({ ...tensor, name: tensor.name.slice(prefix.length) }))

async function contents(tensors: Full[]): Promise<[string, number[], string][]> {
  const view = canonical(await inMemory(tensors))
  expect(view.layout).toBe('huggingface')
  return Promise.all(
    [...view.tensors.values()].map(
      async ({ name, shape }): Promise<[string, number[], string]> => [
        name,
        shape,
        Buffer.from(await view.read(name)).toString('hex'),
      ],
    ),
  )
}

const whole = filled(huggingFace(small, 'whole'), 'F32', 1, true)
const halves = [
  ['vision_model.', openClip(small, 'none').filter(([name]) => name !== 'visual.proj')],
  ['text_model.', openClip(small, 'whole').filter(([name]) => !/^(visual\.|text_projection|logit_scale)/.test(name))],
] as const

describe.each(halves)('%s', (half, expected) => {
  test.each(['', 'model.clip_vision_model.', 'image_encoder.'])(
    'a bare tower behind "%s" is the one with its prefix',
    async (before) => {
      const full = whole.filter(({ name }) => name.startsWith(half))
      const bare = without(half, full).map((tensor) => ({ ...tensor, name: before + tensor.name }))
      const found = await contents(bare)
      expect(found).toEqual(await contents(full))
      expect(found.map(([name, shape]) => [name, shape]).sort()).toEqual([...expected].sort())
    },
  )

  test('is written with its prefix, which every version loads', async () => {
    const full = whole.filter(({ name }) => name.startsWith(half))
    const view = inLayout(canonical(await inMemory(without(half, full))), 'huggingface')
    expect([...view.tensors.keys()].sort()).toEqual(full.map(({ name }) => name).sort())
    for (const { name, bytes } of full) expect(Buffer.compare(await view.read(name), bytes)).toBe(0)
  })
})

test('messages name a bare tensor as the file does, and a numbering of positions has the name it has in the other form', async () => {
  const bare = without('vision_model.', whole).filter(({ name }) => name !== 'pre_layrnorm.bias')
  const ids = { name: 'embeddings.position_ids', dtype: 'I64' as const, shape: [1, 5], bytes: new Uint8Array(40) }
  const view = canonical(await inMemory([...bare, ids]))
  expect(view.called('visual.ln_pre.bias')).toBe('pre_layrnorm.bias')
  expect(view.called('visual.conv1.weight')).toBe('embeddings.patch_embedding.weight')
  expect(view.called('vision_model.embeddings.position_ids')).toBe('embeddings.position_ids')
  expect(inLayout(view, 'open_clip').left).toEqual(['vision_model.embeddings.position_ids'])
})

test('what stands beside a bare tower keeps its name', async () => {
  const head = { name: 'classifier.weight', dtype: 'F32' as const, shape: [2, 6], bytes: new Uint8Array(48) }
  const view = canonical(await inMemory([...without('vision_model.', whole), head]))
  expect([view.layout, view.called('classifier.weight')]).toEqual(['huggingface', 'classifier.weight'])
})

describe('bare towers as parents', () => {
  const tuned = filled(huggingFace(small, 'whole'), 'F32', 2, true)
  async function saved(name: string, tensors: Full[]): Promise<string> {
    const path = join(folder, name)
    writeFileSync(path, await written(tensors))
    return path
  }
  const vision = (tensors: Full[]): Full[] => tensors.filter(({ name }) => name.startsWith('vision_model.'))

  test('merge to the same bits as under their long names, as a vector of a whole model and among themselves', async () => {
    const base = await saved('whole.safetensors', whole)
    const [long, bare] = [
      await saved('long.safetensors', vision(tuned)),
      await saved('bare.safetensors', without('vision_model.', tuned)),
    ]
    const [ownLong, ownBare] = [
      await saved('own-long.safetensors', vision(whole)),
      await saved('own-bare.safetensors', without('vision_model.', whole)),
    ]
    const expected = await mergedBits(await openParents(base, [long], openSource))
    expect(expected.size).toBe(8 + 12 * small.layers)
    expect(await mergedBits(await openParents(base, [bare], openSource))).toEqual(expected)
    const alone = await mergedBits(await openSet(ownLong, [long], openSource))
    expect(alone.size).toBe(7 + 12 * small.layers)
    for (const [a, b] of [
      [ownBare, bare],
      [ownBare, long],
      [ownLong, bare],
    ] as const)
      expect(await mergedBits(await openSet(a, [b], openSource))).toEqual(alone)
    const borrowed = await openCheckpoint(bare, openSource, await openCheckpoint(base, openSource))
    expect(borrowed.note).toContain('bare.safetensors has no visual_projection.weight')
  })
})

const layers = (width: number, attention: string[]): Shapes => [
  ...attention.map((name): Shapes[number] => [`encoder.layers.0.self_attn.${name}.weight`, [width, width]]),
  ['encoder.layers.0.layer_norm1.weight', [width]],
  ['encoder.layers.0.mlp.fc1.weight', [4 * width, width]],
]
const split = ['q_proj', 'k_proj', 'v_proj', 'out_proj']
const embeddings: Shapes = [
  ['embeddings.class_embedding', [6]],
  ['embeddings.patch_embedding.weight', [6, 3, 2, 2]],
  ['embeddings.position_embedding.weight', [5, 6]],
]
const siglip: Shapes = [
  ['embeddings.patch_embedding.weight', [6, 3, 2, 2]],
  ['embeddings.patch_embedding.bias', [6]],
  ['embeddings.position_embedding.weight', [4, 6]],
  ...layers(6, split),
  ['post_layernorm.weight', [6]],
  ['head.probe', [1, 1, 6]],
]
const siglipText: Shapes = [
  ['embeddings.token_embedding.weight', [5, 6]],
  ['embeddings.position_embedding.weight', [4, 6]],
  ...layers(6, split),
  ['final_layer_norm.weight', [6]],
  ['head.weight', [6, 6]],
]
const blip: Shapes = [
  ['embeddings.class_embedding', [1, 1, 6]],
  ['embeddings.patch_embedding.weight', [6, 3, 2, 2]],
  ['embeddings.patch_embedding.bias', [6]],
  ['embeddings.position_embedding', [1, 5, 6]],
  ...layers(6, ['qkv', 'projection']),
  ['post_layernorm.weight', [6]],
]
const owl: Shapes = [...embeddings, ['pre_layernorm.weight', [6]], ...layers(6, split)] // spelt rightly there
const owlText = siglipText.filter(([name]) => !name.startsWith('head'))

test.each<[string, Shapes]>([
  ['SiglipVisionModel', siglip],
  ['SiglipVisionModel with its prefix', behind('vision_model.', siglip)],
  ['SiglipTextModel', siglipText],
  ['SiglipModel', [...behind('vision_model.', siglip), ...behind('text_model.', siglipText), ['logit_bias', [1]]]],
  ['BlipVisionModel', blip],
  ['BlipVisionModel with its prefix', behind('vision_model.', blip)],
  ['OwlViTModel', [...behind('vision_model.', owl), ...behind('text_model.', owlText)]],
  [
    'ViTModel',
    [...embeddings.map(([name, shape]): Shapes[number] => [name.replace('class_embedding', 'cls_token'), shape])],
  ],
  [
    'two bare towers',
    [...behind('a.', huggingFace(small, 'vision')), ...behind('b.', behindNothing(huggingFace(small, 'vision')))],
  ],
])('%s is not taken for CLIP, and no layout is written of it', async (_, shapes) => {
  const view = canonical(await inMemory(filled(shapes, 'F32', 3)))
  expect([view.layout, view.architecture, [...view.tensors.keys()]]).toEqual([
    'unknown',
    null,
    shapes.map(([name]) => name),
  ])
  for (const layout of ['open_clip', 'image encoder', 'huggingface'] as const)
    expect(() => inLayout(view, layout)).toThrow(/no names for this model.*keep the layout that the file has/)
})

function behindNothing(shapes: Shapes): Shapes {
  return shapes.map(([name, shape]) => [name.replace('vision_model.', ''), shape])
}

test("ChineseCLIP's image tower is CLIP's, but its BERT has no name in open_clip: refused, not half renamed", async () => {
  const view = canonical(
    await inMemory(
      filled([...huggingFace(small, 'vision'), ['text_model.embeddings.word_embeddings.weight', [5, 6]]], 'F32', 4),
    ),
  )
  expect(view.architecture?.layers).toBe(2)
  for (const layout of ['open_clip', 'image encoder'] as const)
    expect(() => inLayout(view, layout)).toThrow(/memory\.safetensors: text_model\.embeddings\.word_embeddings\.weight/)
  expect(inLayout(view, 'huggingface').tensors.size).toBe(view.original.tensors.size)
})

test("open_clip's text tower behind a prefix of its own has no name in CLIPModel", async () => {
  const custom = [
    ...openClip(small, 'none'),
    ...behind('text.', openClip(small, 'whole').slice(3 + openClip(small, 'none').length)),
  ] as Shapes
  const view = canonical(await inMemory(filled(custom, 'F32', 5)))
  expect(() => inLayout(view, 'huggingface')).toThrow(/text\.transformer\.resblocks\.0\.ln_1\.weight/)
})
