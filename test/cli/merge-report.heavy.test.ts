// basil merge --report in a terminal, with the real engine: in 100 columns or as JSON, by options or a file, of task
// vectors or of models; nothing is written, and what would be refused ends it with exit code 3.
import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import { mergeReportSchema } from '../../src-main/contract/merges/report.ts'
import { written } from '../engine/formats/bytes.ts'
import { type Full, filled, type Shapes } from '../engine/layouts/models.ts'
import { moved } from '../engine/measures/memory.ts'
import { temporaryFolder } from '../workbench/toy.ts'
import { basil } from './in-folder.ts'

const shapes: Shapes = [
  ['embed.weight', [9, 4]],
  ...[0, 1].flatMap(
    (l): Shapes => [
      [`layers.${l}.weight`, [12, 10]],
      [`layers.${l}.bias`, [12]],
    ],
  ),
  ['layers.2.bias', [12]],
]
const base = filled(shapes, 'F32', 1, true)

async function folderOf(others: Record<string, Full[]> = {}): Promise<string> {
  const folder = temporaryFolder()
  for (const [name, model] of Object.entries({ base, one: moved(base, 2, 0.1), two: moved(base, 3, 0.1), ...others }))
    writeFileSync(join(folder, `${name}.safetensors`), await written(model))
  return folder
}
const pair = ['--pretrained', 'base.safetensors', '--vectors', 'one.safetensors', 'two.safetensors']

test('a report in 100 columns, and the same as JSON by a recipe file', async () => {
  const folder = await folderOf()
  const before = readdirSync(folder)
  const shown = await basil(folder, 'merge', '--report', ...pair)
  expect(shown).toMatchObject({ code: 0, err: '' })
  const lines = shown.out.split('\n')
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(100)
  expect(lines[0]).toBe('tensors: 6 merged (312 elements)')
  expect(shown.out).toMatch(/^one\.safetensors +\d\.\d+ +\d+\.\d % +1\.000 +-?0\.\d{3}$/m)
  expect(shown.out).toMatch(/^hint, no more: (irrelevant|aligned|contradictory): /m)
  expect(shown.out).toMatch(/^layer +elements +\|v\| least +most +cos least +most +signs +rank +overlap$/m)
  expect(shown.out).toMatch(/^layer 1 +132 +(\d\.\d+ +){2}(-?0\.\d{3} +){2}\d+\.\d % +\d+\.\d % +\d\.\d+$/m)
  expect(shown.out).toMatch(/^layer 2 .* - +-$/m)
  expect(shown.out).toMatch(/^not computed: rank and overlap of layer 2: it has no matrix$/m)

  const recipe = { method: 'ties', pretrained: 'base.safetensors', vectors: ['one.safetensors', 'two.safetensors'] }
  writeFileSync(join(folder, 'recipe.json'), JSON.stringify(recipe))
  const told = await basil(folder, 'merge', 'recipe.json', '--report', '--fast', '--json')
  const { layers, coverage, of, vectors } = mergeReportSchema.parse(JSON.parse(told.out))
  expect({ coverage, of, code: told.code }).toEqual({
    ...{ coverage: [{ fate: 'merged', tensors: 6, elements: 312 }], of: 'differences', code: 0 },
  })
  expect(vectors.map(({ file }) => file)).toEqual(['one', 'two'].map((name) => join(folder, `${name}.safetensors`)))
  expect(layers[0]?.matrices).toEqual({ skipped: 'singular values were not asked for' })
  expect(readdirSync(folder).filter((name) => !before.includes(name) && !['cache', 'logs'].includes(name))).toEqual([
    'recipe.json',
  ])
})

test('of a merge of models their own norms and cosines; what would be refused is counted, with exit code 3', async () => {
  const lacking = moved(base, 4, 0.1).filter(({ name }) => name !== 'embed.weight')
  const folder = await folderOf({ lacking })
  const models = ['--vectors', 'one.safetensors', 'two.safetensors']
  const sphere = await basil(folder, 'merge', '--report', '--method', 'slerp', ...models, '--json')
  expect(mergeReportSchema.parse(JSON.parse(sphere.out))).toMatchObject({
    ...{ of: 'models', hint: { skipped: expect.stringContaining('of models') } },
  })
  const words = ['--pretrained', 'base.safetensors', '--vectors', 'one.safetensors', 'lacking.safetensors']
  const refused = await basil(folder, 'merge', '--report', ...words)
  expect(refused).toMatchObject({ code: 3, err: '' })
  expect(refused.out).toMatch(/^tensors: 5 merged \(276 elements\), 1 refused \(36 elements\)$/m)
  expect(refused.out).toMatch(/^cosines: not computed: there is one model$/m)
  expect(refused.out).toMatch(/^error: .*lacking\.safetensors: .*lacks the tensor embed\.weight/m)
  const taken = await basil(folder, 'merge', '--report', ...words, '--missing', 'base')
  expect(taken).toMatchObject({ code: 0, out: expect.stringContaining('5 merged (276 elements), 1 taken') })
})
