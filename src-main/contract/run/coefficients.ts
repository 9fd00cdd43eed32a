// What a model is made of when all its stages are over: which vectors, and how much of each in every block,
//   theta_b = theta_pre,b + sum_v c_v,b tau_v,b
// for every way a run can have gone on from its start (vectors x blocks, start_t,b) by iterations (one row of
// lambda_k,b each):
//   DV-BASI, its isotropic control, a moved expansion (the collapse identity):
//                                      c_t,b = start_t,b prod_k (1 + lambda_k,b)
//   restart, coefficients left free:   c_t,b = start_t,b (1 + sum_k lambda_k,b)
//   random directions:                 c_t,b = start_t,b, and beside the task vectors the directions r_k, each with
//                                      lambda_k,b
// An iteration that was not accepted is a row of zeros. Learning, export, cards, reports and the terminal all ask here.
import { namesAfter, type Step, stepsOf } from '../merges/step.ts'
import type { ResolvedConfig } from './config.ts'
import type { RunDetail } from './run.ts'

type Control = ResolvedConfig['control']
type Rows = readonly ArrayLike<number>[]

/** What the vectors of a state come from; a recipe is one. */
export interface Course {
  vectors: readonly { name: string }[] // fine-tuned models, in the order of the parents
  steps: readonly Step[] // what they come through before they are combined
  control?: Control | undefined
  start: Rows // (vectors x blocks)
  iterations: Rows // (iterations x blocks)
}

export interface Share {
  name: string // of the vector
  values: Float64Array // c, one a block
}

/** As far as a run has come: its start and the iterations that have ended; null before there is a start. */
export function courseOf({
  config,
  parents,
  start,
  iterations,
}: Pick<RunDetail, 'config' | 'parents' | 'start' | 'iterations'>): Course | null {
  if (!start?.ended) return null
  return {
    vectors: parents.filter(({ role }) => role === 'vector'),
    steps: stepsOf(config),
    control: config.control,
    start: start.coefficients,
    iterations: iterations.filter(({ ended }) => ended).map(({ coefficients }) => coefficients[0] ?? []),
  }
}

/** Every vector of the model with its coefficients, in the order of the start's rows; random directions after them. */
export function effectiveCoefficients({ vectors, steps, control, start, iterations }: Course): Share[] {
  const names = namesAfter(
    vectors.map(({ name }) => name),
    steps,
  )
  const tasks = collapse(start, iterations, control).map((values, t) => ({
    name: names[t] ?? `vector ${t + 1}`,
    values,
  }))
  if (control !== 'random') return tasks
  return [...tasks, ...iterations.map((row, k) => ({ name: randomName(k + 1), values: Float64Array.from(row) }))]
}

/**
 * start (vectors x blocks) times what the iterations make of the difference vector: the coefficients of theta after
 * them.
 */
export function collapse(start: Rows, iterations: Rows, control: Control = 'none'): Float64Array[] {
  const factors = factorsOf(iterations, control)
  return start.map((row) =>
    Float64Array.from({ length: row.length }, (_, b) =>
      factors.reduce((product, lambda) => product * (1 + at(lambda, b)), at(row, b)),
    ),
  )
}

/**
 * Coefficients of the difference vector that one more iteration would scale: restarts and random directions keep that
 * of the start.
 */
export function scaledNext({
  control,
  start,
  iterations,
}: Pick<Course, 'control' | 'start' | 'iterations'>): Float64Array[] {
  return collapse(start, control === 'restart' || control === 'random' ? [] : iterations)
}

/**
 * Rows whose 1 + lambda multiply to what the start is scaled by: of restarts, which add up, one; of directions of their
 * own none.
 */
function factorsOf(iterations: Rows, control: Control): Rows {
  if (control === 'random') return []
  const [first, ...rest] = iterations
  if (control !== 'restart' || !first) return iterations
  return [Float64Array.from(first, (v, b) => rest.reduce((sum, row) => sum + at(row, b), v))]
}

const at = (row: ArrayLike<number>, b: number): number => row[b] as number

export const randomName = (k: number): string => `random direction ${k}`

/** Of one vector's coefficients over all blocks. NaN where there are none. */
export function spanOf(values: ArrayLike<number>): { smallest: number; mean: number; largest: number } {
  let [smallest, sum, largest] = [Number.POSITIVE_INFINITY, 0, Number.NEGATIVE_INFINITY]
  for (let b = 0; b < values.length; b++) {
    smallest = Math.min(smallest, at(values, b))
    largest = Math.max(largest, at(values, b))
    sum += at(values, b)
  }
  return values.length
    ? { smallest, mean: sum / values.length, largest }
    : { smallest: Number.NaN, mean: Number.NaN, largest: Number.NaN }
}
