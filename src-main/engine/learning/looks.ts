// The looks of a stage, for every way of searching: the state that is the best by the selection metric is kept here and
// nowhere else, with how long ago it was found, which is what patience counts.

import { copyOf } from '../../numbers/table.ts'
import type { Measured } from './problem.ts'
import type { Selection } from './selection.ts'
import type { LearnState, Look, Pareto, Stage } from './stage.ts'

type At = Pick<LearnState, 'coefficients' | 'moments'>

/** Upon a stage's first state, which is its best. still: the metric of "no change", where that is another state. */
export function firstLook(
  selection: Selection,
  { coefficients, moments }: At,
  measured: Measured,
  losses: number[] = [],
  still?: number,
): Look {
  const metric = selection.metric(measured)
  const state: LearnState = {
    epoch: 0,
    coefficients,
    moments,
    losses: [...losses],
    still: still ?? metric,
    best: { step: moments.step, metric, coefficients: copyOf(coefficients) },
    sinceBest: 0,
  }
  return { state, measured, metric, isBest: true, losses, pareto: null }
}

/** Upon the next, whose coefficients and moments `state` has already. losses: of the steps since the last look. */
export function nextLook(
  selection: Selection,
  state: LearnState,
  measured: Measured,
  losses: number[],
  pareto: Pareto | null = null,
): Look {
  const metric = selection.metric(measured)
  const isBest = selection.better(metric, state.best.metric)
  if (isBest) state.best = { step: state.moments.step, metric, coefficients: copyOf(state.coefficients) }
  state.sinceBest = isBest ? 0 : state.sinceBest + 1
  state.epoch++
  for (const loss of losses) state.losses.push(loss) // an epoch may have more steps than a call has room for
  return { state, measured, metric, isBest, losses, pareto }
}

/**
 * Whether no further look is wanted: its steps are done, patience is at its end, or the person would rather have the
 * best so far.
 */
export function isOver(
  state: LearnState,
  { settings, stopping }: Pick<Stage, 'settings' | 'stopping'>,
  steps: number,
): boolean {
  return (
    state.moments.step >= steps || stopping() || (settings.patience !== null && state.sinceBest >= settings.patience)
  )
}
