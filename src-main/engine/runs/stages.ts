// The stages of a run in turn: its start, then its iterations, each on the problem that the stages before it left
// (learning/difference-vector.ts).

import { scaledNext } from '../../contract/run/coefficients.ts'
import type { EngineEvent } from '../../contract/run/run.ts'
import { fromNumbers, type Table } from '../../numbers/table.ts'
import { alongRow, controlled, nextIteration } from '../learning/difference-vector.ts'
import type { Problem } from '../learning/problem.ts'
import { lineageOf, movedTo } from '../weights/lineage.ts'
import { isUnmoved } from '../weights/unmoved.ts'
import { type Context, rows } from './context.ts'
import { openProblem } from './open-problem.ts'
import { learnStage } from './stage.ts'

/** Every stage in turn; gives the chosen tables: the start's (vectors x groups), then one row an iteration. */
export async function* learnAll(context: Context): AsyncGenerator<EngineEvent, Table[]> {
  const { config, host } = context
  const resume = host.resume
  context.place.microBatch.size = Math.min(
    context.place.microBatch.size,
    resume?.microBatch ?? Number.POSITIVE_INFINITY,
  )
  const chosen: Table[] = (resume?.completed ?? []).map(fromNumbers)

  if (chosen.length === 0) {
    const opened = yield* openProblem(context)
    try {
      chosen.push(yield* learnStage(context, 0, opened.problem, chosen))
    } finally {
      await opened.close()
    }
  }
  if (chosen.length > config.iterations || host.stopping() || (yield* hasNothingToScale(context, chosen))) return chosen
  yield* config.expansion === 'moved' ? iterateMoved(context, chosen) : iterate(context, chosen)
  return chosen
}

/** All iterations on one problem, along the start's difference vector. Adds to `chosen`. */
async function* iterate(context: Context, chosen: Table[]): AsyncGenerator<EngineEvent> {
  const { config, host, groups } = context
  const start = chosen[0] as Table
  const course = { control: config.control, seed: config.seed }
  const { parents } = lineageOf(context.parents, groups, chosen.slice(0, 1), course, config.iterations)
  const opened = yield* config.control === 'random' ? openProblem({ ...context, parents }) : openProblem(context, start)
  try {
    for (let k = chosen.length; k <= config.iterations && !host.stopping(); k++) {
      chosen.push(yield* learnStage(context, k, iterationOf(context, opened.problem, chosen), chosen))
      if (k < config.iterations && (yield* hasNothingToScale(context, chosen))) break
    }
  } finally {
    await opened.close()
  }
}

/** Each iteration on a problem of its own, linearised at the present optimum. Adds to `chosen`. */
async function* iterateMoved(context: Context, chosen: Table[]): AsyncGenerator<EngineEvent> {
  const { config, host, groups } = context
  for (let k = chosen.length; k <= config.iterations && !host.stopping(); k++) {
    const opened = yield* openProblem({ ...context, parents: movedTo(context.parents, groups, chosen) })
    try {
      // lambda of delta from theta: DV-BASI's own view
      chosen.push(yield* learnStage(context, k, controlled(opened.problem, config.control), chosen))
    } finally {
      await opened.close()
    }
    if (k < config.iterations && (yield* hasNothingToScale(context, chosen))) break
  }
}

/**
 * Whether the difference vector is 0, or too small to move a weight: whatever an iteration scaled it by, the model
 * would stay the same, so that none is run. Restarts and random directions go on from that of the start.
 */
async function* hasNothingToScale(
  { config, parents, groups }: Context,
  chosen: readonly Table[],
): AsyncGenerator<EngineEvent, boolean> {
  const coefficients = scaledNext({ control: config.control, start: chosen[0] as Table, iterations: rows(chosen) })
  if (!(await isUnmoved(parents, groups, coefficients))) return false
  const isZero = coefficients.every((row) => row.every((c) => c === 0))
  yield { type: 'skipped', first: chosen.length, last: config.iterations, why: isZero ? 'zero' : 'rounding' }
  return true
}

/** What the next iteration learns on, seen from what the stages before it left. */
function iterationOf({ config, groups, parents }: Context, problem: Problem, chosen: readonly Table[]): Problem {
  const { control, seed, iterations } = config
  if (control !== 'random') return nextIteration(problem, rows(chosen), control)
  const { coefficients } = lineageOf(parents, groups, chosen, { control, seed }, iterations)
  return alongRow(problem, coefficients, chosen.length)
}
