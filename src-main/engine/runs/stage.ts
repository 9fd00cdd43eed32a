// One stage of a run: each look is told together with what is enough to go on after it, and at the end what was chosen.

import type { Posterior } from '../../contract/run/posterior.ts'
import type { EngineEvent, ResumeState } from '../../contract/run/run.ts'
import type { SpikeAndSlab } from '../../numbers/spike-and-slab.ts'
import { fromNumbers, type Table, toNumbers } from '../../numbers/table.ts'
import { type Method, methodNamed } from '../learning/method.ts'
import type { Problem } from '../learning/problem.ts'
import { collapsed, taskScores } from '../learning/selection.ts'
import { sharpnessAware } from '../learning/sharpness-aware.ts'
import type { LearnState, Length, Look } from '../learning/stage.ts'
import { halvings } from '../problems/micro-batch.ts'
import type { Context } from './context.ts'

/** A stage as it is learned: which, on what, and what was chosen before it. */
interface Learned {
  index: number
  problem: Problem
  completed: Table[]
  length: Length
}

/**
 * Learns one stage and decides: an iteration that does not beat its own start is recorded as such and changes nothing.
 */
export async function* learnStage(
  context: Context,
  index: number,
  problem: Problem,
  completed: Table[],
): AsyncGenerator<EngineEvent, Table> {
  const { config, host, place, selection } = context
  const settings = index === 0 ? config.start : (config.iteration ?? config.start)
  const method = methodNamed(settings.method)
  const resume = host.resume?.stage === index ? stateFrom(host.resume) : undefined
  const length = method.length({ problem, settings, batch: config.batch })
  const { sharpness } = place.objective
  const learned = { index, problem, completed, length }
  yield {
    type: 'stage',
    stage: index,
    kind: index ? 'iteration' : 'start',
    method: method.name,
    vectors: [...problem.vectors],
    epochsPlanned: length.epochs,
    stepsPerEpoch: length.stepsPerEpoch,
  }

  host.pace?.begin(index, resume?.moments.step ?? 0)
  let last: Look | undefined
  for await (const look of method.learn({
    problem: sharpness ? sharpnessAware(problem, sharpness) : problem,
    settings,
    selection,
    batch: config.batch,
    seed: config.seed,
    index,
    resume,
    stopping: host.stopping,
    pace: host.pace,
  })) {
    last = look
    yield* halvings(place.microBatch)
    yield epochOf(context, learned, look)
  }
  const state = last?.state ?? resume
  if (!state) throw new Error(`stage ${index} looked at nothing`)
  return yield* decide(context, learned, { method, state, metric: last?.metric })
}

function epochOf(context: Context, { index, completed, length }: Learned, look: Look): EngineEvent {
  const { config, place, reference, remaining } = context
  const names = config.tasks.map((t) => t.name)
  const fallen = place.objective.unlabelled ? collapsed(names, look.measured) : []
  return {
    type: 'epoch',
    stage: index,
    epoch: look.state.epoch,
    step: look.state.moments.step,
    losses: look.losses,
    ...(look.gradients && { gradients: look.gradients }),
    metric: look.metric,
    best: look.isBest,
    tasks: taskScores(names, look.measured, reference),
    ...(look.pareto && { pareto: look.pareto }),
    ...(fallen.length > 0 && { collapse: fallen }),
    coefficients: toNumbers(look.state.coefficients),
    ...(look.posterior && { posterior: posteriorIn(look.posterior) }),
    ...remaining.after(index, look.state.epoch, length.epochs),
    resume: stateOf(index, look.state, completed, place.microBatch.size),
  }
}

/** metric: of the last look; undefined where a resumed stage had none left to make. */
async function* decide(
  { config, place, selection }: Context,
  { index, problem }: Learned,
  { method, state, metric }: { method: Method; state: LearnState; metric: number | undefined },
): AsyncGenerator<EngineEvent, Table> {
  const accepted = index === 0 || selection.better(state.best.metric, state.still)
  const coefficients = accepted
    ? state.best.coefficients
    : state.best.coefficients.map((row) => new Float64Array(row.length))
  // With all data in every step the state after the last one was measured too; resumed behind it, it is measured again.
  const measuresLast = config.select === 'training-loss' && config.batch === 'all' && method.measuresLast
  const after = measuresLast
    ? [metric ?? selection.metric(await problem.evaluate(state.coefficients, selection.split))]
    : []
  yield* halvings(place.microBatch)
  yield {
    type: 'stage-end',
    stage: index,
    accepted,
    best: state.best.step,
    still: state.still,
    metric: accepted ? state.best.metric : state.still,
    coefficients: toNumbers(coefficients),
    losses: [...state.losses, ...after],
  }
  return coefficients
}

const posteriorIn = ({ mean, deviation, inclusion }: SpikeAndSlab): Posterior => ({
  mean: toNumbers(mean),
  deviation: toNumbers(deviation),
  inclusion: toNumbers(inclusion),
})

function stateOf(stage: number, state: LearnState, completed: Table[], microBatch: number): ResumeState {
  return {
    stage,
    epoch: state.epoch,
    step: state.moments.step,
    coefficients: toNumbers(state.coefficients),
    firstMoment: toNumbers(state.moments.first),
    secondMoment: toNumbers(state.moments.second),
    losses: [...state.losses],
    still: state.still,
    best: { ...state.best, coefficients: toNumbers(state.best.coefficients) },
    sinceBest: state.sinceBest,
    completed: completed.map(toNumbers),
    microBatch,
  }
}

function stateFrom(resume: ResumeState): LearnState {
  return {
    epoch: resume.epoch,
    coefficients: fromNumbers(resume.coefficients),
    moments: { first: fromNumbers(resume.firstMoment), second: fromNumbers(resume.secondMoment), step: resume.step },
    losses: [...resume.losses],
    still: resume.still,
    best: { ...resume.best, coefficients: fromNumbers(resume.best.coefficients) },
    sinceBest: resume.sinceBest,
  }
}
