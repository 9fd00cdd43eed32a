// Runs beside each other: what differs, over what they are drawn, and what chance says.
import { describe, expect, it } from 'vitest'

import { runId } from '../../../../src-main/contract/branded.ts'
import {
  comparedCoefficients,
  comparedLines,
  comparedSentence,
  comparedTasks,
} from '../../../../src-renderer/plot/compare/curves.ts'
import { differenceText, imagesText, testText } from '../../../../src-renderer/plot/compare/paired.ts'
import { differences } from '../../../../src-renderer/plot/compare/settings.ts'
import { config, run } from '../../run-fixture.ts'

const other = { ...run(), run: runId(8), name: 'another', tasks: { A: { accuracy: 0.5, relativeAccuracy: null } } }
const first = {
  ...run(),
  tasks: { A: { accuracy: 0.6, relativeAccuracy: null }, B: { accuracy: 0.8, relativeAccuracy: null } },
}

describe('settings that differ', () => {
  it('are told by their path, with defaults filled in, tasks by their names, and nothing else', () => {
    const changed = {
      ...config,
      name: 'another',
      seed: 3,
      vectors: ['/models/set/a.safetensors', '/models/set/c.safetensors'],
      tasks: config.tasks.map((task) => (task.name === 'B' ? { ...task, aim: 'keep' as const } : task)),
      iteration: config.iteration && { ...config.iteration, learningRate: 0.5 },
    }
    expect(differences([config, changed]).map(({ setting, values }) => [setting, ...values])).toEqual(
      [
        ['seed', '0', '3'],
        ['vectors', 'a.safetensors, b.safetensors', 'a.safetensors, c.safetensors'],
        ['tasks: B, aim', 'learn', 'keep'],
        ['iteration.learningRate', '0.01', '0.5'],
      ].sort((a, b) => order(a[0] ?? '') - order(b[0] ?? '')),
    )
    expect(differences([config, { ...config, name: 'x' }])).toEqual([])
  })

  const keys = Object.keys(config)
  const order = (setting: string) => keys.indexOf(setting.split(/[.:]/)[0] ?? '')
})

describe('curves of runs', () => {
  it('are drawn over steps, epochs and seconds', () => {
    const xs = (axis: 'step' | 'epoch' | 'time') =>
      comparedLines([first], 'accuracy', axis)[0]?.points.map(({ x }) => x)
    expect(xs('step')).toEqual([0, 2, 4, 4, 6, 8, 8, 10, 12])
    expect(xs('epoch')).toEqual([0, 1, 2, 2, 3, 4, 4, 5, 6])
    expect(xs('time')).toEqual([0, 1, 2, 0, 1, 2, 0, 1, 2]) // the fixture's clock begins anew with each stage
    const loss = comparedLines([first, other], 'loss', 'epoch')
    expect(loss.map(({ stage, name }) => [stage, name])).toEqual([
      [1, 'Run 7: by hand'],
      [2, 'Run 8: another'],
    ])
    expect(loss[0]?.points.slice(0, 4).map(({ x }) => x)).toEqual([0.5, 1, 1.5, 2])
    expect(comparedSentence(comparedLines([first], 'accuracy', 'step'), 'accuracy')).toContain(
      'Run 7: by hand ends highest',
    )
    const ends = (...ys: number[]) =>
      comparedSentence(
        ys.map((y, i) => ({ ...(loss[0] ?? expect.fail()), name: `Run ${i}`, points: [{ x: 0, y }] })),
        'loss',
      )
    expect(ends(0.1, 0.2)).toMatch(/; Run 0 ends lowest\.$/)
    expect(ends(0.1, 0.1)).toMatch(/; all end at the same\.$/)
    expect(ends(0.1, 0.2, 0.1)).toMatch(/; 2 end lowest, at the same\.$/)
    expect(comparedSentence([], 'loss')).toBe('None of these runs has an epoch.')
  })

  it('have their tasks beside each other with Wilson’s intervals', () => {
    const [a, b] = comparedTasks([first, other])
    expect(a?.bars.map(({ name, value }) => [name, value])).toEqual([
      ['Run 7', 0.6],
      ['Run 8', 0.5],
    ])
    expect(a?.bars[0]?.low).toBeCloseTo(0.5308, 3) // 120 of 200
    expect(b?.bars.map(({ name }) => name)).toEqual(['Run 7'])
  })

  it('have their coefficients on one map, or as differences from the first', () => {
    const changed = { ...other, iterations: [] }
    const same = comparedCoefficients([first, other], true)
    expect(same[0]?.rows.flatMap(({ values }) => values)).toEqual([0, 0, 0, 0, 0, 0])
    const [map] = comparedCoefficients([first, changed], false)
    expect(map?.rows.every(({ name }) => /^Run [78]: /.test(name))).toBe(true)
    expect(comparedCoefficients([first, { ...other, blocks: ['all'] }], false)).toHaveLength(2)
  })
})

it('what chance says, or why nothing can be said', () => {
  const paired = {
    run: runId(8),
    tasks: 5,
    difference: 0.012,
    interval: [-0.003, 0.027] as [number, number],
    p: 0.09,
    why: '',
    images: [],
  }
  expect(differenceText(paired)).toBe('+1.2 pt (−0.3 pt to +2.7 pt)')
  expect(testText(paired)).toBe('Paired t-test over 5 tasks: p 0.090, so this may be chance.')
  expect(testText({ ...paired, p: null, why: 'they have no task in common' })).toBe(
    'Not tested: they have no task in common.',
  )
  const images = [{ evaluation: 4, task: 'A', onlyFirst: 3, onlySecond: 12, p: 0.0352 }]
  expect(imagesText({ images })).toBe(
    'Image by image, in evaluation 4, only this one right : only the first right: A 12 : 3 (p 0.035).',
  )
})
