// Recipes of mergekit, followed by Basil and by mergekit 0.1.5 itself in one pass: the same numbers, by the same names,
// and folders that transformers loads. mergekit draws no masks that anybody could draw again, so DARE and DELLA are
// held against it where nothing is dropped.
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { formSchema } from '../../src-main/contract/checkpoint.ts'
import { toFloat32 } from '../../src-main/engine/formats/dtype.ts'
import { openTensorFile } from '../../src-main/engine/formats/open.ts'
import { modelAt } from '../../src-main/files/model-in-folder.ts'
import { openSource } from '../../src-main/files/source.ts'
import { readMergekit } from '../../src-main/workbench/export/mergekit/recipe.ts'
import { rebuild } from '../../src-main/worker/rebuild.ts'
import { writeLlama } from '../engine/layouts/llama.ts'
import { tell } from '../faults/promises.ts'
import { digestOf } from './digest.ts'
import { generated, pythonWith } from './python.ts'

const three = 'models: [{model: base}, {model: one}, {model: two}]\nbase_model: base\n'
const weighed = `models:
  - model: base
  - model: one
    parameters: {weight: 0.6}
  - model: two
    parameters: {weight: [{filter: mlp, value: [0.2, 0.9]}, {filter: "*", value: 0.3}]}
base_model: base
`
const own = `models:
  - {model: one, parameters: {density: 0.7, weight: 0.5}}
  - {model: two, parameters: {density: [0.3, 0.6], weight: 1.2}}
base_model: base
`
const pair = 'models: [{model: one}, {model: two}]\n'
const slerp = 'models: [{model: base}, {model: one}]\nbase_model: base\n'

