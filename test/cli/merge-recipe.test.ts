// basil merge of a recipe of mergekit's, and of models whose vocabularies differ: the plan tells of the tokens before,
// the folder has the tokenizer and configuration that belong to it, and what is written verifies.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import { writeLlama } from '../engine/layouts/llama.ts'
import { temporaryFolder } from '../workbench/toy.ts'
import { basil, valuesOf } from './in-folder.ts'

const recipe = `merge_method: ties
models:
  - {model: one, parameters: {density: 0.5, weight: 1}}
  - {model: ./longer, parameters: {density: 0.7, weight: [0.3, 0.6]}}
base_model: base
tokenizer_source: union
dtype: bfloat16
`

async function folderOfModels(): Promise<string> {
  const folder = temporaryFolder()
  await writeLlama(join(folder, 'base'), { seed: 1 })
  await writeLlama(join(folder, 'one'), { seed: 2 })
  await writeLlama(join(folder, 'longer'), { seed: 3, tokens: 'abcdefghijZ', rows: 12 })
  writeFileSync(join(folder, 'recipe.yaml'), recipe)
  return folder
}
const json = (...path: string[]) => JSON.parse(readFileSync(join(...path), 'utf8'))

test('a recipe of mergekit is planned, followed and verified', async () => {
  const folder = await folderOfModels()
  const plan = await basil(folder, 'merge', 'recipe.yaml', '--plan')
  expect(plan).toMatchObject({ code: 0, err: '' })
  expect(plan.out).toMatch(/^tokens: 11, those of all models$/m)
  expect(plan.out).toMatch(/^ {2}.*one.*: 8 tokens, 8 shared, 3 added, 0 dropped$/m)
  expect(plan.out).toMatch(/^ {2}.*longer.*: 11 tokens, 11 shared, 0 added, 0 dropped$/m)
  expect(plan.out).toMatch(/^21 tensors: 21 merged$/m)

  expect(await basil(folder, 'merge', 'recipe.yaml')).toMatchObject({ code: 2, err: expect.stringMatching(/--out/) })
  expect(await basil(folder, 'merge', 'recipe.yaml', '--out', 'out')).toMatchObject({ code: 0, err: '' })
  expect(readdirSync(join(folder, 'out')).sort()).toEqual([
    'README.md',
    'config.json',
    'model-00001-of-00001.safetensors',
    'model.safetensors.index.json',
    'tokenizer.json',
    'tokenizer_config.json',
  ])
  expect(json(folder, 'out', 'config.json')).toMatchObject({ vocab_size: 11, torch_dtype: 'bfloat16' })
  const added = json(folder, 'out', 'tokenizer.json').added_tokens
  expect(added).toMatchObject([
    { id: 8, content: 'i', special: false },
    { id: 9, content: 'j', special: false },
    { id: 10, content: 'Z', special: true },
  ])
  expect(await basil(folder, 'verify', 'out')).toMatchObject({ code: 0, out: expect.stringMatching(/21 tensors/) })
  const changed = json(folder, 'longer', 'tokenizer.json')
  changed.model.vocab = { ...changed.model.vocab, a: 1, b: 0 }
  writeFileSync(join(folder, 'longer', 'tokenizer.json'), JSON.stringify(changed))
  expect(await basil(folder, 'verify', 'out')).toMatchObject({
    code: 3,
    err: expect.stringMatching(/A tokenizer has changed since the merge .*longer.*tokenizer\.json/),
  })
})

test('options and a file of Basil’s own match tokens too, and what cannot be is one sentence', async () => {
  const folder = await folderOfModels()
  const models = ['--method', 'task-arithmetic', '--pretrained', 'base', '--vectors', 'one', 'longer']
  const differ = await basil(folder, 'merge', ...models, '--out', 'never')
  expect(differ).toMatchObject({ code: 3, err: expect.stringMatching(/--tokenizer-source matches their tokens/) })
  const merged = await basil(folder, 'merge', ...models, '--tokenizer-source', 'base', '--out', 'out')
  expect(merged).toMatchObject({ code: 0, err: '' })
  expect((await valuesOf(join(folder, 'out', 'model.safetensors.index.json'))).get('lm_head.weight')).toHaveLength(64)
  expect(await basil(folder, 'verify', 'out')).toMatchObject({ code: 0 })

  const own = {
    method: 'task-arithmetic',
    pretrained: 'base',
    vectors: ['one', 'longer'],
    tokenizer: { path: 'longer' },
  }
  writeFileSync(join(folder, 'own.json'), JSON.stringify({ ...own, out: 'own' }))
  expect(await basil(folder, 'merge', 'own.json')).toMatchObject({ code: 0, err: '' })
  expect(json(folder, 'own', 'config.json')).toMatchObject({ vocab_size: 11 })
  expect(json(folder, 'own', 'tokenizer.json')).toEqual(json(folder, 'longer', 'tokenizer.json'))

  const refused = async (...words: string[]): Promise<string> => {
    const { code, err } = await basil(folder, 'merge', ...words)
    expect([code !== 0, err.trim().split('\n').length]).toEqual([true, 1])
    return err
  }
  expect(await refused('own.json', '--out', 'x.safetensors')).toMatch(/written into a folder/)
  expect(await refused('recipe.yaml', '--out', 'x', '--method', 'dare')).toMatch(/followed as it is written.*--method/)
  expect(existsSync(join(folder, 'x'))).toBe(false)
})
