// A stage of learning: what it is given, the states it looks at, and how long it takes.
import type { ResolvedConfig } from '../../contract/run/config.ts'
import type { StageSettings } from '../../contract/run/stage.ts'
import type { Moments } from '../../numbers/adamw.ts'
import type { SpikeAndSlab } from '../../numbers/spike-and-slab.ts'
import type { Table } from '../../numbers/table.ts'
import type { Pace } from './pace.ts'
import type { Measured, Problem } from './problem.ts'
import type { Selection } from './selection.ts'

export interface LearnState {
  epoch: number
  coefficients: Table
  moments: Moments // moments.step: optimiser steps done
  losses: number[] // before each step so far
  still: number // the metric of the stage's own start
  best: { step: number; metric: number; coefficients: Table }
  sinceBest: number
}

export interface Pareto {
  weights: number[] // one a task, sums to 1
  residual: number // |sum_i w_i g_i|: 0 where no direction is left that makes no task worse
}

export interface Look {
  state: LearnState
  measured: Measured // on the selection split
  metric: number
  isBest: boolean
  losses: number[] // of the steps since the last look
  gradients?: number[] // norms of the gradients of these steps, where there are any
  pareto: Pareto | null // of the last of them, where tasks are combined by mgda
  posterior?: SpikeAndSlab // what the table is the gated mean of, where it is learned
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
  pace?: Pace | undefined
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
