// Values that differ from tensor to tensor: gradients over the layers' depth, the first filter that fits, and what a
// card has against any of them.
import { expect, test } from 'vitest'

import { issuesOf, mergeCard } from '../../src-main/contract/merges/step.ts'
import { differs, parametersAt, placesOf, valueAt, valuesIn } from '../../src-main/contract/merges/valued.ts'

const names = [
  'model.embed_tokens.weight',
  ...[0, 1, 2, 3, 4].map((l) => `model.layers.${l}.mlp.up_proj.weight`),
  'lm_head.weight',
]

test('a gradient is linear between its points over the depth of the layers; embeddings and heads have its first', () => {
  const place = placesOf(names)
  const along = (gradient: (number | string)[]): unknown[] =>
    names.map((name) => valueAt({ gradient }, name, place(name)))
  expect(along([0, 1])).toEqual([0, 0, 0.25, 0.5, 0.75, 1, 0])
  expect(along([0, 1, 0])).toEqual([0, 0, 0.5, 1, 0.5, 0, 0])
  expect(along(['a', 'b', 'c'])).toEqual(['a', 'a', 'a', 'b', 'b', 'c', 'a'])
  expect(placesOf(['x.blocks.0.w'])('x.blocks.0.w').depth).toBe(1) // one layer alone
  expect(placesOf(names)('other.w').depth).toBe(0)
})

const at = (depth: number) => ({ depth, layer: 0, layers: 3 })

test('the first filter that fits decides; where none does the default holds', () => {
  const value = [
    { filter: 'mlp', value: { gradient: [1, 3] } },
    { filter: 'embed', value: 7 },
  ]
  expect(valueAt(value, 'layers.1.mlp.w', at(0.5))).toBe(2)
  expect(valueAt(value, 'embed.w', at(0))).toBe(7)
  expect(valueAt(value, 'head.w', at(0))).toBeUndefined()
  expect(parametersAt({ density: value, sign: 'sum' }, 'head.w', at(0))).toEqual({ sign: 'sum' })
  expect(valuesIn(value)).toEqual([1, 3, 7])
  expect([differs([0.3, 'sum', true]), differs([0.3, value])]).toEqual([false, true])
})

test('layers that are named have values of their own, and a gradient runs over them alone', () => {
  const place = placesOf(names)
  const value = [
    { layers: [-1, 2], filter: 'w', value: { gradient: [0, 1] } },
    { layers: [2, 3], value: 7 },
    { layers: [3, 9], value: { gradient: [2, 4] } },
  ]
  expect(names.map((name) => valueAt(value, name, place(name)))).toEqual([0, 0, 1, 7, 2, 4, 2])
})

test('a card refuses a value wherever it may hold', () => {
  const ties = mergeCard('ties')
  expect(issuesOf(ties, { density: { gradient: [0.2, 1] } })).toEqual([])
  expect(issuesOf(ties, { density: { gradient: [0.2, 1.5] } })).toHaveLength(1)
  expect(issuesOf(ties, { density: [{ filter: 'mlp', value: 0.2 }, { value: -1 }] })).toHaveLength(1)
  expect(issuesOf(ties, { scale: 1 }).length).toBeGreaterThan(0)
})
