// Recipes of mergekit as Basil reads them: its methods, filters, gradients and levels become steps of a recipe, its
// slices layers, and each thing that Basil has no place for is refused in one sentence. The models' files of weights
// are empty, so nothing can be read of them.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, expect, test } from 'vitest'

import { BasilError } from '../../../src-main/contract/errors.ts'
import { mergeCard } from '../../../src-main/contract/merges/step.ts'
import { recipeSchema } from '../../../src-main/contract/run/recipe.ts'
import { methods } from '../../../src-main/workbench/export/mergekit/methods.ts'
import { type MergekitRecipe, readMergekit } from '../../../src-main/workbench/export/mergekit/recipe.ts'

const folder = mkdtempSync(join(tmpdir(), 'basil-recipes-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
for (const [name, layers] of Object.entries({ base: 4, a: 4, b: 4, long: 6 })) {
  mkdirSync(join(folder, name))
  writeFileSync(join(folder, name, 'model.safetensors'), '')
  writeFileSync(join(folder, name, 'config.json'), JSON.stringify({ num_hidden_layers: layers }))
}

async function read(text: string): Promise<MergekitRecipe> {
  const path = join(folder, 'recipe.yaml')
  writeFileSync(path, text)
  const found = await readMergekit(path)
  expect(recipeSchema.parse(found.recipe)).toEqual(found.recipe)
  return found
}
const steps = async (text: string) => (await read(text)).recipe.steps
const two = 'models: [{model: a}, {model: b}]\nbase_model: base\n'
const weighed = `merge_method: task_arithmetic\n${two}`

test('every method has a merge of Basil, and the parameters that nobody says are mergekit’s', async () => {
  const required: Record<string, string> = { slerp: 't: 0.5', nearswap: 't: 0.1' }
  for (const [name, { base, parameters }] of Object.entries(methods)) {
    const said = required[name] ?? ('weight' in parameters ? 'weight: 1' : '')
    const models =
      base === 'first'
        ? 'models: [{model: a}]\nbase_model: base\n'
        : name === 'passthrough'
          ? 'models: [{model: a}]\n'
          : two
    const [step] = await steps(`merge_method: ${name}\n${models}parameters: {${said}}\n`)
    expect(mergeCard(step?.method ?? '').name, name).toBe(step?.method)
  }
  expect(await steps(`merge_method: ties\n${two}parameters: {weight: 1}`)).toEqual([
    {
      method: 'ties',
      parameters: {
        ...{ density: 1, scope: 'tensor', keep: 'floor', rescale: 'none', sign: 'plus' },
        ...{ normalize: true, largest: false, output: 'merged' },
      },
      weights: [1, 1],
    },
  ])
  const { recipe } = await read(`${weighed}parameters: {weight: 0.5}`)
  expect([recipe.pretrained.name, recipe.vectors.map(({ name }) => name), recipe.start]).toEqual([
    'base',
    ['a', 'b'],
    [[0.5], [0.5]],
  ])
})

test('the nearest level decides, the first filter that fits in it, and what fits nowhere has the next level’s', async () => {
  const [step] = await steps(`merge_method: task_arithmetic
base_model: base
models:
  - model: base
    parameters: {weight: 7, density: 0.1}
  - model: a
    parameters:
      weight:
        - {filter: mlp, value: [0, 1]}
        - {filter: embed, value: 2}
  - {model: b, parameters: {weight: ["1e-1", 2]}}
parameters:
  weight: [{filter: norm, value: 3}, {filter: "*", value: 4}, {value: 5}]
`)
  expect(step?.weights).toEqual([
    [
      { filter: 'mlp', value: { gradient: [0, 1] } },
      { filter: 'embed', value: 2 },
      { filter: 'norm', value: 3 },
      { value: 4 },
    ],
    { gradient: [0.1, 2] },
  ])
})

test('a parameter with filters alone has mergekit’s default elsewhere; a switch may be a word of YAML 1.1', async () => {
  const [step] = await steps(
    `merge_method: breadcrumbs\n${two}parameters: {weight: 1, density: {filter: mlp, value: 0.3}, rescale: yes, normalize: [false, true]}`,
  )
  expect(step?.parameters).toMatchObject({
    density: [{ filter: 'mlp', value: 0.3 }, { value: 1 }],
    rescale: 'l1',
    normalize: { gradient: [false, true] },
    gamma: 0.01,
  })
})

test('models may have densities of their own, and a lambda that differs is a step of its own', async () => {
  const found = await steps(`merge_method: della
base_model: base
models: [{model: a, parameters: {density: 0.4}}, {model: b, parameters: {density: [0.6, 0.8], epsilon: 0.05}}]
parameters: {weight: 1, lambda: [0.5, 1]}`)
  expect(found.map(({ method }) => method)).toEqual(['della', 'task-arithmetic'])
  expect(found[0]?.each).toEqual([
    { density: 0.4, epsilon: 0.15 },
    { density: { gradient: [0.6, 0.8] }, epsilon: 0.05 },
  ])
  expect(found[1]?.weights).toEqual([{ gradient: [0.5, 1] }])
})

test('models in files are mergekit-pytorch’s, to which a gradient is its first value', async () => {
  const found = await read(`merge_method: linear
models: [{model: a/model.safetensors, parameters: {weight: [0.25, 9]}}, {model: ./b/model.safetensors}]
parameters: {weight: [{filter: mlp, value: [1, 2]}, {value: 3}]}
dtype: float32
out_dtype: torch.bfloat16`)
  expect(found.dtype).toBe('bfloat16')
  expect(found.recipe.steps[0]?.weights).toEqual([0.25, [{ filter: 'mlp', value: 1 }, { value: 3 }]])
})

test('slices of the whole models are the models; others are layers put together, with values by layer', async () => {
  const slice = (...sources: string[]): string => `  - sources: [${sources.join(', ')}]\n`
  const whole = await read(
    `merge_method: slerp\nslices:\n${slice('{model: a, layer_range: [0, 4]}', '{model: base, layer_range: [0, 4]}')}base_model: base\nparameters: {t: [0, 1]}`,
  )
  expect(whole.recipe.layers).toBeUndefined()
  expect(whole.recipe.vectors.map(({ name }) => name)).toEqual(['base', 'a'])
  expect(whole.recipe.steps[0]?.parameters.t).toEqual({ gradient: [0, 1] })

  const { recipe } = await read(
    `merge_method: passthrough\nslices:\n${slice('{model: a, layer_range: [0, 3], parameters: {scale: [1, 2]}}')}${slice('{model: long, layer_range: [2, 6]}')}`,
  )
  expect(recipe.vectors.map(({ name }) => name)).toEqual(['a', 'long'])
  const parts = [
    { model: 1, from: 0, to: 3 },
    { model: 2, from: 2, to: 6 },
  ]
  expect(recipe.layers).toEqual([parts, parts])
  expect(recipe.steps[0]?.weights).toEqual([
    [
      { layers: [-1, 3], value: { gradient: [1, 2] } },
      { layers: [3, 8], value: 1 },
    ],
  ])
})

test('whose tokens are written is a place among the models', async () => {
  const of = async (words: string) => (await read(`${weighed}parameters: {weight: 1}\n${words}`)).recipe.tokenizer
  expect(await of('tokenizer_source: union')).toEqual({ source: 'union', base: 0 })
  expect(await of('tokenizer: {source: b}')).toEqual({ source: 2, base: 0 })
  expect(await of('tokenizer: {}')).toEqual({ source: 'union', base: 0 })
})

const plain = `${weighed}parameters: {weight: 1}\n`
test.each([
  ['merge_method: [', /not YAML from line 1/],
  ['- a', /no mapping/],
  [`merge_method: magic\n${two}`, /no method "magic"/],
  [`merge_method: toString\n${two}`, /no method "toString"/],
  ['merge_method: linear', /exactly one of models and slices/],
  [`${plain}strange: 1`, /strange/],
  [`${plain}modules: {x: {}}`, /modules.*one stack/],
  [`${plain}chat_template: auto`, /chat_template/],
  [`${plain}tokenizer: {tokens: {x: {}}}`, /tokenizer\.tokens/],
  [`${plain}tokenizer: {pad_to_multiple_of: 8}`, /pad_to_multiple_of/],
  [`${plain}tokenizer: {}\ntokenizer_source: base`, /the same question/],
  [`${plain}tokenizer_source: long`, /long is none of the models/],
  [`${plain}dtype: int64`, /cannot be written in this type.*int64/],
  [`${plain}out_dtype: float64`, /float64/],
  [`${weighed}parameters: {weight: 1, wieght: 2}`, /wieght.*no such parameter.*weight/],
  [`${weighed}parameters: {weight: 1, t: 2}`, /no such parameter/],
  [
    `merge_method: task_arithmetic\nbase_model: base\nmodels: [{model: a, parameters: {weight: 1, lambda: 2}}]`,
    /one for all models/,
  ],
  [`${weighed}parameters: {weight: [{filter: mlp, value: 1}]}`, /no value for tensors that no filter fits/],
  [weighed, /a: weight.*nobody says it/],
  [`${weighed}parameters: {weight: much}`, /no number/],
  [`${weighed}parameters: {weight: 1, normalize: 2}`, /neither true nor false/],
  [`${weighed}parameters: {weight: {filter: x, value: 1, other: 2}}`, /parameters\.weight/],
  [`merge_method: ties\n${two}parameters: {weight: 1, density: 1.5}`, /TIES does not take this value/],
  [
    `merge_method: ties\nbase_model: base\nmodels: [{model: a, parameters: {density: 2}}, {model: b}]\nparameters: {weight: 1}`,
    /density/,
  ],
  ['merge_method: ties\nmodels: [{model: a}]\nparameters: {weight: 1}', /needs a base_model/],
  ['merge_method: linear\nmodels: [{model: a}, {model: a}]\nparameters: {weight: 1}', /model a twice/],
  [`merge_method: slerp\n${two}parameters: {t: 0.5}`, /SLERP does not merge so many models/],
  ['merge_method: karcher\nmodels: [{model: a}, {model: b}]\nparameters: {max_iter: [1, 3]}', /integer/],
  ['merge_method: multislerp\nmodels: [{model: a}, {model: b}]\nparameters: {weight: 1, eps: 1.0e-6}', /eps/],
  [
    'merge_method: linear\nmodels: [{model: mistralai/Mistral-7B-v0.1}]\nparameters: {weight: 1}',
    /name of a hub.*downloads nothing/,
  ],
  ['merge_method: linear\nmodels: [{model: ./nowhere}]\nparameters: {weight: 1}', /model is missing.*nowhere/],
  ['merge_method: linear\nmodels: [{model: a+adapter}]\nparameters: {weight: 1}', /LoRA/],
  ['merge_method: linear\nmodels: [{model: {model: a, lora: b}}]\nparameters: {weight: 1}', /LoRA/],
  ['merge_method: linear\nmodels: [{model: org/a@main}]\nparameters: {weight: 1}', /revision/],
  [
    'merge_method: linear\nmodels: [{model: {model: a, override_architecture: X}}]\nparameters: {weight: 1}',
    /architecture/,
  ],
  [
    'merge_method: linear\nmodels: [{model: a/model.safetensors}, {model: b}]\nparameters: {weight: 1}',
    /some.*files and some.*folders/,
  ],
  ['merge_method: passthrough\nmodels: [{model: a}, {model: b}]', /passthrough takes one model/],
  [
    'merge_method: passthrough\nbase_model: base\nmodels: [{model: a}]',
    /passthrough takes one model, and its base counts/,
  ],
  [
    'merge_method: passthrough\nslices: [{sources: [{model: a, layer_range: [0, 2]}, {model: b, layer_range: [0, 2]}]}]',
    /passthrough takes one model/,
  ],
  ['merge_method: passthrough\nslices: [{sources: [{model: a, layer_range: [0, 5]}]}]', /a has 4 layers/],
  ['merge_method: passthrough\nslices: [{sources: [{model: a, layer_range: [3, 3]}]}]', /holds no layer/],
  [
    'merge_method: passthrough\nslices: [{sources: [{model: a/model.safetensors, layer_range: [0, 1]}]}]',
    /no layers to mergekit-pytorch/,
  ],
  [
    'merge_method: linear\nparameters: {weight: 1}\nslices: [{sources: [{model: a, layer_range: [0, 2]}, {model: b, layer_range: [0, 3]}]}]',
    /same number of layers/,
  ],
  [
    'merge_method: linear\nparameters: {weight: 1}\nslices: [{sources: [{model: a, layer_range: [0, 2]}]}, {sources: [{model: a, layer_range: [0, 2]}, {model: b, layer_range: [0, 2]}]}]',
    /another number of sources/,
  ],
  [
    'merge_method: task_arithmetic\nbase_model: base\nparameters: {weight: 1}\nslices: [{sources: [{model: a, layer_range: [0, 2]}]}]',
    /its base base is not among/,
  ],
  [
    'merge_method: passthrough\nslices: [{sources: [{model: a, layer_range: [1, 3], parameters: {scale: [{filter: layers.1, value: 2}]}}]}]',
    /filter names a layer/,
  ],
])('refused: %s', async (text, why) => {
  const error = await read(text).catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(BasilError)
  const { message } = error as BasilError
  expect(message).toMatch(why)
  expect(message.split('\n')).toHaveLength(1)
})

test('aliases that stand for too much are refused', async () => {
  const more = Array.from({ length: 12 }, (_, k) => `x${k + 1}: &x${k + 1} [${Array(12).fill(`*x${k}`).join(', ')}]`)
  await expect(read(`x0: &x0 [1]\n${more.join('\n')}\n`)).rejects.toThrow(/aliases stand for too much/)
})
