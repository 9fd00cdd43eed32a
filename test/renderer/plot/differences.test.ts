// How two models differ, and what the values of one are, as maps and sentences.
import { describe, expect, it } from 'vitest'

import type { TensorDifference } from '../../../src-main/contract/checkpoint.ts'
import { cosineSentence, differenceMap, differenceSentence, totals } from '../../../src-renderer/plot/differences.ts'
import { sizesSentence, valuesSentence } from '../../../src-renderer/plot/sentences.ts'

describe('how two models differ', () => {
  const tensor = (name: string, change: Partial<TensorDifference> = {}): TensorDifference => ({
    name,
    shape: [2],
    normA: 2,
    normB: 2,
    distance: 1,
    cosine: 0.875,
    largest: 1,
    nonFinite: 0,
    ...change,
  })
  const tensors = [
    tensor('visual.conv1.weight', { distance: 0, cosine: 1, largest: 0 }),
    tensor('visual.transformer.resblocks.0.ln_1.weight'),
    tensor('visual.transformer.resblocks.2.ln_1.weight', { distance: 3, largest: 2, nonFinite: 4 }),
    tensor('transformer.resblocks.0.ln_1.weight', { normB: null, distance: null, cosine: null, largest: null }),
    tensor('logit_scale', { shape: [], distance: null, cosine: null, largest: null }),
  ]

  it('adds up over the tensors that both have', () => {
    expect(totals(tensors)).toEqual({
      shared: 3,
      equal: 1,
      onlyA: 1,
      onlyB: 0,
      otherShape: 1,
      distance: Math.sqrt(10),
      relative: Math.sqrt(10) / Math.sqrt(12),
      cosine: expect.closeTo((4 + 3.5 + 3.5) / 12, 12),
      largest: 2,
      nonFinite: 4,
    })
  })

  it('is a map of kinds by layers, with what stands in no layer in a row of its own', () => {
    const { rows, layers } = differenceMap(tensors, 'relative')
    expect(layers).toEqual(['layer 0', 'layer 1', 'layer 2'])
    expect(rows.map((r) => [r.name, r.values])).toEqual([
      ['ln_1.weight', [0.5, null, 1.5]],
      ['text ln_1.weight', [Number.NaN, null, null]],
      ['outside layers', [0]],
      ['text outside layers', [Number.NaN]],
    ])
    expect(rows[0]?.cells).toEqual([
      'visual.transformer.resblocks.0.ln_1.weight',
      'no tensor',
      'visual.transformer.resblocks.2.ln_1.weight',
    ])
    expect(differenceMap(tensors, 'angle').rows[0]?.values[0]).toBe(0.125)
  })

  it('is said in one sentence', () => {
    expect(differenceSentence(tensors, 'relative')).toBe(
      'Of 3 shared tensors 1 is equal; the largest relative distance is 1.500, in visual.transformer.resblocks.2.ln_1.weight.',
    )
    expect(differenceSentence(tensors.slice(0, 1), 'relative')).toBe('The one tensor they share is equal.')
    expect(differenceSentence([], 'angle')).toBe('The two have no tensor in common.')
  })
})

describe('values of a checkpoint', () => {
  const values = {
    name: 'w',
    dtype: 'F32',
    shape: [4],
    norm: 3,
    mean: 0,
    smallest: -2,
    largest: 1,
    zeros: 1,
    nonFinite: 0,
    histogram: [0, 4, 4, 0],
  }

  it('are said in one sentence, and each histogram in one', () => {
    expect(valuesSentence([values, { ...values, norm: 4, nonFinite: 2 }])).toBe(
      'The norm over 2 tensors is 5.000, the largest size 2.000; 2 values are not finite.',
    )
    expect(sizesSentence(values)).toBe('half of the sizes between 2^-39 and 2^-37, 1 zero')
    expect(sizesSentence({ histogram: [0, 0], zeros: 3 })).toBe('no value but 0, 3 zeros')
  })
})

describe('cosines of vectors', () => {
  it('are said in one sentence', () => {
    const rows = [
      { name: 'a', values: [1, 0.1, -0.5] },
      { name: 'b', values: [0.1, 1, 0.25] },
      { name: 'c', values: [-0.5, 0.25, 1] },
    ]
    const zero = [
      { name: 'a', values: [1, null] },
      { name: 'b', values: [null, null] },
    ]
    expect(cosineSentence(zero)).toContain('one that is 0 has no direction')
    expect(cosineSentence(rows)).toBe('b and c point most alike, with a cosine of +0.2500.')
  })
})
