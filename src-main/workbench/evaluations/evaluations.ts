// Evaluations outside runs: asked for through the queue, kept with their reports, and told to whoever watches. That
// test data is opened is on disk before the engine hears of it.

import { existsSync } from 'node:fs'
import { join } from 'node:path'

import type {
  EvaluationDetail,
  EvaluationEvent,
  EvaluationRequest,
  EvaluationSummary,
  Opening,
} from '../../contract/api/evaluations.ts'
import type { Job } from '../../contract/api/jobs.ts'
import type { RunId } from '../../contract/branded.ts'
import { BasilError } from '../../contract/errors.ts'
import type { Recipe } from '../../contract/run/recipe.ts'
import { runDetail } from '../../history/detail.ts'
import {
  createEvaluation,
  evaluationOf,
  forgetEvaluation,
  listEvaluations,
  openedBy,
  openingsOf,
  reportOf,
} from '../../history/evaluations.ts'
import { jobAbout } from '../../history/jobs.ts'
import { parentsOf } from '../../history/parents.ts'
import type { History } from '../../history/statement.ts'
import { recipeOf } from '../export/recipe.ts'
import type { Jobs } from '../jobs/queue.ts'
import { filesHere, recipeHere } from '../library/whereabouts.ts'
import { readPresets } from '../studies/presets/files.ts'
import { reportHtml } from './report/page.ts'
import { type Tasks, tasksOf } from './request.ts'

export interface Evaluations {
  /** Gives its number; it begins when its turn comes. */
  start(request: EvaluationRequest): number
  /** How far it is from now on, then how it ended. */
  watch(evaluation: number): AsyncGenerator<EvaluationEvent, void>
  list(): EvaluationSummary[]
  /** Throws run-missing. */
  show(evaluation: number): EvaluationDetail
  /** Throws run-state while it is at work or waits. */
  forget(evaluation: number): boolean
  /** Every time these images were opened as test data. */
  openings(data: readonly string[]): Opening[]
  /** A run's own tasks on one of its splits, with the files where they are now. */
  tasksOf(run: RunId, split: EvaluationRequest['split']): Tasks
  /**
   * A state of a run as a model to evaluate, from its parents where they are now; iteration null: the last accepted
   * one.
   */
  stateOf(run: RunId, iteration: number | null): Recipe
  /** The report as one page. */
  page(evaluation: number): string
}

interface Place {
  history: History
  resources: string // the folder of the program's own files
  jobs: Jobs
}

export function createEvaluations({ history, resources, jobs }: Place): Evaluations {
  const show = (evaluation: number): EvaluationDetail => {
    const found = evaluationOf(history, evaluation) ?? missing(evaluation)
    return {
      ...found,
      report: reportOf(history, evaluation),
      openings: openingsOf(history, openedBy(history, evaluation)),
    }
  }

  async function* watch(evaluation: number): AsyncGenerator<EvaluationEvent, void> {
    const job = jobAbout(history, 'evaluation', evaluation)
    let seen: Job['progress'] = null
    if (job)
      for await (const { progress } of jobs.follow(job.job)) {
        if (progress && progress !== seen) yield { type: 'progress', ...progress }
        seen = progress
      }
    yield endOf(show(evaluation))
  }

  return {
    start: (request) => {
      let evaluation = 0
      jobs.add(() => {
        evaluation = createEvaluation(history, request, new Date())
        return { kind: 'evaluation', request, evaluation }
      })
      return evaluation
    },
    watch,
    list: () => listEvaluations(history),
    show,
    forget: (evaluation) => {
      const { state } = show(evaluation)
      if (state === 'running' || state === 'waiting') throw atWork(evaluation, state)
      forgetEvaluation(history, evaluation)
      return true
    },
    openings: (data) => openingsOf(history, data),
    tasksOf: (run, split) =>
      tasksOf(filesHere(history, parentsOf(history, run)).config(runDetail(history, run).config), split),
    stateOf: (run, iteration) => recipeHere(history, recipeOf(history, run, iteration)),
    page: (evaluation) => {
      const { report, created, openings } = show(evaluation)
      if (!report) throw unfinished(evaluation)
      const presets = existsSync(join(resources, 'presets')) ? readPresets(resources) : null
      return reportHtml(report, { evaluation, created, openings, presets })
    },
  }
}

function endOf({ state, error, evaluation }: EvaluationDetail): EvaluationEvent {
  if (state === 'done') return { type: 'done' }
  return { type: 'failed', error: error ?? unfinished(evaluation).record }
}

function missing(evaluation: number): never {
  throw new BasilError({
    code: 'run-missing',
    what: 'There is no such evaluation',
    where: `evaluation ${evaluation}`,
    why: 'the history does not know it',
    next: 'choose one of those that are listed',
  })
}

function atWork(evaluation: number, state: string): BasilError {
  return new BasilError({
    code: 'run-state',
    what: 'An evaluation is at work',
    where: `evaluation ${evaluation}`,
    why: `it is ${state}`,
    next: 'wait for it to end, or cancel its job',
  })
}

function unfinished(evaluation: number): BasilError {
  return new BasilError({
    code: 'run-state',
    what: 'The evaluation has no report',
    where: `evaluation ${evaluation}`,
    why: 'it did not end',
    next: 'start it again',
  })
}