/** By name; those that begin with "raw" are mergekit-pytorch's. */
const recipes: Record<string, string> = {
  linear: `merge_method: linear\n${pair}parameters: {weight: [{filter: layers.1, value: 2}, {value: 1e-0}]}\n`,
  'linear-sum': `merge_method: linear\nmodels:\n  - {model: one, parameters: {weight: [0.1, 0.5]}}\n  - {model: two, parameters: {weight: [1, 0, 0.25]}}\nparameters: {normalize: false}\n`,
  'linear-base': `merge_method: linear\n${three}parameters: {weight: 1}\n`,
  task_arithmetic: `merge_method: task_arithmetic\n${weighed}parameters: {lambda: 0.7}\n`,
  'task_arithmetic-normalized': `merge_method: task_arithmetic\n${weighed}parameters: {normalize: true, lambda: [0.2, 1.1]}\n`,
  ties: `merge_method: ties\n${weighed}parameters: {density: 0.4, int8_mask: true}\n`,
  'ties-own': `merge_method: ties\n${own}parameters: {normalize: [{filter: mlp, value: false}], rescale: true, lambda: [0.5, 1]}\n`,
  dare_linear: `merge_method: dare_linear\n${weighed}`,
  dare_ties: `merge_method: dare_ties\n${weighed}`,
  della: `merge_method: della\n${weighed}`,
  della_linear: `merge_method: della_linear\n${weighed}`,
  breadcrumbs: `merge_method: breadcrumbs\n${own}parameters: {gamma: 0.1}\n`,
  breadcrumbs_ties: `merge_method: breadcrumbs_ties\n${own}parameters: {gamma: [{filter: attn, value: 0.2}]}\n`,
  slerp: `merge_method: slerp\n${slerp}parameters:\n  t:\n    - {filter: self_attn, value: [0, 0.5, 0.3, 0.7, 1]}\n    - {filter: mlp, value: [1, 0.5, 0.7, 0.3, 0]}\n    - value: 0.5\n`,
  'slerp-slices': `merge_method: slerp\nslices:\n  - sources: [{model: base, layer_range: [0, 4]}, {model: one, layer_range: [0, 4]}]\nbase_model: base\nparameters: {t: [0, 1]}\n`,
  nuslerp: `merge_method: nuslerp\n${pair}parameters: {weight: 0.4}\n`,
  'nuslerp-base': `merge_method: nuslerp\n${weighed}parameters: {nuslerp_flatten: false}\n`,
  'nuslerp-columns': `merge_method: nuslerp\n${weighed}parameters: {nuslerp_flatten: false, nuslerp_row_wise: true}\n`,
  multislerp: `merge_method: multislerp\n${pair}parameters: {weight: [0.3, 1]}\n`,
  'multislerp-base': `merge_method: multislerp\n${weighed}parameters: {normalize_weights: false}\n`,
  karcher: `merge_method: karcher\n${three}parameters: {max_iter: 20, tol: "1e-6"}\n`,
  model_stock: `merge_method: model_stock\n${three}`,
  'model_stock-rows': `merge_method: model_stock\n${three}parameters: {filter_wise: [{filter: mlp, value: true}]}\n`,
  sce: `merge_method: sce\n${three}parameters: {select_topk: 0.3}\n`,
  ram: `merge_method: ram\n${three}parameters: {epsilon: 0.03}\n`,
  ramplus_tl: `merge_method: ramplus_tl\n${three}parameters: {epsilon: 0.05, r: 0.3}\n`,
  nearswap: `merge_method: nearswap\n${slerp}parameters: {t: [0.001, 0.02]}\n`,
  arcee_fusion: `merge_method: arcee_fusion\n${slerp}`,
  passthrough:
    'merge_method: passthrough\nmodels:\n  - model: one\n    parameters: {scale: [{filter: down_proj, value: 0.5}]}\n',
  stacked: `merge_method: passthrough\nslices:\n  - sources: [{model: one, layer_range: [0, 3]}]\n  - sources: [{model: two, layer_range: [1, 4], parameters: {scale: [{filter: o_proj, value: [0, 1]}]}}]\n`,
  'stacked-slerp': `merge_method: slerp\nslices:\n  - sources: [{model: base, layer_range: [0, 2]}, {model: one, layer_range: [1, 3]}]\n    parameters: {t: 0.2}\n  - sources: [{model: two, layer_range: [1, 4]}, {model: base, layer_range: [0, 3]}]\nbase_model: base\nparameters: {t: [{filter: mlp, value: [0, 1]}, {value: [0.5, 0.1]}]}\n`,
  'stacked-ties': `merge_method: ties\nslices:\n  - sources: [{model: base, layer_range: [0, 2]}, {model: one, layer_range: [0, 2], parameters: {density: 0.5, weight: 1}}]\n  - sources: [{model: two, layer_range: [2, 4], parameters: {density: 0.9, weight: [0, 1]}}, {model: base, layer_range: [2, 4]}]\nbase_model: base\nparameters: {weight: 1}\n`,
  'tokens-base': `merge_method: linear\nmodels: [{model: base}, {model: longer}, {model: other}]\nbase_model: base\nparameters: {weight: 1}\ntokenizer_source: base\n`,
  'tokens-union': `merge_method: task_arithmetic\nmodels: [{model: longer}, {model: other}]\nbase_model: base\nparameters: {weight: 0.5}\ntokenizer: {source: union}\n`,
  'tokens-model': `merge_method: linear\nmodels: [{model: base}, {model: longer}, {model: other}]\nparameters: {weight: 1}\ntokenizer_source: longer\n`,
  'half-linear': `merge_method: linear\nmodels: [{model: half-one}, {model: half-two}]\nparameters: {weight: [0.3, 1]}\n`,
  'half-slerp': `merge_method: slerp\nmodels: [{model: half-one}, {model: half-two}]\nbase_model: half-one\nparameters: {t: 0.3}\ndtype: bfloat16\n`,
  'half-out': `merge_method: linear\nmodels: [{model: one}, {model: two}]\nparameters: {weight: 1}\ndtype: float32\nout_dtype: bfloat16\n`,
  'half-up': `merge_method: task_arithmetic\nmodels: [{model: half-two}]\nbase_model: half-one\nparameters: {weight: 0.7}\ndtype: float32\n`,
  'raw-linear':
    'merge_method: linear\nmodels:\n  - {model: one/model.safetensors, parameters: {weight: [0.1, 5]}}\n  - {model: two/model.safetensors, parameters: {weight: 0.3}}\n',
  'raw-ties':
    'merge_method: ties\nmodels:\n  - {model: one/model.safetensors, parameters: {density: 0.5, weight: 1}}\n  - {model: two/model.safetensors, parameters: {density: 0.8}}\nbase_model: base/model.safetensors\nparameters: {weight: [{filter: layers.0, value: 0.2}, {value: 0.7}], lambda: [0.5, 0.9]}\n',
  'raw-slerp':
    'merge_method: slerp\nmodels: [{model: base/model.safetensors}, {model: one/model.safetensors}]\nbase_model: one/model.safetensors\nparameters: {t: 0.3}\n',
  'raw-model_stock':
    'merge_method: model_stock\nmodels: [{model: one/model.safetensors}, {model: two/model.safetensors}]\nbase_model: base/model.safetensors\n',
  'raw-half':
    'merge_method: linear\nmodels: [{model: one/model.safetensors}, {model: two/model.safetensors}]\nparameters: {weight: 1}\nout_dtype: bfloat16\n',
}

