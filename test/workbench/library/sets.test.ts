// The field's folders are known as whole sets, with the accuracies beside them, whatever is in those files.
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import { checkpoint, setting } from './setting.ts'

let value = 0
const laid = (paths: string[]): Record<string, Uint8Array> =>
  Object.fromEntries(paths.map((path) => [path, checkpoint(value++)]))

async function added(files: Record<string, Uint8Array | string>) {
  const { folder, library } = await setting(files, { start: 'exit' }) // by paths alone
  await library.add([folder])
  const listed = await library.list()
  const nameOf = (id: number | null): string | undefined =>
    listed.entries.find((entry) => entry.id === id)?.path.slice(folder.length + 1)
  const sets = listed.sets.map((set) => ({
    ...set,
    folder: set.folder.slice(folder.length + 1),
    pretrained: nameOf(set.pretrained),
    finetuned: set.finetuned.map(({ id, dataset, linear }) => [dataset, nameOf(id), linear]),
    heads: set.heads.map(({ id, dataset }) => [dataset, nameOf(id)]),
  }))
  return { ...listed, folder, library, sets }
}

test('{model}/{DS}Val/{zeroshot,finetuned}.pt with heads and accuracies, test and validation kept apart', async () => {
  const { sets, entries } = await added({
    ...laid([
      'ViT-B-32/CarsVal/zeroshot.pt',
      'ViT-B-32/CarsVal/finetuned.pt',
      'ViT-B-32/DTDVal/zeroshot.pt',
      'ViT-B-32/DTDVal/finetuned.pt',
    ]),
    ...laid(['ViT-B-32/head_Cars.pt', 'ViT-B-32/head_DTDVal.pt', 'ViT-L-14/CarsVal/finetuned.pt']),
    'ViT-B-32/ft_accuracies.json': '{"Cars": 0.777, "CarsVal": 0.781, "DTD": 0.797}',
    'ViT-B-32/zeroshot_accuracies.json': '{"Cars": 59.6, "CarsVal": 60.1}',
  })
  expect(sets).toMatchObject([
    {
      folder: 'ViT-B-32',
      model: 'ViT-B-32',
      pretrained: 'ViT-B-32/CarsVal/zeroshot.pt',
      finetuned: [
        ['Cars', 'ViT-B-32/CarsVal/finetuned.pt', false],
        ['DTD', 'ViT-B-32/DTDVal/finetuned.pt', false],
      ],
      heads: [
        ['Cars', 'ViT-B-32/head_Cars.pt'],
        ['DTD', 'ViT-B-32/head_DTDVal.pt'],
      ],
      findings: [],
    },
    // its neighbour is a model with heads of its own
    { folder: 'ViT-L-14', pretrained: undefined, heads: [], accuracies: [] },
  ])
  const of = (model: string, split: string) =>
    sets[0]?.accuracies
      .filter((a) => a.model === model && a.split === split && !a.linear)
      .map((a) => [a.dataset, a.accuracy])
  expect(of('fine-tuned', 'test')).toEqual([
    ['Cars', 0.777],
    ['DTD', 0.797],
  ])
  expect(of('fine-tuned', 'validation')).toEqual([['Cars', 0.781]])
  expect(of('pre-trained', 'test')).toEqual([['Cars', expect.closeTo(0.596, 10)]]) // percents become fractions
  expect(entries.map(({ role, dataset }) => `${role} ${dataset}`)).toEqual([
    'fine-tuned Cars',
    'pre-trained null',
    'fine-tuned DTD',
    'pre-trained null',
    'head Cars',
    'head DTD',
    'fine-tuned Cars',
  ])
})

test('{model}/zeroshot.pt with {model}/{DS}/finetuned.pt, linear ones apart; of two of a data set the one without validation images', async () => {
  const { sets } = await added({
    ...laid(['m/zeroshot.pt', 'm/MNIST/finetuned.pt', 'm/SVHN/finetuned.pt', 'm/SVHNVal/finetuned.pt']),
    ...laid(['m/linear_zeroshot.pt', 'm/MNIST/linear_finetuned.pt', 'heads/m/head_MNIST.pt']),
    'm/linear_ft_accuracies.json': '{"MNIST": 0.9}',
  })
  expect(sets).toMatchObject([
    {
      pretrained: 'm/zeroshot.pt',
      finetuned: [
        ['MNIST', 'm/MNIST/finetuned.pt', false],
        ['MNIST', 'm/MNIST/linear_finetuned.pt', true],
        ['SVHN', 'm/SVHNVal/finetuned.pt', false],
      ],
      accuracies: [{ dataset: 'MNIST', split: 'test', model: 'fine-tuned', linear: true, accuracy: 0.9 }],
    },
  ])
})

test.for([
  ['in a neighbour', 'heads/head_MNIST.pt', 'run/MNIST/finetuned.pt'],
  ['in a folder below', 'run/heads/head_MNIST.pt', 'run/MNIST/finetuned.pt'],
  ["in a neighbour's folder of the model's name", 'heads/run/head_MNIST.pt', 'models/run/MNIST/finetuned.pt'],
  ['of another model', 'heads/other/head_MNIST.pt', 'models/run/MNIST/finetuned.pt', 'nowhere'],
])('heads %s', async ([, head = '', model = '', nowhere]) => {
  const { sets } = await added(laid([head, model]))
  expect(sets.map(({ heads }) => heads)).toEqual([nowhere ? [] : [['MNIST', head]]])
})

test('folders that differ in case alone are sets of their own', async () => {
  const { sets } = await added(laid(['M/zeroshot.pt', 'M/MNIST/finetuned.pt', 'm/zeroshot.pt', 'm/mnist/finetuned.pt']))
  expect(sets.map(({ folder, finetuned }) => [folder, finetuned[0]?.[0]])).toEqual([
    ['M', 'MNIST'],
    ['m', 'mnist'],
  ])
})

test.for([
  ['no JSON', '{"MNIST": 0.9'],
  ['a list', '[1, 2]'],
  ['a word', '"high"'],
  ['numbers that are no accuracies', '{"MNIST": -1, "Cars": 1e300}'],
  ['too large', ' '.repeat(2 ** 20 + 1)],
  ['deep', `${'['.repeat(100_000)}${']'.repeat(100_000)}`],
])('accuracies that are %s are one finding, and the set is there', async ([, text = '']) => {
  const { sets } = await added({
    ...laid(['m/zeroshot.pt', 'm/MNIST/finetuned.pt']),
    'm/ft_accuracies.json': text,
    'm/zeroshot_accuracies.json': '{"MNIST": 0.5, "nested": {"MNIST": 1}, "__proto__": 0.1}',
  })
  expect(sets[0]?.findings).toMatchObject([
    { code: 'data-invalid', where: expect.stringContaining('ft_accuracies.json') },
  ])
  expect(sets[0]?.accuracies).toContainEqual({
    dataset: 'MNIST',
    split: 'test',
    model: 'pre-trained',
    linear: false,
    accuracy: 0.5,
  })
})

test('a pipe in place of accuracies holds nothing up', async () => {
  const { folder, library } = await added(laid(['m/zeroshot.pt', 'm/MNIST/finetuned.pt']))
  execFileSync('mkfifo', [join(folder, 'm', 'ft_accuracies.json')])
  await library.refresh()
  expect((await library.list()).sets[0]?.findings).toMatchObject([{ why: 'it is a named pipe' }])
})
