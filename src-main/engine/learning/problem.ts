// What a method sees instead of tensors: a loss of a coefficient table and its gradient. A ViT, a linearised model with
// cached features or a quadratic in a test are all this.
import type { Table } from '../../numbers/table.ts'

export type Split = 'training' | 'validation' | 'test'

/**
 * What an image is taught besides its label, or without one: a class, or the probability of each; its loss counts
 * `weight` times.
 */
export interface Target {
  target: number | Float64Array
  weight: number
}

/** What is the same for all tasks of a step. */
export interface BatchTime {
  // the how-many-th time the training goes over its images, where they are drawn anew in each
  readonly pass?: number | undefined
  readonly progress?: number | undefined // of the stage: 0 in its first epoch, 1 in its last
}

/** Per task, which of its training images a step uses, and where the objective gives them, what each is taught. */
export type Batch = readonly Int32Array[] & BatchTime & { readonly lessons?: readonly (readonly Target[])[] }

/** Some images of each task at the moment of a batch. */
export function batchOf(images: Int32Array[], { pass, progress }: BatchTime, lessons?: Batch['lessons']): Batch {
  return Object.assign(images, {
    ...(pass !== undefined && { pass }),
    ...(progress !== undefined && { progress }),
    ...(lessons && { lessons }),
  })
}

export interface Measured {
  loss: number // sum over tasks of the mean loss of a task's images
  /**
   * accuracy: NaN where labels are not known. leading: the share of images taken for the class that most are taken for.
   */
  tasks: { loss: number; accuracy: number; leading?: number }[]
}

export interface Problem {
  readonly groups: readonly string[] // coefficient names, the columns of a table
  readonly vectors: readonly string[] // the rows
  readonly trainingCounts: readonly number[] // images per task
  lossAndGradient(coefficients: Table, batch: Batch): Promise<Measured & { gradient: Table }>
  evaluate(coefficients: Table, split: Split): Promise<Measured>
}

/** What a model takes some images of a task for. */
export interface Predictions {
  classes: number
  logProbabilities: Float64Array // (images, classes)
}

export interface PredictingProblem extends Problem {
  /** Of training images, for each task those named: as they are for evaluation, or as a pass over them draws them. */
  predict(coefficients: Table, images: readonly Int32Array[], pass?: number): Promise<Predictions[]>
}

export interface TopPredictions {
  classes: number
  taken: Int32Array // (images): the likeliest class
  confidence: Float64Array // (images): its probability
}

const together = 1024 // images whose probabilities are held at a time

/** What a model takes the first counts[t] training images of each task for, as they are for evaluation. */
export async function topPredictions(
  problem: PredictingProblem,
  coefficients: Table,
  counts: readonly number[],
): Promise<TopPredictions[]> {
  const found = counts.map(
    (n): TopPredictions => ({ classes: 0, taken: new Int32Array(n), confidence: new Float64Array(n) }),
  )
  for (let at = 0; at < Math.max(...counts); at += together) {
    const some = counts.map((n) =>
      Int32Array.from({ length: Math.max(0, Math.min(together, n - at)) }, (_, i) => at + i),
    )
    for (const [t, seen] of (await problem.predict(coefficients, some)).entries()) {
      const task = found[t] as TopPredictions
      task.classes = seen.classes
      for (const i of some[t] as Int32Array) {
        const row = rowOf(seen, i - at)
        const best = likeliest(row)
        task.taken[i] = best
        task.confidence[i] = Math.exp(row[best] as number)
      }
    }
  }
  return found
}

export function rowOf({ classes, logProbabilities }: Predictions, n: number): Float64Array {
  return logProbabilities.subarray(n * classes, (n + 1) * classes)
}

/** The first of the largest. */
export function likeliest(logProbabilities: Float64Array): number {
  let best = 0
  for (let c = 1; c < logProbabilities.length; c++)
    if ((logProbabilities[c] as number) > (logProbabilities[best] as number)) best = c
  return best
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

/**
 * Sharpness-aware steps (Foret et al. 2021): the gradient is that of the worst place within rho, to first order,
 *   g(c + rho g(c) / |g(c)|),   the norm over the whole table. Every step costs two.
 */
export function sharpnessAware(problem: Problem, rho: number): Problem {
  return {
    ...problem,
    async lossAndGradient(table, batch) {
      const here = await problem.lossAndGradient(table, batch)
      const norm = Math.sqrt(here.gradient.reduce((sum, row) => row.reduce((s, g) => s + g * g, sum), 0))
      if (norm === 0) return here
      const uphill = table.map((row, k) => row.map((c, b) => c + (rho * (here.gradient[k]?.[b] as number)) / norm))
      return { ...here, gradient: (await problem.lossAndGradient(uphill, batch)).gradient }
    },
  }
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
