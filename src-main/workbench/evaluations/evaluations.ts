// Evaluations outside runs: begun one at a time while no run is at work, kept with their reports, and told to whoever
// watches. That test data is opened is on disk before the engine hears of it.

import { existsSync } from 'node:fs'
import { join } from 'node:path'

import type {
  EvaluationDetail,
  EvaluationEvent,
  EvaluationReport,
  EvaluationRequest,
  EvaluationSummary,
  Opening,
} from '../../contract/api/evaluations.ts'
import { BasilError, recordOf } from '../../contract/errors.ts'
import type { Recipe } from '../../contract/run/recipe.ts'
import { runDetail } from '../../history/detail.ts'
import {
  createEvaluation,
  evaluationOf,
  failEvaluation,
  forgetEvaluation,
  listEvaluations,
  openedBy,
  openingsOf,
  putReport,
  reportOf,
} from '../../history/evaluations.ts'
import { parentsOf } from '../../history/parents.ts'
import type { History } from '../../history/statement.ts'
import { recipeOf } from '../export/recipe.ts'
import { filesHere, recipeHere } from '../library/whereabouts.ts'
import type { Supervisor } from '../link/supervisor.ts'
import { readPresets } from '../studies/presets/files.ts'
import { reportHtml } from './report/page.ts'
import { type Tasks, tasksOf } from './request.ts'

export interface Evaluations {
  /** Gives its number. Throws run-state while a run or another evaluation is at work. */
  start(request: EvaluationRequest): number
  /** What is told from now on; of one that is over, only how it ended. */
  watch(evaluation: number): AsyncGenerator<EvaluationEvent, void>
  list(): EvaluationSummary[]
  /** Throws run-missing. */
  show(evaluation: number): EvaluationDetail
  forget(evaluation: number): boolean
  /** Every time these images were opened as test data. */
  openings(data: readonly string[]): Opening[]
  /** A run's own tasks on one of its splits, with the files where they are now. */
  tasksOf(run: number, split: EvaluationRequest['split']): Tasks
  /**
   * A state of a run as a model to evaluate, from its parents where they are now; iteration null: the last accepted
   * one.
   */
  stateOf(run: number, iteration: number | null): Recipe
  /** The report as one page. */
  page(evaluation: number): string
  /** Throws run-state while one is at work. */
  requireIdle(): void
  close(): Promise<void>
}

interface Place {
  history: History
  resources: string // the folder of the program's own files
  supervisor: Supervisor
  /** Throws where nothing may be begun now. */
  ready: () => void
}

interface AtWork {
  evaluation: number
  newest: EvaluationEvent | null
  news: PromiseWithResolvers<void>
  over: Promise<void>
}

export function createEvaluations({ history, resources, supervisor, ready }: Place): Evaluations {
  let present: AtWork | null = null
  const lives = (evaluation: number): boolean => present?.evaluation === evaluation

  function tell(mine: AtWork, event: EvaluationEvent): void {
    const { news } = mine
    Object.assign(mine, { newest: event, news: Promise.withResolvers<void>() })
    news.resolve()
  }

  /** Never rejects. */
  async function work(mine: AtWork, request: EvaluationRequest): Promise<void> {
    let last: EvaluationEvent
    try {
      putReport(history, mine.evaluation, await reported(request, (event) => tell(mine, event)))
      last = { type: 'done' }
    } catch (thrown) {
      const error = recordOf(thrown)
      last = { type: 'failed', error }
      try {
        failEvaluation(history, mine.evaluation, error)
      } catch {
        // The disk takes nothing more: the row says running, and is shown as interrupted.
      }
    }
    present = null
    tell(mine, last)
  }

  async function reported(
    request: EvaluationRequest,
    tell: (event: EvaluationEvent) => void,
  ): Promise<EvaluationReport> {
    const events = (await supervisor.ask((client) => client.evaluate(request)))[Symbol.asyncIterator]()
    for (;;) {
      const { value, done } = await supervisor.ask(() => events.next())
      if (done) throw new Error('the engine ended without a report')
      if (value.type === 'result') return value.result
      tell(value)
    }
  }

  const show = (evaluation: number): EvaluationDetail => {
    const found = evaluationOf(history, evaluation, lives) ?? missing(evaluation)
    return {
      ...found,
      report: reportOf(history, evaluation),
      openings: openingsOf(history, openedBy(history, evaluation)),
    }
  }

  return {
    start: (request) => {
      ready()
      const evaluation = createEvaluation(history, request, new Date())
      const mine: AtWork = { evaluation, newest: null, news: Promise.withResolvers(), over: Promise.resolve() }
      present = mine
      mine.over = work(mine, request)
      return evaluation
    },
    watch: async function* (evaluation) {
      const mine = present
      if (mine?.evaluation === evaluation)
        for (let seen: EvaluationEvent | null = null; ; ) {
          const { news, newest } = mine
          if (newest && newest !== seen) {
            seen = newest
            yield newest
            if (newest.type !== 'progress') return
          } else await news.promise
        }
      yield endOf(show(evaluation))
    },
    list: () => listEvaluations(history, lives),
    show,
    forget: (evaluation) => {
      if (lives(evaluation)) throw atWork(evaluation)
      show(evaluation)
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
    requireIdle: () => {
      if (present) throw atWork(present.evaluation)
    },
    close: async () => present?.over,
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

function atWork(evaluation: number): BasilError {
  return new BasilError({
    code: 'run-state',
    what: 'An evaluation is at work',
    where: `evaluation ${evaluation}`,
    why: 'Basil works on one thing at a time',
    next: 'wait for it to end',
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
