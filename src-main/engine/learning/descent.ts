// What one step goes down: the objective's gradient over a batch, made of the tasks' as the run wants it, with the
// penalty on the coefficients themselves:
//   sum:  g = sum_i g_i;   mgda:  g = sum_i w_i g_i, the shortest such g on the simplex (min-norm.ts), the step of a
//   multi-objective method.
//   penalty:  strength mean |c|^p,  p = 1 or 2, over all vectors and groups.
// A budget of n vectors a block lets only the n with the largest |dL/dc| at the start learn (Zhang et al. 2024,
// appendix): the others stay 0.
import type { StageSettings } from '../../contract/run/stage.ts'
import { combined, minNorm } from '../../numbers/min-norm.ts'
import type { Table } from '../../numbers/table.ts'
import { batchOf } from './batch.ts'
import type { Batch, Measured, Problem } from './problem.ts'
import type { Pareto } from './stage.ts'

export interface Descent {
  loss: number // of the objective, without the penalty
  gradient: Table
  pareto: Pareto | null
}

type Settings = Pick<StageSettings, 'combine' | 'penaltyNorm' | 'penaltyStrength'>

/** With "mgda" the problem is asked once a task. */
export async function descent(
  problem: Problem,
  settings: Settings,
  coefficients: Table,
  batch: Batch,
): Promise<Descent> {
  const found =
    settings.combine === 'mgda'
      ? await shortest(problem, coefficients, batch)
      : await summed(problem, coefficients, batch)
  return { ...found, gradient: penalised(found.gradient, settings, coefficients) }
}

/** The same from a pass that was made already. */
export function descentOf(measured: Measured & { gradient: Table }, settings: Settings, coefficients: Table): Descent {
  return { loss: measured.loss, gradient: penalised(measured.gradient, settings, coefficients), pareto: null }
}

async function summed(problem: Problem, coefficients: Table, batch: Batch): Promise<Descent> {
  const { loss, gradient } = await problem.lossAndGradient(coefficients, batch)
  return { loss, gradient, pareto: null }
}

async function shortest(problem: Problem, coefficients: Table, batch: Batch): Promise<Descent> {
  const gradients: Table[] = []
  let loss = 0
  for (const task of batch.keys()) {
    const alone = batchOf(
      batch.map((indices, t) => (t === task ? indices : new Int32Array(0))),
      batch,
    )
    const measured = await problem.lossAndGradient(coefficients, alone)
    gradients.push(measured.gradient)
    loss += measured.loss
  }
  const { weights, squaredNorm } = minNorm(gradients)
  return {
    loss,
    gradient: combined(gradients, weights),
    pareto: { weights: [...weights], residual: Math.sqrt(squaredNorm) },
  }
}

function penalised(gradient: Table, { penaltyNorm: p, penaltyStrength }: Settings, coefficients: Table): Table {
  if (p === null) return gradient
  const count = coefficients.reduce((sum, row) => sum + row.length, 0)
  const slope = (c: number): number => ((penaltyStrength * p) / count) * Math.sign(c) * Math.abs(c) ** (p - 1)
  return gradient.map((row, k) => row.map((g, b) => g + slope(coefficients[k]?.[b] as number)))
}

/** 1 where a coefficient may learn, 0 where it is held at 0: per group, the `budget` vectors of largest |gradient|. */
export function budgetMask(gradient: Table, budget: number): Table {
  const mask = gradient.map((row) => new Float64Array(row.length))
  const groups = gradient[0]?.length ?? 0
  for (let b = 0; b < groups; b++) {
    const order = gradient.map((row, k) => [Math.abs(row[b] as number), k] as const).sort(([x], [y]) => y - x)
    for (const [, k] of order.slice(0, budget)) (mask[k] as Float64Array)[b] = 1
  }
  return mask
}
