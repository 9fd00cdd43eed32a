// A run from configuration to final evaluation, as one visible loop:
//   theta_0 = start(theta_pre, tau);  for k = 1..M:  delta = theta_{k-1} - theta_pre,  theta_k = theta_{k-1} + Lambda_k delta
// with Lambda_k learned from its initial value and kept only if it beats "no change" on the selection metric. By the
// collapse identity delta_k is delta_0 scaled by prod_j (1 + lambda_j): one difference vector serves all iterations.
// Everything that is told is told through events; what a look yields is enough to go on after a crash, to the same bits.
import type { ResolvedConfig } from '../contract/config.ts'
import type { EngineEvent, ResumeState } from '../contract/run.ts'
import { announce } from './announce.ts'
import type { LearnState, Look } from './coefficients/learn.ts'
import { selectionBy, taskScores } from './coefficients/selection.ts'
import { fromNumbers, type Table, toNumbers } from './coefficients/table.ts'
import { type Context, type RunHost, rows } from './context.ts'
import { readTasks } from './datasets/tasks.ts'
import { finalEvaluation, references } from './evaluate.ts'
import { faultOf } from './faults.ts'
import { methodNamed } from './methods/index.ts'
import type { Workplace } from './models/clip-problem.ts'
import { halvings, microBatchFor } from './models/micro-batch.ts'
import { openProblem, roomFor } from './models/open-problem.ts'
import { objectiveNamed } from './objectives/index.ts'
import { fromDifferenceVector, type Problem, type Split } from './problem.ts'
import { Remaining } from './remaining.ts'
import { collapse, groupsOf } from './weights/merge.ts'
import { openParents } from './weights/parents.ts'

export async function* run(config: ResolvedConfig, host: RunHost): AsyncGenerator<EngineEvent> {
  const began = performance.now()
  const parents = await openParents(config.pretrained, config.vectors, host.open)
  const microBatch = microBatchFor(config.microBatch, host.backend, parents.architecture)
  try {
    const groups = groupsOf(parents, config.blocks)
    const tasks = await readTasks(config, parents.architecture, host.open)
    const files = yield* announce(config, host, parents, groups)
    const place: Workplace = {
      tower: {
        architecture: parents.architecture,
        activation: config.activation,
        ops: host.backend.ops,
        freeBytes: host.backend.freeBytes,
      },
      tasks,
      objective: objectiveNamed(config.objective),
      microBatch,
      signal: host.signal,
    }
    roomFor({ config, host, parents, groups, place })
    const split: Split = config.select === 'training-loss' ? 'training' : 'validation'
    const reference = yield* references(config, host, parents, place, split)
    yield* halvings(microBatch)
    const context: Context = {
      config,
      host,
      parents,
      files,
      groups,
      place,
      selection: selectionBy(config.select, reference),
      reference,
      remaining: new Remaining(config, began),
    }
    const chosen = yield* learnAll(context)
    yield* finalEvaluation(context, chosen, split, reference)
    yield* halvings(microBatch)
    yield { type: 'finished', stopped: host.stopping(), seconds: (performance.now() - began) / 1000 }
  } catch (error) {
    yield* halvings(microBatch)
    throw faultOf(error, 'the weights of a model')
  } finally {
    await parents.close()
  }
}

/** Every stage in turn; gives the chosen tables: the start's (vectors x groups), then one row an iteration. */
async function* learnAll(context: Context): AsyncGenerator<EngineEvent, Table[]> {
  const { config, host, groups } = context
  const resume = host.resume
  context.place.microBatch.size = Math.min(context.place.microBatch.size, resume?.microBatch ?? Number.POSITIVE_INFINITY)
  const chosen: Table[] = (resume?.completed ?? []).map(fromNumbers)

  if (chosen.length === 0) {
    const opened = yield* openProblem(context)
    try {
      chosen.push(yield* stage(context, 0, opened.problem, chosen))
    } finally {
      await opened.close()
    }
  }
  if (config.iterations === 0 || host.stopping()) return chosen

  const start = chosen[0] as Table
  const opened = yield* openProblem(context, start)
  try {
    for (let k = chosen.length; k <= config.iterations && !host.stopping(); k++) {
      const scale = collapse([new Float64Array(groups.names.length).fill(1)], rows(chosen))[0] as Float64Array
      chosen.push(yield* stage(context, k, fromDifferenceVector(opened.problem, scale), chosen))
    }
  } finally {
    await opened.close()
  }
  return chosen
}

/** Learns one stage and decides: an iteration that does not beat its own start is recorded as such and changes nothing. */
async function* stage(context: Context, index: number, problem: Problem, completed: Table[]): AsyncGenerator<EngineEvent, Table> {
  const { config, host, place, selection, reference, remaining } = context
  const settings = index === 0 ? config.start : (config.iteration ?? config.start)
  const method = methodNamed(settings.method)
  const resume = host.resume?.stage === index ? stateFrom(host.resume) : undefined
  const length = method.length({ problem, settings, batch: config.batch })
  const vectors = [...problem.vectors]
  yield {
    type: 'stage',
    stage: index,
    kind: index ? 'iteration' : 'start',
    method: method.name,
    vectors,
    epochsPlanned: length.epochs,
    stepsPerEpoch: length.stepsPerEpoch,
  }

  let last: Look | undefined
  for await (const look of method.learn({
    problem,
    settings,
    selection,
    batch: config.batch,
    seed: config.seed,
    index,
    resume,
    stopping: host.stopping,
  })) {
    last = look
    yield* halvings(place.microBatch)
    yield {
      type: 'epoch',
      stage: index,
      epoch: look.state.epoch,
      step: look.state.moments.step,
      losses: look.losses,
      metric: look.metric,
      best: look.isBest,
      tasks: taskScores(
        config.tasks.map((t) => t.name),
        look.measured,
        reference,
      ),
      coefficients: toNumbers(look.state.coefficients),
      ...remaining.after(index, look.state.epoch, length.epochs),
      resume: stateOf(index, look.state, completed, place.microBatch.size),
    }
  }
  const state = last?.state ?? resume
  if (!state) throw new Error(`stage ${index} looked at nothing`)
  const accepted = index === 0 || selection.better(state.best.metric, state.still)
  const coefficients = accepted ? state.best.coefficients : state.best.coefficients.map((row) => new Float64Array(row.length))
  // With all data in every step the state after the last one was measured too; resumed behind it, it is measured again.
  const measuresLast = config.select === 'training-loss' && config.batch === 'all' && method.name !== 'task-arithmetic'
  const after = measuresLast ? [last?.metric ?? selection.metric(await problem.evaluate(state.coefficients, selection.split))] : []
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
