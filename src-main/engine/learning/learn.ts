// Learning a coefficient table on a problem: AdamW on the objective, a look at the selection metric after every epoch,
// the best state kept, early stopping with patience. What a look yields is all that is needed to go on after it, to the
// same bits: batches are a function of (seed, stage, epoch), and nothing else is drawn.

import type { StageSettings } from '../../contract/run/stage.ts'
import { adamwStep } from '../../numbers/adamw.ts'
import { copyOf, filled, normOf, type Table } from '../../numbers/table.ts'
import { batchAt } from './batch.ts'
import { budgetMask, descent, descentOf } from './descent.ts'
import { firstLook, isOver, nextLook } from './looks.ts'
import type { Measured, Problem } from './problem.ts'
import { type LearnState, type Look, lengthOf, type Pareto, type Stage } from './stage.ts'

/** still: the coefficients that stand for "no change"; the initial ones when left out. */
export async function* learn(stage: Stage, initial: Table, still?: Table): AsyncGenerator<Look> {
  const { problem, settings, selection } = stage
  const { steps, stepsPerEpoch } = lengthOf(stage)
  const wholeBatch = stage.batch === 'all'
  // With all data in every step, a state's training loss is the loss its next step begins with: one pass gives both.
  let ahead: Awaited<ReturnType<Problem['lossAndGradient']>> | undefined
  const mask = settings.budget === null ? null : await learnable(stage, settings.budget, initial)
  const look = async (coefficients: Table, last: boolean): Promise<Measured> => {
    if (selection.by === 'training-loss' && wholeBatch && settings.combine === 'sum' && !last) {
      ahead = await problem.lossAndGradient(coefficients, batchAt(stage, 0))
      return ahead
    }
    return problem.evaluate(coefficients, selection.split)
  }

  let state: LearnState
  if (stage.resume) state = stage.resume
  else {
    const unchanged = still && selection.metric(await problem.evaluate(still, selection.split))
    if (mask) held(initial, mask)
    const measured = await look(initial, steps === 0)
    const zero = filled(initial.length, problem.groups.length, 0)
    const moments = { first: zero, second: copyOf(zero), step: 0 }
    const first = firstLook(selection, { coefficients: copyOf(initial), moments }, measured, [], unchanged)
    state = first.state
    yield first
  }

  // A state that has lost its controls, after one that had them, ends the stage: also when it is resumed right behind
  // that look.
  const lost = (metric: number): boolean =>
    selection.bounded && !selection.holds(metric) && selection.holds(state.best.metric)
  let isLost =
    stage.resume !== undefined &&
    selection.bounded &&
    lost(selection.metric(await problem.evaluate(state.coefficients, selection.split)))
  while (!isLost && !isOver(state, stage, steps)) {
    const losses: number[] = []
    const gradients: number[] = []
    let pareto: Pareto | null = null
    do {
      const batch = batchAt(stage, state.moments.step)
      const step = ahead
        ? descentOf(ahead, settings, state.coefficients)
        : await descent(problem, settings, state.coefficients, batch)
      ahead = undefined
      pareto = step.pareto
      losses.push(step.loss)
      gradients.push(normOf(step.gradient))
      adamwStep(scheduled(settings, state.moments.step / steps), state.coefficients, step.gradient, state.moments)
      if (mask) held(state.coefficients, mask)
      stage.pace?.stepped()
    } while (state.moments.step % stepsPerEpoch !== 0 && state.moments.step < steps)
    const next = nextLook(selection, state, await look(state.coefficients, state.moments.step >= steps), losses, pareto)
    isLost = lost(next.metric)
    yield { ...next, gradients }
  }
}

/**
 * The settings at a share of the stage's steps; cosine: rate (1 + cos(pi share)) / 2 (Loshchilov and Hutter 2017,
 * without restarts).
 */
export function scheduled(settings: StageSettings, share: number): StageSettings {
  if (settings.schedule === 'none') return settings
  return { ...settings, learningRate: (settings.learningRate * (1 + Math.cos(Math.PI * share))) / 2 }
}

/**
 * Which coefficients may learn under the budget: a function of the stage's start alone, so that a resumed run finds the
 * same.
 */
async function learnable(stage: Stage, budget: number, initial: Table): Promise<Table> {
  const { gradient } = await stage.problem.lossAndGradient(initial, batchAt(stage, 0))
  return budgetMask(gradient, budget)
}

function held(coefficients: Table, mask: Table): void {
  for (const [k, row] of coefficients.entries())
    for (let b = 0; b < row.length; b++) row[b] = (row[b] as number) * (mask[k]?.[b] as number)
}
