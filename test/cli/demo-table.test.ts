// The demo compares like with like, and every figure of its table comes from stored rows.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import { armsOf } from '../../src-main/cli/demo.ts'
import { rowsOf, tableLines } from '../../src-main/cli/demo-table.ts'
import { resolveConfig } from '../../src-main/contract/run/resolve.ts'
import type { Evaluation, RunDetail } from '../../src-main/contract/run/run.ts'

const sample = JSON.parse(
  readFileSync(join(import.meta.dirname, '..', '..', 'resources', 'sample', 'dv-basi.json'), 'utf8'),
)

test('the longer run of the start has the epochs of start and iterations together, and the same everything else', () => {
  const arms = armsOf(sample)
  const main = resolveConfig(arms['dv-basi'], (p) => p)
  const rival = resolveConfig(arms.atlas, (p) => p)
  expect(rival.start.epochs).toBe((main.start.epochs ?? 0) + main.iterations * (main.iteration?.epochs ?? 0))
  expect({ ...rival.start, epochs: 0 }).toEqual({ ...main.start, epochs: 0 })
  for (const key of ['tasks', 'vectors', 'objective', 'blocks', 'select', 'batch', 'seed'] as const)
    expect(rival[key]).toEqual(main[key])
})

function evaluation(
  model: Evaluation['model'],
  stage: number | null,
  accuracies: number[],
  split: Evaluation['split'] = 'test',
): Evaluation {
  return {
    split,
    model,
    stage,
    tasks: accuracies.map((accuracy, i) => ({ task: `t${i}`, loss: 1, accuracy, relativeAccuracy: accuracy / 0.8 })),
  }
}

test('means are over tasks, deviations over seeds, and validation rows do not count', () => {
  const run = (start: number[], first: number[]): RunDetail =>
    ({
      start: { stage: 0, epochsPlanned: 10, stepsPerEpoch: 6 },
      iterations: [{ stage: 1, epochsPlanned: 4 }],
      evaluations: [
        evaluation('start', 0, [0, 0], 'validation'),
        evaluation('pretrained', null, [0.2, 0.4]),
        evaluation('finetuned', null, [0.8, 0.8]),
        evaluation('start', 0, start),
        evaluation('iteration', 1, first),
      ],
    }) as unknown as RunDetail
  const details = [
    { arm: 'dv-basi', seed: 0, detail: run([0.4, 0.6], [0.6, 0.6]) },
    { arm: 'dv-basi', seed: 1, detail: run([0.5, 0.7], [0.6, 0.8]) },
    { arm: 'task-arithmetic', seed: 0, detail: run([0.3, 0.5], []) },
    { arm: 'atlas', seed: 0, detail: { ...run([0.7, 0.7], []), start: { epochsPlanned: 14 } } as unknown as RunDetail },
  ]
  const rows = rowsOf(details)
  expect(rows.map((r) => r.stage)).toEqual([
    'pre-trained',
    'fine-tuned, each its own',
    'task arithmetic',
    'aTLAS, 60 steps',
    '+ DV-BASI, iteration 1 (24 steps)',
    'aTLAS, 84 steps (the longer run)',
  ])
  expect(rows[0]).toMatchObject({ absolute: expect.closeTo(0.3, 12), absoluteDeviation: null })
  expect(rows[3]).toMatchObject({
    absolute: expect.closeTo(0.55, 12),
    absoluteDeviation: expect.closeTo(Math.SQRT1_2 * 0.1, 12),
    relative: expect.closeTo(0.6875, 12),
  })
  expect(tableLines(rows, 2)[6]).toContain('55.0 ± 7.1')
})
