// basil merge of models as folders: shards and index in and out, configuration and tokenizer beside them, a plan by
// headers alone, verification byte by byte, and what is refused before anything is written.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import { written } from '../engine/formats/bytes.ts'
import { type Full, filled, type Shapes } from '../engine/layouts/models.ts'
import { moved, plain } from '../engine/measures/memory.ts'
import { temporaryFolder } from '../workbench/toy.ts'
import { basil, valuesOf } from './in-folder.ts'

const shapes: Shapes = [
  ['model.embed_tokens.weight', [40, 16]],
  ['model.layers.0.mlp.up_proj.weight', [32, 16]],
  ['model.layers.1.mlp.up_proj.weight', [32, 16]],
  ['model.norm.weight', [16]],
  ['lm_head.weight', [40, 16]],
]
const base = filled(shapes, 'F32', 1, true)
const [one, two] = [2, 3].map((seed) => moved(base, seed, 0.1)) as [Full[], Full[]]
const without = (model: Full[], name: string): Full[] => model.filter((tensor) => tensor.name !== name)

/** A folder as transformers writes it, its tensors in two shards. */
async function model(folder: string, name: string, tensors: Full[]): Promise<void> {
  const at = join(folder, name)
  mkdirSync(at)
  const parts = [tensors.slice(0, 2), tensors.slice(2)]
  const map: Record<string, string> = {}
  for (const [k, part] of parts.entries()) {
    const file = `model-0000${k + 1}-of-00002.safetensors`
    writeFileSync(join(at, file), await written(part))
    for (const tensor of part) map[tensor.name] = file
  }
  writeFileSync(join(at, 'model.safetensors.index.json'), JSON.stringify({ metadata: {}, weight_map: map }))
  writeFileSync(
    join(at, 'config.json'),
    JSON.stringify({ model_type: 'toy', torch_dtype: 'float32', dtype: 'float32' }),
  )
  writeFileSync(join(at, 'tokenizer.json'), '{"model": {"vocab": {}}}')
  writeFileSync(join(at, 'modeling_toy.py'), 'raise SystemExit')
}

async function models(parts: Record<string, Full[]>): Promise<string> {
  const folder = temporaryFolder()
  for (const [name, tensors] of Object.entries(parts)) await model(folder, name, tensors)
  return folder
}
const parents = ['--pretrained', 'base', '--vectors', 'one', 'two']

test('folders are merged into a folder of shards, which verifies; a changed byte or parent does not', async () => {
  const folder = await models({ base, one, two })
  const words = [...parents, '--weights', '1', '0.5', '--set', 'lambda=2', '--shard-size', '3KB', '--out', 'out']
  const merged = await basil(folder, 'merge', ...words, '--json')
  expect(merged).toMatchObject({ code: 0, err: '' })
  expect(JSON.parse(merged.out)).toMatchObject({
    tensors: 5,
    file: join(folder, 'out', 'model.safetensors.index.json'),
  })
  const files = readdirSync(join(folder, 'out')).sort()
  expect(files).toEqual([
    'README.md',
    'config.json',
    ...[1, 2, 3, 4].map((k) => `model-0000${k}-of-00004.safetensors`),
    'model.safetensors.index.json',
    'tokenizer.json',
  ])
  const values = await valuesOf(join(folder, 'out', 'model.safetensors.index.json'))
  const [still, a, b] = [plain(base), plain(one), plain(two)]
  for (const [name, found] of values)
    expect(found, name).toEqual(
      still
        .get(name)
        ?.map((v, i) =>
          Math.fround(v + 2 * ((a.get(name)?.[i] as number) - v) + 1 * ((b.get(name)?.[i] as number) - v)),
        ),
    )
  expect(await basil(folder, 'verify', 'out')).toMatchObject({ code: 0, out: expect.stringMatching(/5 tensors/) })

  const shard = join(folder, 'out', 'model-00002-of-00004.safetensors')
  const bytes = readFileSync(shard)
  bytes.set([(bytes.at(-1) as number) ^ 1], bytes.length - 1)
  writeFileSync(shard, bytes)
  const changed = await basil(folder, 'verify', 'out')
  expect(changed).toMatchObject({ code: 1, err: expect.stringMatching(/not what its recipe gives.*element 511/) })

  rmSync(join(folder, 'two'), { recursive: true })
  const missing = await basil(folder, 'verify', 'out')
  expect(missing).toMatchObject({ code: 3, err: expect.stringMatching(/A parent of the model is missing \(two\)/) })
  await model(folder, 'two', one)
  expect(await basil(folder, 'verify', 'out')).toMatchObject({ code: 3, err: expect.stringMatching(/has changed/) })
})

