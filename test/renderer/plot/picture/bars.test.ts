// Bars and maps as pictures.
import { describe, expect, it } from 'vitest'

import { floorOf, growthScene, intervalScene, taskScene } from '../../../../src-renderer/plot/picture/bars.ts'
import { isUneven, layersOf, limitsOf, mapScene } from '../../../../src-renderer/plot/picture/map.ts'
import type { Scene } from '../../../../src-renderer/plot/picture/shapes.ts'

const texts = ({ shapes }: Scene) => shapes.flatMap((s) => (s.is === 'text' ? [s.text] : []))
const stage = (number: number, value: number, gain: number | null, accepted = true) => ({
  ...{ stage: number, name: `Iteration ${number}`, value, gain, accepted },
})

describe('growth', () => {
  const bars = [stage(0, 0.86, null), stage(1, 0.89, 0.03), stage(2, 0.89, 0, false)]

  it('stands on an even axis that begins with the mark of where it stands', () => {
    const scene = growthScene(bars, 'mean accuracy', { width: 400, height: 220 }, 'screen')
    const marks = scene.shapes.flatMap((s) =>
      s.is === 'text' && /^\d+(\.\d)? %$/.test(s.text) && s.anchor === 'end' ? [s.y] : [],
    )
    const gaps = marks.slice(1).map((y, i) => Math.round(100 * (y - (marks[i] ?? 0))))
    expect(marks.length).toBeGreaterThan(2)
    expect(new Set(gaps).size).toBe(1)
    expect(texts(scene)).toContain(`${Math.round(100 * floorOf([0.86, 0.89]))} %`)
    expect(texts(scene)).toEqual(expect.arrayContaining(['86.0 %', '+3.0 pt', 'not taken', 'Start', 'It. 1']))
  })
})

describe('tasks and intervals', () => {
  it('have a row each with its name and its figure', () => {
    const scene = taskScene([{ task: 'cars', pretrained: 0.4, now: 0.8, finetuned: 1 }], 480)
    expect(texts(scene)).toEqual(expect.arrayContaining(['cars', '80.0 %', 'pre-trained']))
    const bar = { name: 'run 1', place: 1, value: 0.8, low: 0.75, high: 0.84 }
    const compared = intervalScene(
      [{ name: 'cars', bars: [bar, { ...bar, name: 'run 2', value: null, low: null, high: null }] }],
      600,
    )
    expect(texts(compared)).toEqual(expect.arrayContaining(['cars', 'run 1', 'run 2', '80.0 %', '–']))
    expect(compared.shapes.every((s) => !('width' in s) || s.width >= 0)).toBe(true)
  })
})

describe('a map of coefficients', () => {
  it('knows the layers of its blocks, and those of a text tower', () => {
    const blocks = [
      'visual.conv1.weight',
      'visual.transformer.resblocks.0.attn.w',
      'visual.transformer.resblocks.0.mlp.w',
      'visual.transformer.resblocks.1.w',
      'transformer.resblocks.0.w',
    ]
    expect(layersOf(blocks)).toEqual([
      { name: '', from: 0, to: 1 },
      { name: '0', from: 1, to: 3 },
      { name: '1', from: 3, to: 4 },
      { name: 'text 0', from: 4, to: 5 },
    ])
    expect(layersOf(['all'])).toEqual([])
  })

  const rows = [
    { name: 'Iteration 1', values: [0.01, -0.02] },
    { name: 'Together', values: [0.9, 1.2] },
  ]

  it('gives a row that another would hide a scale of its own', () => {
    expect(isUneven(rows)).toBe(true)
    expect(limitsOf(rows, true)).toEqual([0.02, 1.2])
    expect(limitsOf(rows, false)).toEqual([1.2, 1.2])
  })

  it('is drawn with the name and reach of each row, and square with both axes named', () => {
    const ramp = { low: [0, 0, 255], zero: [255, 255, 255], high: [255, 0, 0] } as const
    const spec = {
      rows,
      blocks: ['x', 'y'],
      text: (v: number) => v.toFixed(2),
      columnsAre: 'predicted class',
      ramp,
      width: 640,
    }
    const own = mapScene({ ...spec, own: true })
    expect(texts(own)).toEqual(expect.arrayContaining(['Iteration 1', '±0.02', '±1.20']))
    const cells = own.shapes.flatMap((s) => (s.is === 'rectangle' ? [s.colour] : []))
    expect(cells).toEqual(['rgb(255, 128, 128)', 'rgb(0, 0, 255)', 'rgb(255, 64, 64)', 'rgb(255, 0, 0)'])
    const square = mapScene({ ...spec, own: false, square: true, rowsAre: 'true class' })
    expect(texts(square)).toEqual(expect.arrayContaining(['true class', 'predicted class', 'x', 'y']))
    expect(texts(square)).toEqual(expect.arrayContaining(['-1.20', '1.20'])) // of the scale that all rows share
    const [first] = square.shapes.flatMap((s) => (s.is === 'rectangle' ? [s] : []))
    expect(first?.width).toBe(20)
  })
})
