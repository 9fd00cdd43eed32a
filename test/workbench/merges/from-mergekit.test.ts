// A recipe of mergekit's as a draft of the form: for every method the draft asks for the recipe itself, every field of
// the document is accounted for, and what the form has no place for is told and still merged as it is written.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, describe, expect, test } from 'vitest'
import { parse } from 'yaml'

import type { MergeAsked, MergekitOpened } from '../../../src-main/contract/api/merges.ts'
import { recordOf } from '../../../src-main/contract/errors.ts'
import { parametersOf } from '../../../src-main/contract/merges/parameters.ts'
import { mergeCard } from '../../../src-main/contract/merges/step.ts'
import type { Recipe } from '../../../src-main/contract/run/recipe.ts'
import { mergeRecipe } from '../../../src-main/workbench/export/merge.ts'
import { counterparts, idle } from '../../../src-main/workbench/export/mergekit/fields.ts'
import { methods } from '../../../src-main/workbench/export/mergekit/methods.ts'
import { openMergekit, readSource } from '../../../src-main/workbench/merges/taken.ts'
import { askedOf } from '../../../src-renderer/state/merge/asked.ts'
import { readDraft, withMergekit } from '../../../src-renderer/state/merge/draft.ts'
import { standOf } from '../../../src-renderer/state/merge/stand.ts'

const folder = mkdtempSync(join(tmpdir(), 'basil-from-mergekit-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const files = ['base', 'a', 'b'].map((name) => {
  mkdirSync(join(folder, name))
  writeFileSync(join(folder, name, 'model.safetensors'), '')
  writeFileSync(join(folder, name, 'config.json'), JSON.stringify({ num_hidden_layers: 4 }))
  return join(folder, name, 'model.safetensors')
})
const rowOf = async (file: string): Promise<number> => files.indexOf(file) + 1

async function open(text: string): Promise<{ opened: MergekitOpened; recipe: Recipe; text: string }> {
  const path = join(folder, 'recipe.yaml')
  writeFileSync(path, text)
  return { opened: await openMergekit({ path }, { rowOf }), recipe: (await readSource({ path })).recipe, text }
}

/** What the form asks for, as a recipe: names aside, by which nothing is merged. */
function asked(opened: MergekitOpened): Recipe {
  const draft = withMergekit(readDraft(null), opened)
  const stand = standOf(draft, (id) => files[id - 1] ?? '')
  expect([stand.blocked, [...stand.issues]]).toEqual([null, []])
  const { pretrained, vectors, tokenizer, images: _, ...rest } = askedOf(draft, stand) as MergeAsked
  const parent = (id: number) => ({ file: files[id - 1] ?? '', name: '', sha256: '' }) as Recipe['pretrained']
  return mergeRecipe({
    ...rest,
    ...(tokenizer !== undefined && {
      tokenizer: typeof tokenizer === 'number' ? { path: files[tokenizer - 1] ?? '' } : tokenizer,
    }),
    pretrained: pretrained === null ? null : parent(pretrained),
    vectors: vectors.map(parent),
  })
}

/** Weights of one are as none. */
const nameless = ({ name: _, pretrained, vectors, ...recipe }: Recipe) => ({
  ...recipe,
  steps: recipe.steps.map(({ weights = [], ...step }) => (weights.every((w) => w === 1) ? step : { ...step, weights })),
  files: [pretrained, ...vectors].map(({ file }) => file),
})

/** Paths of all that the document says. */
function leaves(value: unknown, at: string[] = []): string[] {
  const isPart = at.length === 0 || /^(models|slices|sources|parameters|tokenizer|\d+)$/.test(at.at(-1) ?? '')
  if (typeof value !== 'object' || value === null || !isPart || at.at(-2) === 'parameters') return [at.join('.')]
  return Object.entries(value).flatMap(([key, inner]) => leaves(inner, [...at, key]))
}

const two = 'models: [{model: a}, {model: b}]\nbase_model: base\n'
const required: Record<string, string> = { slerp: 't: 0.5', nearswap: 't: 0.1' }

