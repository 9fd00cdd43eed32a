// Adapters (PEFT's, LoRA and its like) are no models: they are called what they are by whatever they are given to, and
// what is called alike is not.
import { expect, test } from 'vitest'

import { inspectionLines } from '../../src-main/cli/print.ts'
import { inspect, look } from '../../src-main/worker/inspect.ts'
import { type Given, refused, saved, tensor } from './halfway.ts'

const factors = (...names: string[]): Given => Object.fromEntries(names.map((name) => [name, tensor('F32', 1, 2)]))
test.each<[string, Given]>([
  [
    'LoRA of peft',
    factors(
      'base_model.model.vision_model.encoder.layers.0.self_attn.q_proj.lora_A.weight',
      'base_model.model.vision_model.encoder.layers.0.self_attn.q_proj.lora_B.weight',
    ),
  ],
  ['LoRA with a new head', factors('base_model.model.layers.0.q_proj.lora_A.weight', 'base_model.model.score.weight')],
  ['a method of peft without a name here', factors('base_model.model.layers.0.q_proj.something_new')],
  ['IA3', factors('base_model.model.layers.0.mlp.down_proj.ia3_l')],
  [
    'a model that its adapter was never merged into',
    factors('visual.proj', 'layers.0.q_proj.base_layer.weight', 'layers.0.q_proj.lora_A.default.weight'),
  ],
  [
    "diffusers' and others'",
    factors('unet.down_blocks.0.attn.to_q.lora.down.weight', 'lora_te_text_model_0_q.lora_up.weight'),
  ],
])('an adapter is called one wherever it is given: %s', async (_, adapter) => {
  const path = await saved('adapter_model', adapter)
  expect(await look(path)).toMatchObject({ role: 'adapter' })
  expect(inspectionLines(await inspect(path)).join('\n')).toMatch(
    /, adapter\n[\s\S]*merge it into its base first, by peft's merge_and_unload\(\)/,
  )
  const model = factors('layers.0.q_proj.weight')
  expect(await refused(adapter, model)).toMatchObject({
    code: 'not-supported',
    what: 'base.safetensors is a PEFT adapter (LoRA or its like), not a model',
    next: expect.stringMatching(/merge it into its base model first: .*merge_and_unload\(\)/),
  })
  const isLora = Object.keys(adapter).some((name) => /lora_[AB]/.test(name)) // which needs its page (low-rank.test.ts)
  expect(await refused(model, adapter)).toMatchObject({
    code: 'not-supported',
    what: isLora
      ? 'Basil cannot add this adapter to its base'
      : expect.stringContaining('tuned.safetensors is a PEFT adapter'),
  })
})

test('a module that is called as peft calls its own, and a tensor that is low by name alone, make no adapter', async () => {
  const shapes = {
    'visual.conv1.weight': [2, 3, 4, 4],
    'visual.class_embedding': [2],
    'visual.positional_embedding': [5, 2],
    'visual.proj': [2, 2],
  }
  const tower = Object.fromEntries(
    [...Object.entries(shapes), ['visual.transformer.resblocks.0.ln_1.weight', [2]] as const].map(([name, shape]) => [
      `base_model.model.${name}`,
      { dtype: 'U8' as const, shape: [...shape], bytes: new Uint8Array(shape.reduce((a, b) => a * b, 1)) },
    ]),
  )
  expect((await look(await saved('wrapped', tower))).role).not.toBe('adapter')
  expect((await look(await saved('named', factors('explora_A.weight', 'model.lora_alpha', 'flora.weight')))).role).toBe(
    'unknown',
  )
})
