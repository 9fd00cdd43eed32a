// DV-BASI ("Escaping Optimization Stagnation", AAAI 2026), to be read beside the paper. A start gives theta_0; iteration
// k goes on from the present optimum along the difference vector, scaled block by block:
//   delta_k = theta_{k-1} - theta_pre,   theta_k = theta_{k-1} + Lambda_k delta_k,   Lambda_k = blockdiag(lambda_k,b I)
// lambda_k is learned from 0.1 on the run's objective; theta_k is kept only where the selection metric is better than
// at lambda_k = 0 (the card, contract/methods/dv-basi.ts: gradient, still 0).
// Collapse: delta_{k+1} = theta_k - theta_pre = (I + Lambda_k) delta_k, so that delta_k = S delta_1 with
//   s_b = prod_{j<k} (1 + lambda_j,b):
// one difference vector serves all iterations, a model is its start's coefficients times s (`collapse` in
// contract/run/coefficients.ts, which the window reads too), and no weight is touched between iterations.
// Controls, each with the same steps:
//   restart     coefficients of delta_1 that are free:  c_b = s_b + lambda_b,  s_b = 1 + sum_{j<k} lambda_j,b
//   random      a random direction of delta_1's norm in every block, a row of its own (weights/lineage.ts)
//   isotropic   one coefficient for all blocks,  Lambda_k = alpha I
import { collapse } from '../../contract/run/coefficients.ts'
import type { ResolvedConfig } from '../../contract/run/config.ts'
import type { Table } from '../../numbers/table.ts'
import type { Problem } from './problem.ts'

type Control = ResolvedConfig['control']

/**
 * What the next iteration learns on, after those whose rows of lambda (iterations x groups) are given. The problem's
 * one vector is the first difference vector. Random directions are rows of their own: alongRow.
 */
export function nextIteration(problem: Problem, iterations: Table, control: Exclude<Control, 'random'>): Problem {
  const ones = new Float64Array(problem.groups.length).fill(1)
  const s = collapse([ones], iterations, control)[0] as Float64Array
  return control === 'restart' ? fromRestart(problem, s) : controlled(fromDifferenceVector(problem, s), control)
}

/** An iteration on a problem that is seen from the present optimum already, as after a moved expansion. */
export function controlled(problem: Problem, control: Control): Problem {
  return control === 'isotropic' ? isotropic(problem) : problem
}

/**
 * The same model seen from theta = theta_pre + s delta: coefficients lambda of the difference vector, so that
 * theta(lambda) = theta_pre + s (1 + lambda) delta and dL/dlambda_b = s_b < delta_b, dL/dtheta_b >. No weight is
 * touched. `problem` has one vector, delta; s is one number a group (the collapse identity, s = prod_k (1 + lambda_k)).
 */
export function fromDifferenceVector(problem: Problem, s: Float64Array): Problem {
  return alongDifferenceVector(
    problem,
    ([lambda]) => [s.map((v, b) => v * (1 + (lambda?.[b] as number)))],
    ([row]) => (row as Float64Array).map((g, b) => g * (s[b] as number)),
  )
}

/**
 * The control of an iterated method that only begins anew: the same vector delta_0 with coefficients c_b that are free,
 * c = s + lambda, so that dL/dlambda_b = < delta_0,b, dL/dtheta_b >. `s` is what the stages before left.
 */
export function fromRestart(problem: Problem, s: Float64Array): Problem {
  return alongDifferenceVector(
    problem,
    ([lambda]) => [s.map((v, b) => v + (lambda?.[b] as number))],
    ([row]) => row as Float64Array,
  )
}

/**
 * The control with one coefficient for all groups (the paper's isotropic scaling), alpha. Rows stay as long as they
 * were, all their entries alike: each gets dL/dalpha = sum_b dL/dlambda_b over sqrt(groups), so that the gradient's
 * norm is |dL/dalpha|, and AdamW, which sees equal entries, keeps them equal.
 */
export function isotropic(problem: Problem): Problem {
  return {
    ...problem,
    async lossAndGradient(table, batch) {
      const measured = await problem.lossAndGradient(table, batch)
      const gradient = measured.gradient.map((row) =>
        row.map(() => row.reduce((a, b) => a + b, 0) / Math.sqrt(row.length)),
      )
      return { ...measured, gradient }
    },
  }
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
 * The same model along one direction, the difference vector a start's coefficients make of the task vectors: row r
 * stands for the coefficients start_k,b r_b. For problems that have no weights to make a vector of.
 */
export function alongStart(problem: Problem, start: Table): Problem {
  return alongDifferenceVector(
    problem,
    ([r]) => start.map((row) => row.map((c, b) => c * (r?.[b] as number))),
    (gradient) =>
      Float64Array.from(problem.groups, (_, b) =>
        start.reduce((s, row, k) => s + (row[b] as number) * (gradient[k]?.[b] as number), 0),
      ),
  )
}

/** at: the problem's coefficients for a table of one row; back: the row's gradient from theirs. */
function alongDifferenceVector(
  problem: Problem,
  at: (table: Table) => Table,
  back: (gradient: Table) => Float64Array,
): Problem {
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
