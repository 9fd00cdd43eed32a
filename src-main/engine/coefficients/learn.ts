// Learning a coefficient table on a problem: AdamW on the objective, a look at the selection metric after every epoch, the
// best state kept, early stopping with patience. What a look yields is all that is needed to go on after it, to the same
// bits: batches are a function of (seed, stage, epoch), and nothing else is drawn.
import type { ResolvedConfig, StageSettings } from '../../contract/config.ts'
import type { Batch, Measured, Problem } from '../problem.ts'
import { permutation } from '../random.ts'
import { adamwStep, type Moments } from './adamw.ts'
import type { Selection } from './selection.ts'
import { copyOf, filled, type Table } from './table.ts'

export interface LearnState {
  epoch: number
  coefficients: Table
  moments: Moments // moments.step: optimiser steps done
  losses: number[] // before each step so far
  still: number // the metric of the stage's own start
  best: { step: number; metric: number; coefficients: Table }
  sinceBest: number
}

export interface Look {
  state: LearnState
  measured: Measured // on the selection split
  metric: number
  isBest: boolean
  losses: number[] // of the steps since the last look
}

export interface Stage {
  problem: Problem
  settings: StageSettings
  selection: Selection
  batch: ResolvedConfig['batch']
  seed: number
  index: number // of the stage, the random stream's
  resume: LearnState | undefined
  stopping: () => boolean
}

export interface Length {
  steps: number
  stepsPerEpoch: number
  epochs: number
}

/** One pass over the shortest task's learning data is an epoch; with batch "all" it is one step. */
export function lengthOf({ problem, settings, batch }: Pick<Stage, 'problem' | 'settings' | 'batch'>): Length {
  const shortest = Math.min(...problem.trainingCounts)
  const stepsPerEpoch = batch === 'all' ? 1 : Math.ceil(shortest / batch)
  const steps = settings.steps ?? (settings.epochs ?? 0) * stepsPerEpoch
  return { steps, stepsPerEpoch, epochs: Math.ceil(steps / stepsPerEpoch) }
}

/** still: the coefficients that stand for "no change"; the initial ones when left out. */
export async function* learn(stage: Stage, initial: Table, still?: Table): AsyncGenerator<Look> {
  const { problem, settings, selection } = stage
  const { steps, stepsPerEpoch } = lengthOf(stage)
  const wholeBatch = stage.batch === 'all'
  // With all data in every step, a state's training loss is the loss its next step begins with: one pass gives both.
  let ahead: Awaited<ReturnType<Problem['lossAndGradient']>> | undefined
  const look = async (coefficients: Table, last: boolean): Promise<Measured> => {
    if (selection.by === 'training-loss' && wholeBatch && !last) {
      ahead = await problem.lossAndGradient(coefficients, batchAt(stage, 0, stepsPerEpoch))
      return ahead
    }
    return problem.evaluate(coefficients, selection.split)
  }

  let state: LearnState
  if (stage.resume) state = stage.resume
  else {
    const unchanged = still && selection.metric(await problem.evaluate(still, selection.split))
    const measured = await look(initial, steps === 0)
    const metric = selection.metric(measured)
    const zero = filled(initial.length, problem.groups.length, 0)
    state = {
      epoch: 0,
      coefficients: copyOf(initial),
      moments: { first: zero, second: copyOf(zero), step: 0 },
      losses: [],
      still: unchanged ?? metric,
      best: { step: 0, metric, coefficients: copyOf(initial) },
      sinceBest: 0,
    }
    yield { state, measured, metric, isBest: true, losses: [] }
  }

  while (state.moments.step < steps && !stage.stopping() && !(settings.patience !== null && state.sinceBest >= settings.patience)) {
    const losses: number[] = []
    do {
      const step = ahead ?? (await problem.lossAndGradient(state.coefficients, batchAt(stage, state.moments.step, stepsPerEpoch)))
      ahead = undefined
      losses.push(step.loss)
      adamwStep(settings, state.coefficients, step.gradient, state.moments)
    } while (state.moments.step % stepsPerEpoch !== 0 && state.moments.step < steps)
    state.losses.push(...losses)
    state.epoch++
    const measured = await look(state.coefficients, state.moments.step >= steps)
    const metric = selection.metric(measured)
    const isBest = selection.better(metric, state.best.metric)
    if (isBest) state.best = { step: state.moments.step, metric, coefficients: copyOf(state.coefficients) }
    state.sinceBest = isBest ? 0 : state.sinceBest + 1
    yield { state, measured, metric, isBest, losses }
  }
}

/** The images of a step: every task's own permutation of the epoch, from the front; longer tasks use a part of theirs. */
function batchAt({ problem, batch, seed, index }: Stage, step: number, stepsPerEpoch: number): Batch {
  return problem.trainingCounts.map((count, task) => {
    if (batch === 'all') return Int32Array.from({ length: count }, (_, i) => i)
    const order = permutation(count, seed, index * 1000 + task, Math.floor(step / stepsPerEpoch))
    const first = (step % stepsPerEpoch) * batch
    return order.slice(first, Math.min(first + batch, count))
  })
}
