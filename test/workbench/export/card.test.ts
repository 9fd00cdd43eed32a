// The card beside an exported model: it is there, its figures are those of history with means made of its own rows, it
// names no place of this machine, and nothing that is there already is replaced unasked.

import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import { sha256 } from '../../../src-main/contract/branded.ts'
import { formSchema } from '../../../src-main/contract/checkpoint.ts'
import type { RunDetail } from '../../../src-main/contract/run/run.ts'
import { cardOf } from '../../../src-main/workbench/export/card.ts'
import { look } from '../../../src-main/worker/inspect.ts'
import { folder as golden } from '../../golden/fixture.ts'
import { follow, temporaryFolder, toyConfig, toyWorkbench } from '../toy.ts'

const template = readFileSync(join(import.meta.dirname, '../../../resources/model-card.md'), 'utf8')

async function finished() {
  const home = temporaryFolder()
  const workbench = await toyWorkbench(home)
  const run = await workbench.runs.start(toyConfig())
  await follow(workbench, run)
  return { home, workbench, run }
}

/** A table's cells, row after row, by the first words of its head. */
function tableOf(card: string, head: string): string[][] {
  const lines = card.split('\n')
  const from = lines.findIndex((line) => line.startsWith(`| ${head}`))
  const to = lines.findIndex((line, i) => i > from && !line.startsWith('|'))
  return lines.slice(from + 2, to < 0 ? undefined : to).map((line) => line.slice(2, -2).split(' | '))
}

test('a card stands beside the model, and names its parents by hash and nothing by its place', async () => {
  const { home, workbench, run } = await finished()
  const exported = await workbench.exports.export(run, { iteration: null }, null)
  expect(exported.card).toBe(exported.file.replace(/safetensors$/, 'md'))
  const card = readFileSync(exported.card, 'utf8')
  const { parents, config } = workbench.runs.show(run)
  expect(card).toMatch(/^---\nlicense: other\n/)
  expect(card).toContain("Licence: not given - the parents' licences apply.")
  expect(card).toContain('# toy run\n')
  expect(card).not.toContain('{{')
  for (const { sha256 } of parents) expect(card).toContain(sha256)
  const outsideOfHashes = card.replaceAll('sha of /models', '') // which is what the toy's hashes are
  for (const place of [home, '/models', config.pretrained]) expect(outsideOfHashes).not.toContain(place)
  expect(tableOf(card, ' |').find(([name]) => name === 'seed')).toEqual(['seed', '7'])
  const state = await workbench.exports.export(
    run,
    { iteration: 1, epoch: 1, form: formSchema.parse({ container: 'state_dict' }) },
    null,
  )
  expect(state.file).toMatch(/-epoch-1\.pt$/)
  expect(readFileSync(state.card, 'utf8')).toMatch(
    /This state was not measured\.[\s\S]*A person chose this state: epoch 1 of iteration 1\./,
  )
})

test('a model or a card that is there is replaced only when that is asked for, and looked at before the work', async () => {
  const { home, workbench, run } = await finished()
  const [out, card] = [join(home, 'model.safetensors'), join(home, 'model.md')]
  writeFileSync(card, 'notes of mine')
  await expect(workbench.exports.export(run, { iteration: 0 }, { out, overwrite: false })).rejects.toMatchObject({
    record: { code: 'target-exists', where: card },
  })
  expect(existsSync(out)).toBe(false)
  expect(readFileSync(card, 'utf8')).toBe('notes of mine')
  await expect(workbench.exports.export(run, { iteration: 0 }, { out, overwrite: true })).rejects.toMatchObject({
    // nobody was asked about the notes
    record: { code: 'target-exists', where: card, why: expect.stringContaining('only a card') },
  })
  expect(readFileSync(card, 'utf8')).toBe('notes of mine')
  rmSync(card)
  await workbench.exports.export(run, { iteration: 0 }, { out, overwrite: true })
  expect(readFileSync(card, 'utf8')).toContain('after the start')
  await workbench.exports.export(run, { iteration: 1 }, { out, overwrite: true })
  expect(readFileSync(card, 'utf8')).toContain('after iteration 1')
  const first = await workbench.exports.export(run, { iteration: 0 }, null)
  writeFileSync(first.card.replace('.md', '-2.md'), 'notes of mine')
  // in the exports folder another name is found
  const second = await workbench.exports.export(run, { iteration: 0 }, null)
  expect(readdirSync(join(home, 'exports'))).toContain(second.card.split('/').at(-1))
  expect(second.card).toMatch(/-3\.md$/)
})