describe('the draft of a recipe', () => {
  test.each(Object.keys(methods))('%s: is the recipe itself', async (name) => {
    const { base, parameters } = methods[name] as (typeof methods)[string]
    const said = required[name] ?? ('weight' in parameters ? 'weight: 0.7' : '')
    const alone = name === 'passthrough' ? 'models: [{model: a}]\n' : two
    const models = base === 'first' ? 'models: [{model: a}]\nbase_model: base\n' : alone
    const { opened, recipe } = await open(`merge_method: ${name}\n${models}parameters: {${said}}\ndtype: bfloat16\n`)
    expect([opened.isWhole, opened.dtype, opened.isFolder]).toEqual([true, 'bfloat16', true])
    expect(nameless(asked(opened))).toEqual(nameless(recipe))
  })

  test('holds values that differ by filters, gradients, and from model to model where the form does', async () => {
    const { opened, recipe, text } = await open(`merge_method: ties
base_model: base
models:
  - {model: a, parameters: {weight: [{filter: mlp, value: [0, 1]}, {value: 0.5}], density: 0.5}}
  - {model: b, parameters: {weight: 0.2, density: 0.5}}
  - {model: base, parameters: {weight: 3}}
parameters: {normalize: false, int8_mask: true, lambda: 0.9}
out_dtype: float16
dtype: float32
tokenizer_source: union
`)
    expect(opened.isWhole).toBe(true)
    expect(nameless(asked(opened))).toEqual(nameless(recipe))
    expect(opened.fields.map(({ field }) => field).sort()).toEqual(leaves(parse(text)).sort())
    const of = (field: string) => opened.fields.find((one) => one.field === field)
    expect(of('models.2.parameters.weight')).toMatchObject({ state: 'without effect' })
    expect(of('parameters.int8_mask')).toMatchObject({ state: 'without effect', as: idle.int8_mask })
    expect(of('models.0.parameters.density')).toMatchObject({ state: 'taken', as: 'Density', value: '0.5' })
    expect(of('parameters.lambda')).toMatchObject({ state: 'taken', as: 'Coefficient' })
    expect(of('base_model')).toMatchObject({ as: 'the pre-trained model' })
    expect(of('dtype')).toMatchObject({ state: 'without effect' })
  })
})

describe('what the form has no place for', () => {
  test.each([
    [
      'a density of each model',
      'models.0.parameters.density',
      `merge_method: ties\nbase_model: base
models: [{model: a, parameters: {density: 0.2}}, {model: b, parameters: {density: 0.4}}]\nparameters: {weight: 1}\n`,
    ],
    [
      'a coefficient by tensor',
      'parameters.lambda',
      `merge_method: task_arithmetic\n${two}
parameters: {weight: 1, lambda: [0.2, 1]}\n`,
    ],
    [
      'layers of models',
      'slices.0.sources.0.layer_range',
      `merge_method: slerp\nbase_model: a
slices: [{sources: [{model: a, layer_range: [0, 2]}, {model: b, layer_range: [2, 4]}]}]\nparameters: {t: 0.5}\n`,
    ],
  ])('%s is told field by field, and the rest is taken', async (_, field, text) => {
    const { opened } = await open(text)
    expect(opened.isWhole).toBe(false)
    const beyond = opened.fields.filter(({ state }) => state === 'only as written').map((one) => one.field)
    expect(beyond).toContain(field)
    expect(opened.fields.map((one) => one.field).sort()).toEqual(leaves(parse(text)).sort())
    asked(opened) // a merge all the same
  })
})

test('every parameter of every method is accounted for, by one that its merge has', () => {
  for (const [name, { parameters }] of Object.entries(methods))
    for (const parameter of Object.keys(parameters)) {
      const counterpart = counterparts[parameter]
      expect([name, parameter, counterpart === undefined], name).toEqual([name, parameter, parameter in idle])
    }
  const known = new Set([
    'weight',
    'coefficient',
    ...['ties', 'dare', 'della', 'breadcrumbs', 'sce', 'slerp', 'karcher']
      .concat('nuslerp', 'multi-slerp', 'ram', 'nearswap', 'model-stock', 'weighted-average')
      .flatMap((merge) => parametersOf(mergeCard(merge)).map((one) => one.name)),
  ])
  for (const counterpart of Object.values(counterparts)) expect(known).toContain(counterpart)
})

test('dropped, its whole paths are found; those seen from its folder are refused with what to do', async () => {
  const text = `merge_method: linear\nmodels: [{model: ${join(folder, 'a')}}, {model: ${join(folder, 'b')}}]\nparameters: {weight: 1}\n`
  expect((await openMergekit({ name: 'dropped.yaml', text }, { rowOf })).taken.vectors).toEqual([2, 3])
  const relative = await openMergekit(
    { name: '../dropped.yaml', text: `merge_method: linear\n${two}` },
    { rowOf },
  ).catch(recordOf)
  expect(relative).toMatchObject({
    code: 'file-missing',
    where: 'dropped.yaml: base',
    next: expect.stringMatching(/path/),
  })
})
