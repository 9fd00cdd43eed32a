// How a tower is computed, settled from what stands beside its file: both programs' configurations, defaults that are
// left out, old forms, strangers' nonsense, and two sources that disagree.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import { openParents } from '../../../src-main/engine/weights/parents.ts'
import { openSource } from '../../../src-main/files/source.ts'
import { look } from '../../../src-main/worker/inspect.ts'
import { huggingFace, type Shapes } from '../layouts/models.ts'
import { clip, model, openClipConfig, opened, size, tower, vision, visionCfg, whole } from './beside.ts'

test.each<[string, Shapes, Record<string, unknown>, object, string]>([
  [
    "CLIPModel's sections",
    whole,
    { 'config.json': clip },
    { heads: 4, activation: 'quick-gelu', layerNormEps: 1e-5 },
    'config.json',
  ],
  [
    'a vision model, flat',
    huggingFace(size, 'vision with projection'),
    { 'config.json': { ...vision, model_type: 'clip_vision_model', hidden_act: 'gelu', layer_norm_eps: 1e-6 } },
    { heads: 4, activation: 'gelu', layerNormEps: 1e-6 },
    'config.json',
  ],
  [
    'of old files, the second of two sections, with its own defaults',
    whole,
    {
      'config.json': {
        ...clip,
        vision_config_dict: { ...vision, num_attention_heads: 8 },
        vision_config: { ...vision, hidden_act: 'gelu' },
      },
    },
    { heads: 8, activation: 'quick-gelu' },
    'config.json',
  ],
  [
    'a second section that is null',
    whole,
    { 'config.json': { ...clip, vision_config_dict: null } },
    { heads: 4 },
    'config.json',
  ],
  [
    "open_clip's",
    tower,
    { 'open_clip_config.json': openClipConfig },
    { heads: 4, activation: 'gelu' },
    'open_clip_config.json',
  ],
  [
    "open_clip's, with QuickGELU and an epsilon",
    tower,
    {
      'open_clip_config.json': {
        model_cfg: {
          ...openClipConfig.model_cfg,
          quick_gelu: true,
          vision_cfg: { ...visionCfg, norm_kwargs: { eps: 1e-6 } },
        },
      },
    },
    { heads: 4, activation: 'quick-gelu', layerNormEps: 1e-6 },
    'open_clip_config.json',
  ],
  [
    'a bare model_cfg',
    tower,
    { 'open_clip_config.json': openClipConfig.model_cfg },
    { heads: 4, activation: 'gelu' },
    'open_clip_config.json',
  ],
  ["transformers', beside names of open_clip", tower, { 'config.json': clip }, { heads: 4 }, 'config.json'],
])('%s', async (_, shapes, beside, values, from) => {
  const { architecture, settings, warnings } = await opened(model(shapes, beside))
  expect(architecture).toMatchObject(values)
  expect(settings.heads).toMatchObject({ from: `${from} beside model.safetensors`, assumed: false })
  expect(warnings).toEqual([])
})

test('what a section leaves out has the default of its class, which is ViT-B/32’s: 12 heads, not width / 64', async () => {
  const other = { ...size, width: 96 }
  const config = {
    model_type: 'clip',
    vision_config: { hidden_size: 96, intermediate_size: 384, num_hidden_layers: 2, patch_size: 7 },
  }
  const { architecture, warnings } = await opened(
    model(huggingFace(other, 'vision with projection'), { 'config.json': config }),
  )
  expect(architecture.heads).toBe(12)
  expect(warnings).toEqual([])
})

test('the configuration of an index stands beside it', async () => {
  const path = model(tower, { 'config.json': clip }, 'shard.safetensors')
  const index = join(path, '..', 'model.safetensors.index.json')
  writeFileSync(
    index,
    JSON.stringify({ weight_map: Object.fromEntries(tower.map(([name]) => [name, 'shard.safetensors'])) }),
  )
  expect((await opened(index)).settings.heads).toEqual({
    value: 4,
    from: 'config.json beside model.safetensors.index.json',
    assumed: false,
  })
})

test('of two configurations the one of the file’s own program counts, and what the other says otherwise is told', async () => {
  const both = { 'config.json': clip, 'open_clip_config.json': openClipConfig }
  const [theirs, ours] = [await opened(model(whole, both)), await opened(model(tower, both))]
  expect([theirs.architecture.activation, ours.architecture.activation]).toEqual(['quick-gelu', 'gelu'])
  expect(theirs.warnings).toEqual([
    expect.stringMatching(
      /^open_clip_config.json .* the activation is gelu; quick-gelu is used \(config.json beside model.safetensors\)$/,
    ),
  ])
  expect(ours.warnings).toEqual([expect.stringMatching(/^config.json .* quick-gelu; gelu is used/)])
})