test('accuracies are those of the rows, their means computed from them, and a gap leaves its mean out', async () => {
  const { workbench, run } = await finished()
  const shown = workbench.runs.show(run)
  const scores = (values: [number, number | null][]) =>
    values.map(([accuracy, relativeAccuracy], i) => ({
      task: ['cars', 'dtd'][i] ?? '',
      loss: 0,
      accuracy,
      relativeAccuracy,
    }))
  const detail: RunDetail = {
    ...shown,
    evaluatedOn: 'test',
    accuracy: 0.01, // a stored mean that is wrong
    evaluations: [
      {
        split: 'test',
        model: 'pretrained',
        stage: null,
        tasks: scores([
          [0.5, 0.625],
          [0.3, null],
        ]),
      },
      {
        split: 'test',
        model: 'finetuned',
        stage: null,
        tasks: scores([
          [0.8, 1],
          [0.5, 1],
        ]),
      },
      {
        split: 'validation',
        model: 'iteration',
        stage: 2,
        tasks: scores([
          [0, 0],
          [0, 0],
        ]),
      },
      {
        split: 'test',
        model: 'iteration',
        stage: 2,
        tasks: scores([
          [0.7, 0.875],
          [0.4, 0.8],
        ]),
      },
    ],
  }
  const written = await look(join(golden, 'pretrained.safetensors'))
  const exported = { file: '/secret/place/model.pt', bytes: 9, sha256: sha256('abc'), tensors: 32 }
  const vectors = ['cars.safetensors', 'a|b\n<img src=x>.pt'].map((name, i) => ({
    file: `/secret/${name}`,
    name,
    sha256: sha256(`hash ${i}`),
  }))
  const recipe = {
    basil: '2' as const,
    steps: [],
    run,
    name: 'two',
    method: 'dv-basi',
    grouping: 'layer' as const,
    iteration: 2,
    epoch: null,
    pretrained: { file: '/secret/base', name: 'base.safetensors', sha256: sha256('hash of base') },
    vectors,
    groups: ['a', 'b'],
    start: [
      [0.1, 0.3],
      [-0.2, 0],
    ],
    iterations: [
      [1, 0],
      [0, 0],
    ],
  }
  const images = [{ task: 'cars', classes: 4, training: 10, validation: 5, test: 6 }]
  const carded = { images, recipe, exported, written, form: formSchema.parse({ container: 'state_dict' }) }
  const card = cardOf(template, { detail, ...carded })
  const rounded = cardOf(template, { detail, ...carded, exported: { ...exported, rounded: ['F16', 'BF16'] } })
  expect(rounded).toContain('Its merged numbers were rounded to F16, BF16; the run computed with float32.')
  expect(card).not.toContain('were rounded')
  const leaks = [{ task: 'cars', split: 'validation' as const, images: 2, of: 6, unlabelled: false }]
  expect(card).toContain('selected nothing')
  const marked = cardOf(template, { detail: { ...detail, leaks }, ...carded })
  expect(marked).toContain('**Mark: test images seen.** 2 of 6 test images of cars are validation images too.')
  expect(marked).not.toContain('selected nothing')
  expect(tableOf(card, 'task | pre')).toEqual([
    ['cars', '50.0', '62.5', '80.0', '70.0', '87.5'],
    ['dtd', '30.0', '-', '50.0', '40.0', '80.0'],
    ['mean', '40.0', '-', '65.0', '55.0', '83.8'],
  ])
  const aims = detail.config.tasks.map((task, i) => ({ ...task, aim: i ? ('keep' as const) : ('forget' as const) }))
  const negation = cardOf(template, { detail: { ...detail, config: { ...detail.config, tasks: aims } }, ...carded })
  expect(tableOf(negation, 'task | pre').slice(0, 4)).toEqual([
    ['cars (to forget)', '50.0', '62.5', '80.0', '70.0', '87.5'],
    ['dtd (to keep)', '30.0', '-', '50.0', '40.0', '80.0'],
    ['mean of tasks to keep', '30.0', '-', '50.0', '40.0', '80.0'],
    ['mean of tasks to forget', '50.0', '62.5', '80.0', '70.0', '87.5'],
  ])
  expect(negation).toContain(
    'To be forgotten: cars. Their loss was ascended, and accuracy on them is the better the lower it is.',
  )
  expect(negation).toMatch(/To be kept: dtd\. .* at least 95 % of the pre-trained model's\./)
  expect(card).not.toContain('forgotten')
  // Iterations after the state that were not accepted changed nothing: what was measured after them is the state's.
  const rejected = { ...detail, iterations: detail.iterations.map((s) => ({ ...s, accepted: s.stage < 2 })) }
  expect(
    tableOf(
      cardOf(template, { detail: rejected, ...carded, recipe: { ...recipe, iteration: 1, iterations: [[1, 0]] } }),
      'task | pre',
    )[2],
  ).toEqual(['mean', '40.0', '-', '65.0', '55.0', '83.8'])
  expect(tableOf(card, 'coefficients of')).toEqual([
    ['cars.safetensors', '0.2000', '0.2500', '0.3000'],
    ['a\\|b \\<img src=x\\>.pt', '-0.4000', '-0.2000', '0.0000'],
  ])
  expect(tableOf(card, 'task | classes')).toEqual([['cars', '4', '10', '5', '6']])
  expect(card).toContain('state = torch.load("model.pt", map_location="cpu", weights_only=True)')
  expect(card).toContain(
    'open_clip.model.CLIP(embed_dim=64, vision_cfg=dict(image_size=32, patch_size=8, width=128, layers=2, head_width=64)',
  )
  expect(card).not.toContain('/secret')
})
