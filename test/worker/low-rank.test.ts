// LoRA as one of the models that are merged: its base with it, whose identity is that of both of its files; and what is
// more than a change of weights is refused by name before anything is written.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import { formSchema } from '../../src-main/contract/checkpoint.ts'
import { hashCheckpoint } from '../../src-main/files/source.ts'
import { rebuild } from '../../src-main/worker/rebuild.ts'
import { written } from '../engine/formats/bytes.ts'
import { contentOf, folder, type Given, numbers, raw, saved } from './halfway.ts'
import { halfwayOf } from './recipes.ts'

const matrix = (shape: number[], ...values: number[]): Given[string] => ({
  dtype: 'F32',
  shape,
  bytes: new Uint8Array(Float32Array.from(values).buffer),
})
const base = { 'layers.0.q_proj.weight': matrix([2, 3], 1, 2, 3, 4, 5, 6), steps: raw('U8', 7) }
const inner = 'base_model.model.layers.0.q_proj'
const factors = {
  [`${inner}.lora_A.weight`]: matrix([1, 3], 1, 0, 2),
  [`${inner}.lora_B.weight`]: matrix([2, 1], 3, -1),
}

async function adapter(
  name: string,
  config: Record<string, unknown> | null,
  tensors: Given = factors,
): Promise<string> {
  const at = join(folder, name)
  mkdirSync(at, { recursive: true })
  const path = join(at, 'adapter_model.safetensors')
  writeFileSync(path, await written(Object.entries(tensors).map(([tensor, t]) => ({ name: tensor, ...t }))))
  if (config) writeFileSync(join(at, 'adapter_config.json'), JSON.stringify(config))
  return path
}
const lora = { peft_type: 'LORA', r: 1, lora_alpha: 4 }
const half = async (path: string): Promise<number[]> => {
  const recipe = await halfwayOf(await saved('base', base), path)
  const out = join(folder, 'half.safetensors')
  await rebuild({ recipe, out, overwrite: true, form: formSchema.parse({}) })
  return numbers((await contentOf(out))['layers.0.q_proj.weight'])
}
const why = async (path: string): Promise<string> =>
  half(path).then(
    () => 'merged',
    ({ record }) => record.why,
  )

test('half of a LoRA is half of alpha / r B A', async () => {
  expect(await half(await adapter('plain', lora))).toEqual([1 + 6, 2, 3 + 12, 4 - 2, 5, 6 - 4])
})

test('what alpha is, is said by the page beside it: two adapters with equal factors are two models', async () => {
  const [one, other] = [await adapter('four', lora), await adapter('eight', { ...lora, lora_alpha: 8 })]
  expect((await hashCheckpoint(one)).sha256).not.toBe((await hashCheckpoint(other)).sha256)
  expect(await half(other)).toEqual([1 + 12, 2, 3 + 24, 4 - 4, 5, 6 - 8])
})

test.each<[string, Record<string, unknown> | null, RegExp]>([
  ['no page', null, /adapter_config\.json, which says how its factors are scaled, is not beside it/],
  ['another method', { ...lora, peft_type: 'LOHA' }, /of the kind LOHA/],
  ['PiSSA', { ...lora, init_lora_weights: 'pissa_niter_16' }, /out of the base's own weights/],
  ['layers repeated', { ...lora, layer_replication: [[0, 1]] }, /layer_replication/],
  ['an expression', { ...lora, alpha_pattern: { '.*(a|b)+': 2 } }, /expression/],
  ['no alpha', { peft_type: 'LORA' }, /lora_alpha/],
])('refused: %s', async (name, config, reason) => {
  expect(await why(await adapter(name, config))).toMatch(reason)
})

test.each<[string, Given, RegExp]>([
  [
    'a module that the base has not',
    {
      'base_model.model.other.lora_A.weight': matrix([1, 3], 1, 2, 3),
      'base_model.model.other.lora_B.weight': matrix([2, 1], 1, 2),
    },
    /has no tensor that it could mean/,
  ],
  ['a factor without its other', { [`${inner}.lora_A.weight`]: matrix([1, 3], 1, 2, 3) }, /lora_B\.weight, is missing/],
  [
    'ranks that differ',
    { ...factors, [`${inner}.lora_B.weight`]: matrix([2, 2], 1, 2, 3, 4) },
    /do not fit each other/,
  ],
  [
    'another width',
    { ...factors, [`${inner}.lora_A.weight`]: matrix([1, 4], 1, 2, 3, 4) },
    /\[2,3\] in the base, and the adapter's is \[2,4\]/,
  ],
])('refused: %s', async (name, tensors, reason) => {
  expect(await why(await adapter(name, lora, tensors))).toMatch(reason)
})
