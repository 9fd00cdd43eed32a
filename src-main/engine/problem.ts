// What a method sees instead of tensors: a loss of a coefficient table and its gradient. A ViT, a linearised model with
// cached features or a quadratic in a test are all this.
import type { Table } from './coefficients/table.ts'

export type Split = 'training' | 'validation' | 'test'

/** Per task, which of its training images a step uses. pass: the how-many-th time the training goes over them, where images are drawn anew in each. */
export type Batch = readonly Int32Array[] & { readonly pass?: number }

export interface Measured {
  loss: number // sum over tasks of the mean loss of a task's images
  tasks: { loss: number; accuracy: number }[]
}

export interface Problem {
  readonly groups: readonly string[] // coefficient names, the columns of a table
  readonly vectors: readonly string[] // the rows
  readonly trainingCounts: readonly number[] // images per task
  lossAndGradient(coefficients: Table, batch: Batch): Promise<Measured & { gradient: Table }>
  evaluate(coefficients: Table, split: Split): Promise<Measured>
}

/**
 * The same model along one direction, the difference vector a start's coefficients make of the task vectors: row r stands
 * for the coefficients start_k,b r_b. For problems that have no weights to make a vector of.
 */
export function alongStart(problem: Problem, start: Table): Problem {
  return alongDifferenceVector(
    problem,
    ([r]) => start.map((row) => row.map((c, b) => c * (r?.[b] as number))),
    (gradient) =>
      Float64Array.from(problem.groups, (_, b) => start.reduce((s, row, k) => s + (row[b] as number) * (gradient[k]?.[b] as number), 0)),
  )
}

/**
 * The same model seen from theta = theta_pre + s delta: coefficients lambda of the difference vector, so that
 * theta(lambda) = theta_pre + s (1 + lambda) delta and dL/dlambda_b = s_b < delta_b, dL/dtheta_b >. No weight is touched.
 * `problem` has one vector, delta; s is one number a group (the collapse identity, s = prod_k (1 + lambda_k)).
 */
export function fromDifferenceVector(problem: Problem, s: Float64Array): Problem {
  return alongDifferenceVector(
    problem,
    ([lambda]) => [s.map((v, b) => v * (1 + (lambda?.[b] as number)))],
    ([row]) => (row as Float64Array).map((g, b) => g * (s[b] as number)),
  )
}

/**
 * The control of an iterated method that only begins anew: the same vector delta_0 with coefficients c_b that are free, c = s + lambda,
 * so that dL/dlambda_b = < delta_0,b, dL/dtheta_b >. `s` is what the stages before left.
 */
export function fromRestart(problem: Problem, s: Float64Array): Problem {
  return alongDifferenceVector(
    problem,
    ([lambda]) => [s.map((v, b) => v + (lambda?.[b] as number))],
    ([row]) => row as Float64Array,
  )
}

/** The same model along one of its vectors alone, the row-th; the others keep the coefficients of `fixed`. */
export function alongRow(problem: Problem, fixed: Table, row: number): Problem {
  return {
    ...alongDifferenceVector(
      problem,
      ([lambda]) => fixed.map((still, k) => (k === row ? (lambda as Float64Array) : still)),
      (gradient) => gradient[row] as Float64Array,
    ),
    vectors: [problem.vectors[row] as string],
  }
}

/**
 * The control with one coefficient for all groups (the paper's isotropic scaling), alpha. Rows stay as long as they were, all their
 * entries alike: each gets dL/dalpha = sum_b dL/dlambda_b over sqrt(groups), so that the gradient's norm is |dL/dalpha|, and AdamW, which
 * sees equal entries, keeps them equal.
 */
export function isotropic(problem: Problem): Problem {
  return {
    ...problem,
    async lossAndGradient(table, batch) {
      const measured = await problem.lossAndGradient(table, batch)
      const gradient = measured.gradient.map((row) => row.map(() => row.reduce((a, b) => a + b, 0) / Math.sqrt(row.length)))
      return { ...measured, gradient }
    },
  }
}

/** at: the problem's coefficients for a table of one row; back: the row's gradient from theirs. */
function alongDifferenceVector(problem: Problem, at: (table: Table) => Table, back: (gradient: Table) => Float64Array): Problem {
  return {
    groups: problem.groups,
    vectors: ['difference vector'],
    trainingCounts: problem.trainingCounts,
    evaluate: (table, split) => problem.evaluate(at(table), split),
    async lossAndGradient(table, batch) {
      const measured = await problem.lossAndGradient(at(table), batch)
      return { ...measured, gradient: [back(measured.gradient)] }
    },
  }
}
