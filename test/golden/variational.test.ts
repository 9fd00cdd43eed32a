// Variational composition beside an independent PyTorch program in float64 (variational.py): twenty steps of
// the same draws, the losses at them, every table, and the distribution at the end.
import { expect, test } from 'vitest'

import type { StageSettings } from '../../src-main/contract/run/stage.ts'
import { fromNumbers } from '../../src-main/numbers/table.ts'
import { looks, stage } from '../engine/learning/stage.ts'
import { weighed } from '../engine/learning/weighed.ts'
import golden from './variational/expected.json' with { type: 'json' }

const h = [
  [2, 0.5, 0],
  [1, 4, 0.25],
]
const t = [
  [0.6, -0.4, 0.9],
  [0, 0.3, -1.2],
]

test('twenty steps are those of autograd and its AdamW', async () => {
  const change: Partial<StageSettings> = {
    ...{ method: 'variational', steps: 20, initialCoefficient: 0.1, learningRate: 0.05, clipNorm: 0.5 },
    ...{ klWeight: 1.5, priorDeviation: 0.8, priorInclusion: 0.2, gate: 1 },
  }
  const all = await looks(stage(weighed(h, t, 10), change, { seed: 3, index: 2 }))
  expect(all).toHaveLength(21)
  const near = (found: ArrayLike<number> | undefined, wanted: readonly number[]) => {
    expect(found).toHaveLength(wanted.length)
    wanted.forEach((value, i) => expect(Math.abs((found?.[i] as number) - value)).toBeLessThan(1e-12))
  }
  near(all.at(-1)?.state.losses, golden.losses)
  for (const [i, table] of golden.tables.entries())
    for (const [k, row] of table.entries()) near(all[i + 1]?.state.coefficients[k], row)
  const { posterior } = all.at(-1) ?? {}
  for (const part of ['mean', 'deviation', 'inclusion'] as const)
    for (const [k, row] of fromNumbers(golden[part]).entries()) near(posterior?.[part][k], [...row])
  expect(golden.tables.flat(2).some((c) => c === 0)).toBe(true) // some are gated out
  expect(
    golden.tables
      .at(-1)
      ?.flat()
      .some((c) => c !== 0),
  ).toBe(true)
})
