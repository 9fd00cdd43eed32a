// Models of the library and data sets in the configuration of a run.
import { describe, expect, it, test } from 'vitest'

import type { CheckpointSet } from '../../../../src-main/contract/api/library.ts'
import { runId, sha256 } from '../../../../src-main/contract/branded.ts'
import { resolveConfig } from '../../../../src-main/contract/run/resolve.ts'
import { accuraciesOf, setSentence } from '../../../../src-renderer/plot/sets.ts'
import {
  headReference,
  modelsOf,
  modelsOfRecipe,
  modelsOfSet,
  together,
  withModels,
} from '../../../../src-renderer/state/checkpoints/models.ts'
import { taskName } from '../../../../src-renderer/state/data/task-splits.ts'
import { entry } from '../../entry-fixture.ts'

describe('models of the library in a run', () => {
  const set: CheckpointSet = {
    folder: '/models/ViT-B-32',
    model: 'ViT-B-32',
    pretrained: 1,
    finetuned: [
      { dataset: 'MNIST', id: 2, linear: true },
      { dataset: 'MNIST', id: 3, linear: false },
      { dataset: 'Cars', id: 4, linear: true },
    ],
    heads: [{ dataset: 'MNIST', id: 5 }],
    accuracies: [
      { dataset: 'MNIST', split: 'test', model: 'fine-tuned', linear: false, accuracy: 0.99 },
      { dataset: 'MNIST', split: 'test', model: 'pre-trained', linear: false, accuracy: 0.5 },
      { dataset: 'MNIST', split: 'validation', model: 'fine-tuned', linear: false, accuracy: 0.98 },
      { dataset: 'MNIST', split: 'test', model: 'fine-tuned', linear: true, accuracy: 0.97 },
    ],
    findings: [],
  }
  const of = (id: number | null) => (id === null ? null : entry(id, id === 1 ? { role: 'pre-trained' } : {}))
  const task = (name: string) => ({ name, data: `t#${name}`, head: `t#head.${name}`, finetuned: 'old.pt' })
  const near = (path: string) => path.replace('/models/', '')

  it('come from a whole set: ordinary models before linearised ones, heads and fine-tuned models at their tasks', () => {
    const models = modelsOfSet(set, of, new Map([['MNIST', '/models/head.pt#w']]))
    expect(models).toMatchObject({ pretrained: '/models/m1.pt', vectors: ['/models/m3.pt', '/models/m4.pt'] })
    const files = withModels({ pretrained: 'x', vectors: ['y'], tasks: [task('mnist'), task('emoji')] }, models, near)
    expect(files).toMatchObject({ pretrained: 'm1.pt', vectors: ['m3.pt', 'm4.pt'] })
    expect(files.tasks).toMatchObject([{ head: 'head.pt#w', finetuned: 'm3.pt' }, { head: 't#head.emoji' }])
    expect(files.tasks[1]?.finetuned).toBeUndefined() // it was another model's
  })

  it('come from selected rows by their roles', () => {
    const rows = [entry(1, { role: 'pre-trained' }), entry(2, { dataset: 'Cars' }), entry(3, { role: 'head' })]
    expect(modelsOf(rows)).toEqual({
      pretrained: '/models/m1.pt',
      vectors: ['/models/m2.pt'],
      tasks: [{ dataset: 'Cars', finetuned: '/models/m2.pt' }],
    })
  })

  it('later choices stand over earlier ones, those for one task side by side', () => {
    const first = {
      vectors: ['a'],
      tasks: [
        { dataset: 'MNIST', finetuned: 'a' },
        { dataset: 'Cars', head: 'c' },
      ],
    }
    expect(together(first, { pretrained: 'p', tasks: [{ dataset: 'MNIST', head: 'h' }] })).toEqual({
      pretrained: 'p',
      vectors: ['a'],
      tasks: [
        { dataset: 'MNIST', finetuned: 'a', head: 'h' },
        { dataset: 'Cars', head: 'c' },
      ],
    })
  })

  it('come from a recipe as far as its parents are at hand', () => {
    const recipe = {
      basil: '2' as const,
      steps: [],
      run: runId(3),
      name: 'old run',
      method: 'dv-basi',
      grouping: 'layer' as const,
      iteration: 1,
      epoch: null,
      pretrained: { file: '', name: 'p', sha256: sha256('0') },
      vectors: [],
      groups: ['a'],
      start: [[1]],
      iterations: [[0.1], [0.2]],
    }
    const parent = { name: 'x', sha256: sha256('0'), entry: null }
    const parents = [
      { ...parent, role: 'pretrained' as const, file: '/p.pt' },
      { ...parent, role: 'vector' as const, file: null },
      { ...parent, role: 'vector' as const, file: '/v.pt' },
    ]
    expect(modelsOfRecipe({ recipe, parents, run: null })).toMatchObject({
      pretrained: '/p.pt',
      vectors: ['/v.pt'],
      settings: { name: 'old run', method: 'dv-basi', blocks: 'layer', linearised: 'no', iterations: 2 },
    })
    const learned = resolveConfig(
      {
        method: 'dv-basi',
        pretrained: 'p',
        vectors: ['v'],
        tasks: [{ name: 'a', data: 'd', head: 'h' }],
        start: { method: 'atlas', steps: 7 },
        learningRate: 0.02,
      },
      (p) => p,
    )
    const told = modelsOfRecipe({ recipe: { ...recipe, config: learned }, parents, run: null })
    expect(told.settings).toMatchObject({ learningRate: 0.02, start: { method: 'atlas', steps: 7 }, blocks: 'layer' })
    expect([told.pretrained, told.vectors, told.settings && 'tasks' in told.settings]).toEqual([
      '/p.pt',
      ['/v.pt'],
      false,
    ])
    expect(
      modelsOfRecipe({ recipe: { ...recipe, method: 'of another time' }, parents, run: null }).settings,
    ).not.toHaveProperty('method')
  })

  it('a head is named in a file of several, and is the file where there is one', () => {
    const heads = [{ name: 'head.mnist' }, { name: 'head.cars' }]
    expect(headReference('/h.safetensors', heads, 'MNISTVal')).toBe('/h.safetensors#head.mnist')
    expect(headReference('/head_Cars.pt', [{ name: 'weight' }], 'Cars')).toBe('/head_Cars.pt')
  })

  it('a set is said in one sentence, its accuracies are a table', () => {
    expect(setSentence(set)).toBe('pre-trained, 3 fine-tuned (2 linearised), 1 head, accuracies of 1 data set')
    expect(accuraciesOf(set)).toEqual([
      { dataset: 'MNIST', split: 'test', pretrained: 0.5, finetuned: 0.99, linearised: 0.97 },
      { dataset: 'MNIST', split: 'validation', pretrained: null, finetuned: 0.98, linearised: null },
    ])
  })
})

test('a task of a data set is added once, with the head and fine-tuned model that were chosen for its name', () => {
  const models = together(
    { vectors: ['/m.pt'], tasks: [{ dataset: 'MNIST', head: '/h.pt', finetuned: '/m.pt' }] },
    {
      tasks: [{ dataset: 'mnist', data: '/d#field-val', validation: undefined, test: '/d#test' }],
    },
  )
  const files = withModels({ pretrained: '/p', vectors: [], tasks: [] }, models, (path) => path)
  expect(files.tasks).toEqual([
    { name: 'mnist', data: '/d#field-val', test: '/d#test', head: '/h.pt', finetuned: '/m.pt' },
  ])
  expect(withModels(files, models, (path) => path).tasks).toHaveLength(1)
  expect(taskName('my, set/1')).toBe('my_ set_1')
})
