import { expect, it } from 'vitest'

import { mergeCard } from '../../../../src-main/contract/merges/step.ts'
import { looksOf, splitsOf, suggestedLook } from '../../../../src-renderer/state/merge/looking.ts'
import { entry } from '../../entry-fixture.ts'

const split = (name: string) => ({ name, count: 10 })
const data = [
  { id: 1, name: 'MNIST', splits: [split('train'), split('test')], field: [split('train-val'), split('val')] },
  { id: 2, name: 'Stanford Cars', splits: [split('test'), split('train')], field: [] },
]
const heads = [
  entry(8, { name: 'head_mnist.pt', role: 'head' }),
  entry(9, { name: 'head.pt', role: 'head', dataset: 'Stanford Cars' }),
]

it('suggests the data set and head of a model’s own task, learnt from its folder or its name', () => {
  const cars = entry(3, { name: 'finetuned.pt', dataset: 'StanfordCarsVal' })
  expect(suggestedLook(cars, data, heads)).toEqual({ dataSet: 2, split: 'train', head: 9 })
  expect(suggestedLook(entry(4, { name: 'finetuned-mnist.pt' }), data, heads)).toEqual({
    ...{ dataSet: 1, split: 'train-val', head: 8 },
  })
  expect(suggestedLook(entry(5, { name: 'tuned.pt' }), data, heads)).toBeUndefined()
  expect(splitsOf({ splits: [split('a')], field: [split('b'), split('c')] })).toEqual(['b', 'c', 'a'])
})

it('is whole when every model has images, and a head where the method computes with one', () => {
  const [one, two] = [
    { dataSet: 1, split: 'train', head: null },
    { dataSet: 2, split: 'train', head: 9 },
  ]
  expect(looksOf(mergeCard('regmean'), [3, 4], { 3: one, 4: two })).toEqual([one, two])
  expect(looksOf(mergeCard('regmean'), [3, 4], { 3: one })).toBeNull()
  expect(looksOf(mergeCard('fisher'), [3, 4], { 3: one, 4: two })).toBeNull()
})
