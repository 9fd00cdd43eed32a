// What a run knows of its coefficients stays with the epoch that knew it: the chosen state's is shown, on every side.
import { expect, test } from 'vitest'

import { detailLines } from '../../src-main/cli/print.ts'
import { strongestFirst, uncertainOf } from '../../src-main/contract/run/posterior.ts'
import { runDetailSchema } from '../../src-main/contract/run/run.ts'
import { runDetail } from '../../src-main/history/detail.ts'
import { coefficientsOf, posteriorOf, putEpoch } from '../../src-main/history/epochs.ts'
import { resumeOf } from '../../src-main/history/resume.ts'
import { createRun } from '../../src-main/history/runs.ts'
import { endStage, putStage } from '../../src-main/history/stages.ts'
import { epoch, folder, now, opened, resumeAt, stage, toyConfig } from './rows.ts'

const posterior = (n: number) => ({
  mean: [
    [0.5, -0.25, 0],
    [n / 7, 1e-300, -0],
  ],
  deviation: [
    [0.1, 0.05, 1],
    [1 / 3, 1, 0.7],
  ],
  inclusion: [
    [0.99, 0.9, 0.1],
    [0.2, n / 10, 0.5],
  ],
})

test("the chosen state's is in the run's detail, to the bit, before and after the stage's end; its tables stay as they are", async () => {
  const history = await opened(folder())
  const run = createRun(history, toyConfig(), now)
  putStage(history, run, { ...stage(0), method: 'variational' })
  const looks = [
    epoch(0, 0),
    { ...epoch(0, 1), posterior: posterior(1) },
    { ...epoch(0, 2, false), posterior: posterior(2) },
  ]
  for (const look of looks) putEpoch(history, run, look, resumeAt(look), 1)
  for (const [i, look] of looks.entries()) expect(coefficientsOf(history, run, 0, i)).toEqual(look.coefficients)
  expect(posteriorOf(history, run, 0, 0)).toBeNull()
  expect(posteriorOf(history, run, 0, 2)).toEqual(posterior(2))
  const shown = () => {
    const { start } = runDetail(history, run)
    expect(start?.epochs.every((one) => !('posterior' in one))).toBe(true)
    return start?.posterior
  }
  expect(shown()).toEqual(posterior(1))
  const { coefficients } = looks[1] as (typeof looks)[number]
  endStage(history, run, { stage: 0, accepted: true, best: 2, still: 1, metric: 0.5, coefficients, losses: [1] })
  expect(shown()).toEqual(posterior(1))
  const detail = runDetail(history, run)
  expect(runDetailSchema.parse(detail).start?.posterior).toEqual(posterior(1))
})

test('variables and moments come back to the bit, though they are more rows than the table has', async () => {
  const history = await opened(folder())
  const run = createRun(history, toyConfig(), now)
  putStage(history, run, { ...stage(0), method: 'variational' })
  const look = { ...epoch(0, 1), posterior: posterior(1) }
  const rows = (n: number) => Array.from({ length: n }, (_, r) => [r / 7, -0, Math.PI ** r])
  const resume = { ...resumeAt(look), firstMoment: rows(12), secondMoment: rows(6) }
  putEpoch(history, run, look, resume, 1)
  expect(resumeOf(history, run)).toEqual(resume)
})

test('is in the terminal: how many are kept, and the strongest with their intervals', async () => {
  const history = await opened(folder())
  const run = createRun(history, toyConfig(), now)
  putStage(history, run, { ...stage(0), method: 'variational' })
  const kept = [
    [0.495, -0.225, 0],
    [0, 0, 0],
  ]
  const look = { ...epoch(0, 0), coefficients: kept, posterior: posterior(1) }
  putEpoch(history, run, look, resumeAt(look), 1)
  const detail = { ...runDetail(history, run), blocks: ['x', 'y', 'z'] }
  const lines = detailLines(detail).join('\n')
  expect(lines).toContain('2 of 6 coefficients of the start are there and sure enough to be kept')
  expect(lines).toContain('0.4950 of cars, x: 0.3040 to 0.6960 (95 %), there with 99.0 %')
  expect(lines).toContain('-0.2250 of cars, y: -0.3480 to -0.1520 (95 %), there with 90.0 %')
  expect(lines).not.toContain('of dtd, x')
})

test('the interval is that of a coefficient that is there; the kept come first', () => {
  const all = uncertainOf(
    {
      vectors: ['a', 'b'],
      coefficients: [[0.495], [0]],
      posterior: { mean: [[0.5], [-2]], deviation: [[0.1], [3]], inclusion: [[0.99], [0.4]] },
    },
    ['x'],
  )
  expect(all[0]).toMatchObject({ vector: 'a', block: 'x', value: 0.495, low: 0.5 - 0.196, high: 0.5 + 0.196 })
  expect(strongestFirst(all.toReversed()).map(({ vector }) => vector)).toEqual(['a', 'b'])
  expect(uncertainOf({ vectors: ['a'], coefficients: [[1]] }, ['x'])).toEqual([])
})