const python = pythonWith('newest', 'torch', 'transformers', 'mergekit', 'immutables')
describe.skipIf(!python)('mergekit 0.1.5', () => {
  const folder = mkdtempSync(join(tmpdir(), 'basil-mergekit-'))
  let loaded: Record<
    string,
    { missing: string[]; unexpected: string[]; mismatched: string[]; finite: boolean; tokens?: Record<string, number> }
  >

  beforeAll(async () => {
    const layers = 4
    await writeLlama(join(folder, 'base'), { seed: 1, layers })
    await writeLlama(join(folder, 'one'), { seed: 2, layers })
    await writeLlama(join(folder, 'two'), { seed: 3, layers })
    await writeLlama(join(folder, 'longer'), { seed: 4, layers, tokens: 'hgfedcbaxyZ' })
    await writeLlama(join(folder, 'other'), { seed: 5, layers, tokens: 'abcdxZQ', rows: 10 })
    await writeLlama(join(folder, 'half-one'), { seed: 6, layers, dtype: 'BF16' })
    await writeLlama(join(folder, 'half-two'), { seed: 7, layers, dtype: 'BF16' })
    mkdirSync(join(folder, 'basil'))
    for (const [name, text] of Object.entries(recipes)) {
      const path = join(folder, `${name}.yaml`)
      writeFileSync(path, text)
      const { recipe, dtype } = await readMergekit(path)
      const form = formSchema.parse({ dtype, shardBytes: 1e9 })
      await rebuild({ recipe, out: join(folder, 'basil', name), overwrite: false, form })
    }
    generated(python as string, 'merged_elsewhere.py', folder)
    loaded = JSON.parse(readFileSync(join(folder, 'loaded.json'), 'utf8'))
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  test.each(Object.keys(recipes))('%s', async (name) => {
    const [mine, theirs] = [await tensorsOf(join(folder, 'basil', name)), await tensorsOf(join(folder, 'peer', name))]
    expect([...mine.keys()].sort()).toEqual([...theirs.keys()].sort())
    const order = name.startsWith('tokens') ? rowsAlike(join(folder, 'basil', name), join(folder, 'peer', name)) : null
    for (const [tensor, { dtype, shape, values }] of mine) {
      const peer = theirs.get(tensor)
      expect([dtype, shape], tensor).toEqual([peer?.dtype, peer?.shape])
      const isRows = order && /embed_tokens|lm_head/.test(tensor)
      const found = isRows ? order.flatMap((row) => [...values.subarray(row * 8, row * 8 + 8)]) : [...values]
      const far = found.filter((v, i) => {
        const p = peer?.values[i] ?? Number.NaN
        const allowed = dtype === 'BF16' ? 2 ** -7 * Math.max(Math.abs(v), Math.abs(p)) : 1e-6
        return !(Math.abs(v - p) <= allowed)
      })
      // Arcee Fusion takes an element or leaves it: one may lie so near to the threshold that float32 decides.
      expect(far.length, tensor).toBeLessThanOrEqual(name === 'arcee_fusion' ? 1 : 0)
    }
  })

  test('a model that mergekit wrote holds what its own reader finds in it, bit for bit', async () => {
    const began = performance.now()
    const path = join(folder, 'peer', 'linear', 'model.safetensors')
    const read = `import hashlib, json, sys
from safetensors.numpy import load_file
print(json.dumps({name: hashlib.sha256(t.tobytes()).hexdigest() for name, t in load_file(sys.argv[1]).items()}))`
    const theirs: Record<string, string> = JSON.parse(
      execFileSync(python as string, ['-c', read, path], { encoding: 'utf8' }),
    )
    const mine = Object.fromEntries(Object.entries(await digestOf(path)).map(([name, [, , sha256]]) => [name, sha256]))
    const differ = Object.keys(theirs).filter((name) => mine[name] !== theirs[name]).length
    tell('R24', began, { count: 1, lost: 0, differ, besides: 'mergekit' })
    expect(mine).toEqual(theirs)
  })

  test('what Basil wrote is loaded by transformers with all of its weights, and its tokens are those of its rows', () => {
    expect(Object.keys(loaded).length).toBeGreaterThan(30)
    for (const [name, { tokens: _, ...found }] of Object.entries(loaded))
      expect(found, name).toEqual({ missing: [], unexpected: [], mismatched: [], finite: true })
    const numbered = (tokens: string) => Object.fromEntries([...tokens].map((token, row) => [token, row]))
    expect(loaded['tokens-base']?.tokens).toEqual(numbered('abcdefgh'))
    expect(loaded['tokens-union']?.tokens).toEqual(numbered('abcdefghxyZQ'))
    expect(loaded['tokens-model']?.tokens).toEqual(numbered('hgfedcbaxyZ'))
    expect(loaded['stacked']?.finite).toBe(true)
  })
})

interface Read {
  dtype: string
  shape: number[]
  values: Float32Array
}

async function tensorsOf(folder: string): Promise<Map<string, Read>> {
  const source = await openSource((await modelAt(folder)).file)
  const file = await openTensorFile(source)
  const found = new Map<string, Read>()
  for (const { name, dtype, shape } of file.tensors.values())
    found.set(name, { dtype, shape, values: toFloat32(await file.read(name), dtype) })
  await source.close()
  return found
}

/** Of each row of the peer's, the row of the same token in Basil's: mergekit numbers added tokens by chance. */
function rowsAlike(mine: string, theirs: string): number[] {
  const own = tokensOf(mine)
  const rows: number[] = []
  for (const [token, row] of tokensOf(theirs)) rows[row] = own.get(token) ?? Number.NaN
  return rows
}

function tokensOf(folder: string): Map<string, number> {
  const { model, added_tokens } = JSON.parse(readFileSync(join(folder, 'tokenizer.json'), 'utf8'))
  const added = added_tokens.map((one: { content: string; id: number }): [string, number] => [one.content, one.id])
  return new Map([...Object.entries<number>(model.vocab), ...added])
}