test.each<[string, unknown, RegExp | null]>([
  ['some other program’s settings', { model_type: 'bert', hidden_size: 64 }, null],
  ['a list', [1, 2], null],
  ['a run of Basil’s', { method: 'atlas', vectors: [] }, null],
  [
    'another tower',
    { ...clip, vision_config: { ...vision, hidden_size: 768 } },
    /describes another vision tower, and is not used: its width is 768, here it is 64/,
  ],
  [
    'another patch size',
    { ...clip, vision_config: { ...vision, patch_size: 14 } },
    /its patchSize is 14, here it is 7/,
  ],
  ['no JSON', '{"model_type": "clip",', /cannot be read, and is not used: .*JSON/],
  ['no text', '\udc00'.repeat(3), /cannot be read|JSON/],
  ['more than a configuration', `"${'x'.repeat(2 ** 20)}"`, /it has 1048578 bytes; 1048576 is the most/],
  ['a folder', 'folder', /it is a folder/],
])('a config.json that holds %s is about something else: nothing of it is used', async (_, content, said) => {
  const { settings, warnings } = await opened(model(tower, { 'config.json': content }))
  expect(settings.heads).toEqual({ value: 1, from: 'a guess from its width of 64', assumed: true })
  expect(warnings).toHaveLength(said ? 2 : 1)
  if (said) expect(warnings[0]).toMatch(said)
})

test.each<[string, object, string, RegExp]>([
  [
    'heads that do not divide the width',
    { num_attention_heads: 5 },
    'attentionHeads',
    /5 attention heads do not divide its width of 64/,
  ],
  [
    'no heads at all',
    { num_attention_heads: 0 },
    'attentionHeads',
    /num_attention_heads is 0; a whole number of at least 1/,
  ],
  ['half a head', { num_attention_heads: 2.5 }, 'attentionHeads', /num_attention_heads is 2.5/],
  ['heads in words', { num_attention_heads: '4' }, 'attentionHeads', /num_attention_heads is "4"/],
  [
    'an activation Basil lacks',
    { hidden_act: 'gelu_new' },
    'activation',
    /hidden_act is "gelu_new"; Basil computes quick-gelu and gelu/,
  ],
  ['a name of every object', { hidden_act: 'constructor' }, 'activation', /hidden_act is "constructor"/],
  ['a negative epsilon', { layer_norm_eps: -1 }, 'layerNormEps', /layer_norm_eps is -1/],
])(
  '%s: refused with the file and the field that can say it, told by inspect, and the field is obeyed',
  async (_, change, field, why) => {
    const path = model(tower, { 'config.json': { ...clip, vision_config: { ...vision, ...change } } })
    const record = {
      code: 'not-supported',
      where: 'config.json beside model.safetensors',
      why: expect.stringMatching(why),
      next: expect.stringContaining(`"${field}"`),
    }
    await expect(opened(path)).rejects.toMatchObject({ record })
    const found = await look(path)
    expect(found.warnings).toEqual([expect.stringMatching(why)])
    expect(found.towers).toBeUndefined()
    const said = { attentionHeads: 8, activation: 'gelu', layerNormEps: 1e-3 } as const
    const { architecture } = await opened(path, { [field]: said[field as keyof typeof said] })
    expect(Object.values(architecture)).toContain(said[field as keyof typeof said])
    await (await openParents(path, [], openSource, { given: null })).close() // its weights can be combined
  },
)

test('a person’s word counts before any file’s, and is held to the same', async () => {
  const path = model(tower, { 'config.json': clip })
  const { settings, warnings } = await opened(path, { attentionHeads: 8 })
  expect(settings.heads).toEqual({ value: 8, from: 'the configuration', assumed: false })
  expect(warnings).toEqual([
    expect.stringMatching(/^config.json beside .* number of attention heads is 4; 8 is used \(the configuration\)$/),
  ])
  await expect(opened(path, { attentionHeads: 3 })).rejects.toMatchObject({
    record: { code: 'config-invalid', why: expect.stringContaining('3') },
  })
})

test.each([
  ['pool_type', { pool_type: 'avg' }, /pooled by "avg"/],
  ['act_kwargs', { act_kwargs: { approximate: 'tanh' } }, /act_kwargs is \{"approximate":"tanh"\}/],
])('a tower of open_clip’s with %s is not taken for an ordinary one', async (_, change, why) => {
  const config = { model_cfg: { ...openClipConfig.model_cfg, vision_cfg: { ...visionCfg, ...change } } }
  await expect(opened(model(tower, { 'open_clip_config.json': config }))).rejects.toMatchObject({
    record: { why: expect.stringMatching(why) },
  })
})
