// What a hand does to the coefficients of a model: blocks in groups by their names, in any layout, and sliders that
// move a group by its mean and keep what differs within it.
import { describe, expect, it } from 'vitest'

import { blockGroups } from '../../../src-main/contract/mix/blocks.ts'
import { isSameMix, meanOfCells, withMean, zeroOf } from '../../../src-main/contract/mix/coefficients.ts'

const tensors = [
  'visual.class_embedding',
  'visual.positional_embedding',
  'visual.conv1.weight',
  'visual.ln_pre.weight',
  ...Array.from({ length: 12 }, (_, l) => `visual.transformer.resblocks.${l}.attn.out_proj.weight`),
  'visual.ln_post.weight',
  'visual.proj',
]

describe('blocks in groups', () => {
  it('are embeddings, a third of the layers each, and what stands behind them', () => {
    const groups = blockGroups(tensors, 'parts')
    expect(groups.map(({ name, columns }) => [name, columns])).toEqual([
      ['embeddings', [0, 1, 2, 3]],
      ['early', [4, 5, 6, 7]],
      ['middle', [8, 9, 10, 11]],
      ['late', [12, 13, 14, 15]],
      ['final', [16, 17]],
    ])
    expect(groups.flatMap(({ columns }) => columns).sort((a, b) => a - b)).toEqual([...tensors.keys()])
  })

  it('are the same of layers by name, and one each layer by layer', () => {
    const layers = ['embedding', 'layer 0', 'layer 1', 'layer 2', 'layer 3', 'output']
    expect(blockGroups(layers, 'parts').map(({ name, columns }) => `${name} ${columns}`)).toEqual([
      ...['embeddings 0', 'early 1,2', 'middle 3', 'late 4', 'final 5'],
    ])
    expect(blockGroups(layers, 'layers').map(({ name }) => name)).toEqual([
      ...['embeddings', 'layer 0', 'layer 1', 'layer 2', 'layer 3', 'final'],
    ])
    const hub = ['vision_model.embeddings.patch_embedding.weight', 'vision_model.encoder.layers.10.mlp.fc1.weight']
    expect(blockGroups([...hub, 'visual_projection.weight'], 'layers').map(({ name }) => name)).toEqual([
      ...['embeddings', 'layer 10', 'final'],
    ])
  })

  it('are one where there is one', () => {
    expect(blockGroups(['all'], 'parts')).toEqual([{ name: 'all blocks', columns: [0] }])
    expect(blockGroups(tensors, 'all')).toEqual([{ name: 'all blocks', columns: [...tensors.keys()] }])
  })
})

describe('a slider', () => {
  const mix = {
    start: [
      [0.1, 0.3, 0.5],
      [1, 1, 1],
    ],
    iterations: [[0, -0.5, 0]],
  }
  const cells = { part: 'start', row: 0, columns: [1, 2] } as const

  it('is the mean of its cells, and moves all of them by as much', () => {
    expect(meanOfCells(mix, cells)).toEqual({ mean: 0.4, least: 0.3, most: 0.5 })
    const moved = withMean(mix, cells, 0.6)
    expect(moved.start[0]?.map((c) => Math.round(1e6 * c) / 1e6)).toEqual([0.1, 0.5, 0.7])
    expect([moved.start[1], moved.iterations]).toEqual([mix.start[1], mix.iterations])
    expect(meanOfCells(moved, cells).mean).toBeCloseTo(0.6, 12)
    expect(withMean(mix, { part: 'iterations', row: 0, columns: [1] }, 0.25).iterations).toEqual([[0, 0.25, 0]])
  })

  it('gives equal cells the very number that was typed', () => {
    expect(withMean(mix, { part: 'start', row: 1, columns: [0, 1, 2] }, 0.1).start[1]).toEqual([0.1, 0.1, 0.1])
    expect(
      meanOfCells({ start: [[0.1, 0.1, 0.1]], iterations: [] }, { part: 'start', row: 0, columns: [0, 1, 2] }).mean,
    ).toBe(0.1)
  })

  it('leads back to nothing of any vector', () => {
    expect(zeroOf(mix)).toEqual({
      start: [
        [0, 0, 0],
        [0, 0, 0],
      ],
      iterations: [[0, 0, 0]],
    })
    expect(isSameMix(mix, structuredClone(mix))).toBe(true)
    expect(isSameMix(mix, zeroOf(mix))).toBe(false)
  })
})