test('in bfloat16 by a file of the same words: the configuration names the type, and a folder is never replaced', async () => {
  const folder = await models({ base, one, two })
  const recipe = { method: 'ties', pretrained: 'base', vectors: ['one', 'two'], set: { density: 0.5 }, dtype: 'bf16' }
  writeFileSync(join(folder, 'recipe.json'), JSON.stringify({ ...recipe, out: 'out' }))
  expect(await basil(folder, 'merge', 'recipe.json')).toMatchObject({ code: 0, err: '' })
  expect(JSON.parse(readFileSync(join(folder, 'out', 'config.json'), 'utf8'))).toMatchObject({
    torch_dtype: 'bfloat16',
    dtype: 'bfloat16',
  })
  expect(await basil(folder, 'verify', 'out')).toMatchObject({ code: 0 })
  const again = await basil(folder, 'merge', 'recipe.json', '--overwrite')
  expect(again).toMatchObject({ code: 1, err: expect.stringMatching(/already there/) })
  expect(readdirSync(folder).filter((name) => name.endsWith('.tmp'))).toEqual([])
})

test('a plan reads headers only and has every tensor of every model', async () => {
  const extra = filled([['extra.weight', [4]]], 'F32', 5, true)
  const folder = await models({
    base,
    one: without(one, 'lm_head.weight'),
    two: [...without(two, 'model.norm.weight'), ...extra],
  })
  const plan = await basil(folder, 'merge', ...parents, '--plan', '--json')
  expect(plan.code).toBe(3)
  const { tensors, bytesWritten, files } = JSON.parse(plan.out)
  const fates = tensors.map((one: { tensor: string; fate: string }) => [one.tensor, one.fate])
  expect(fates).toEqual([
    ...shapes.map(([name]) => [name, name === 'model.norm.weight' ? 'refused' : 'merged']),
    ['extra.weight', 'refused'],
  ])
  expect({ bytesWritten, files }).toEqual({ bytesWritten: 4 * (2 * 640 + 2 * 512 + 16), files: 1 })
  const refused = await basil(folder, 'merge', ...parents, '--out', 'out')
  expect(refused).toMatchObject({ code: 3, err: expect.stringMatching(/two.*lacks the tensor model.norm.weight/) })
  const taken = await basil(folder, 'merge', ...parents, '--missing', 'base', '--out', 'out')
  expect(taken).toMatchObject({ code: 0, err: '' })
  const values = await valuesOf(join(folder, 'out', 'model.safetensors.index.json'))
  expect(values.get('model.norm.weight')).toEqual(plain(base).get('model.norm.weight'))
  expect(values.has('extra.weight')).toBe(false)
  const text = await basil(folder, 'merge', ...parents, '--missing', 'base', '--plan')
  expect(text.out).toMatch(/^taken +model\.norm\.weight F32 \[16\]: two.* lacks it$/m)
  expect(text.out).toMatch(/^left out +extra\.weight F32 \[4\]: of two.*: the pre-trained model lacks it$/m)
  expect(text.out).toMatch(/^6 tensors: 4 merged, 1 taken, 1 left out$/m)
})

test('a tied head: the embedding stands for it, and a head that is the embedding again is left out', async () => {
  const tied = without(base, 'lm_head.weight')
  const embedding = one.find(({ name }) => name === 'model.embed_tokens.weight') as Full
  const same = [...without(one, 'lm_head.weight'), { ...embedding, name: 'lm_head.weight' }]
  const folder = await models({ base: tied, one: same, two })
  const merge = (...words: string[]) => basil(folder, 'merge', '--pretrained', 'base', '--vectors', ...words)
  expect(await merge('one', '--out', 'fine')).toMatchObject({ code: 0, err: '' })
  const refused = await merge('two', '--out', 'other')
  expect(refused).toMatchObject({ code: 3, err: expect.stringMatching(/two.* has the tensor lm_head.weight/) })
  expect(existsSync(join(folder, 'other'))).toBe(false)
})

test('what is wrong is one sentence before anything is written', async () => {
  const folder = await models({ base, one, two })
  const refused = async (...words: string[]): Promise<string> => {
    const { code, err } = await basil(folder, 'merge', ...words, '--out', 'never')
    expect(code).toBeGreaterThan(0)
    expect(err.trim().split('\n')).toHaveLength(1)
    expect(existsSync(join(folder, 'never'))).toBe(false)
    return err
  }
  expect(await refused('--vectors', 'one', 'two')).toMatch(/needs the pre-trained model/)
  expect(await refused(...parents, '--weights', '1')).toMatch(/weights do not fit.*there are 2 models, and 1 of them/)
  expect(await refused(...parents, '--set', 'density=2', '--method', 'ties')).toMatch(/does not take this value/)
  expect(await refused(...parents, '--set', 'density')).toMatch(/not of the form key=value/)
  expect(await refused(...parents, '--preset', 'as nobody')).toMatch(/no such preset.*as mergekit/)
  expect(await refused('--pretrained', 'base', '--vectors', 'nowhere')).toMatch(/nowhere/)
  rmSync(join(folder, 'two', 'model-00002-of-00002.safetensors'))
  expect(await refused(...parents)).toMatch(/model-00002-of-00002\.safetensors/)
})
