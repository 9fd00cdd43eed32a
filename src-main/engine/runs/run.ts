// A run from configuration to final evaluation, as one visible loop:
//   theta_0 = start(theta_pre, tau);  for k = 1..M:  delta = theta_{k-1} - theta_pre,  theta_k = theta_{k-1} + Lambda_k
//   delta
// with Lambda_k learned from its initial value and kept only if it beats "no change" on the selection metric. By the
// collapse identity delta_k is delta_0 scaled by prod_j (1 + lambda_j): one difference vector serves all iterations.
// Everything that is told is told through events; what a look yields is enough to go on after a crash, to the same
// bits.

import { faultOf } from '../../contract/device-faults.ts'
import { BasilError } from '../../contract/errors.ts'
import { headsByWidth } from '../../contract/known-towers.ts'
import { stepsOf } from '../../contract/merges/step.ts'
import { collapse, scaledNext } from '../../contract/run/coefficients.ts'
import type { ResolvedConfig } from '../../contract/run/config.ts'
import type { EngineEvent, ResumeState } from '../../contract/run/run.ts'
import { fromNumbers, type Table, toNumbers } from '../../numbers/table.ts'
import { methodNamed } from '../learning/methods/index.ts'
import { objectiveNamed } from '../learning/objectives/index.ts'
import {
  alongRow,
  fromDifferenceVector,
  fromRestart,
  isotropic,
  type Problem,
  type Split,
  sharpnessAware,
} from '../learning/problem.ts'
import { collapsed, selectionBy, taskScores } from '../learning/selection.ts'
import type { LearnState, Look } from '../learning/stage.ts'
import { vectorNotes } from '../measures/vector-notes.ts'
import { vectorsAfter } from '../merging/vectors-after.ts'
import type { Task, TaskSetup } from '../problems/clip-problem.ts'
import { halvings, microBatchFor } from '../problems/micro-batch.ts'
import { useOf } from '../weights/checkpoint.ts'
import { lineageOf, movedTo } from '../weights/lineage.ts'
import { groupsOf } from '../weights/merge.ts'
import { openParents, type Parents } from '../weights/parents.ts'
import { isUnmoved } from '../weights/unmoved.ts'
import { announce } from './announce.ts'
import { type Context, type RunHost, rows } from './context.ts'
import { finalEvaluation, references } from './evaluate.ts'
import { openProblem, roomFor } from './open-problem.ts'
import { Remaining } from './remaining.ts'
import { closeTasks, openTasks } from './tasks.ts'

export async function* run(config: ResolvedConfig, host: RunHost): AsyncGenerator<EngineEvent> {
  const began = performance.now()
  const waited = { seconds: 0 } // for pixels
  let tasks: Task[] = []
  const opened = await openParents(config.pretrained, config.vectors, host.open, useOf(config))
  const microBatch = microBatchFor(config.microBatch, host.backend, opened.architecture)
  try {
    if (host.resume && !config.tower) requireAsBegun(opened)
    if (config.trim !== null) yield { type: 'progress', what: 'Trimming vectors', done: 0, total: 1 }
    const notes = await vectorNotes(config, opened)
    const parents = await vectorsAfter(opened, stepsOf(config))
    const groups = groupsOf(parents, config.blocks)
    tasks = yield* openTasks(config, parents.architecture, host)
    const files = yield* announce(config, host, parents, groups, tasks, notes)
    const place: TaskSetup = {
      tower: {
        architecture: parents.architecture,
        ops: host.backend.ops,
        freeBytes: host.backend.freeBytes,
      },
      tasks,
      objective: objectiveNamed(config.objective),
      microBatch,
      signal: host.signal,
      waited,
    }
    roomFor({ config, host, parents, groups, place })
    const split: Split = config.select === 'training-loss' ? 'training' : 'validation'
    const { reference, pretrained } = yield* references(config, host, parents, place, split)
    yield* halvings(microBatch)
    const context: Context = {
      config,
      host,
      parents,
      files,
      groups,
      place,
      selection: selectionBy(config.select, reference, {
        aims: config.tasks.map((t) => t.aim),
        pretrained,
        keep: config.keep,
      }),
      reference,
      remaining: new Remaining(config, began),
    }
    const chosen = yield* learnAll(context)
    yield* finalEvaluation(context, chosen, split, reference)
    yield* halvings(microBatch)
    yield {
      type: 'finished',
      stopped: host.stopping(),
      seconds: (performance.now() - began) / 1000,
      dataWaitSeconds: waited.seconds,
    }
  } catch (error) {
    yield* halvings(microBatch)
    throw faultOf(error, 'the weights of a model')
  } finally {
    await closeTasks(tasks)
    await opened.close()
  }
}

/** Of a run begun by 0.1.0, which guessed heads from the width and kept no word of it. */
function requireAsBegun({ base: { file, settings, architecture } }: Parents): void {
  const { heads } = settings
  if (heads.value === headsByWidth('vision', architecture.width) && architecture.layerNormEps === 1e-5) return
  throw new BasilError({
    code: 'run-state',
    what: 'The run began with another idea of its models',
    where: file.source.name,
    why: `its first part guessed the heads from the width; there are ${heads.value} (${heads.from})`,
    next: 'start a new run with the same configuration',
  })
}

/** Every stage in turn; gives the chosen tables: the start's (vectors x groups), then one row an iteration. */
async function* learnAll(context: Context): AsyncGenerator<EngineEvent, Table[]> {
  const { config, host, groups } = context
  const resume = host.resume
  context.place.microBatch.size = Math.min(
    context.place.microBatch.size,
    resume?.microBatch ?? Number.POSITIVE_INFINITY,
  )
  const chosen: Table[] = (resume?.completed ?? []).map(fromNumbers)

  if (chosen.length === 0) {
    const opened = yield* openProblem(context)
    try {
      chosen.push(yield* stage(context, 0, opened.problem, chosen))
    } finally {
      await opened.close()
    }
  }
  if (chosen.length > config.iterations || host.stopping() || (yield* hasNothingToScale(context, chosen))) return chosen

  if (config.expansion === 'moved') {
    for (let k = chosen.length; k <= config.iterations && !host.stopping(); k++) {
      const opened = yield* openProblem({ ...context, parents: movedTo(context.parents, groups, chosen) })
      try {
        const { problem } = opened // lambda of delta from theta: DV-BASI's own view
        chosen.push(yield* stage(context, k, config.control === 'isotropic' ? isotropic(problem) : problem, chosen))
      } finally {
        await opened.close()
      }
      if (k < config.iterations && (yield* hasNothingToScale(context, chosen))) break
    }
    return chosen
  }

  const start = chosen[0] as Table
  const course = { control: config.control, seed: config.seed }
  const { parents } = lineageOf(context.parents, groups, chosen.slice(0, 1), course, config.iterations)
  const opened = yield* config.control === 'random' ? openProblem({ ...context, parents }) : openProblem(context, start)
  try {
    for (let k = chosen.length; k <= config.iterations && !host.stopping(); k++) {
      chosen.push(yield* stage(context, k, iterationOf(context, opened.problem, chosen), chosen))
      if (k < config.iterations && (yield* hasNothingToScale(context, chosen))) break
    }
  } finally {
    await opened.close()
  }
  return chosen
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
  if (control === 'random')
    return alongRow(
      problem,
      lineageOf(parents, groups, chosen, { control, seed }, iterations).coefficients,
      chosen.length,
    )
  const ones = new Float64Array(groups.names.length).fill(1)
  const scale = collapse([ones], rows(chosen), control)[0] as Float64Array
  if (control === 'restart') return fromRestart(problem, scale)
  const along = fromDifferenceVector(problem, scale)
  return control === 'isotropic' ? isotropic(along) : along
}

/**
 * Learns one stage and decides: an iteration that does not beat its own start is recorded as such and changes nothing.
 */
async function* stage(
  context: Context,
  index: number,
  problem: Problem,
  completed: Table[],
): AsyncGenerator<EngineEvent, Table> {
  const { config, host, place, selection, reference, remaining } = context
  const settings = index === 0 ? config.start : (config.iteration ?? config.start)
  const method = methodNamed(settings.method)
  const resume = host.resume?.stage === index ? stateFrom(host.resume) : undefined
  const length = method.length({ problem, settings, batch: config.batch })
  const { unlabelled, sharpness } = place.objective
  const vectors = [...problem.vectors]
  const names = config.tasks.map((t) => t.name)
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
    problem: sharpness ? sharpnessAware(problem, sharpness) : problem,
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
    const fallen = unlabelled ? collapsed(names, look.measured) : []
    yield {
      type: 'epoch',
      stage: index,
      epoch: look.state.epoch,
      step: look.state.moments.step,
      losses: look.losses,
      metric: look.metric,
      best: look.isBest,
      tasks: taskScores(names, look.measured, reference),
      ...(look.pareto && { pareto: look.pareto }),
      ...(fallen.length > 0 && { collapse: fallen }),
      coefficients: toNumbers(look.state.coefficients),
      ...remaining.after(index, look.state.epoch, length.epochs),
      resume: stateOf(index, look.state, completed, place.microBatch.size),
    }
  }
  const state = last?.state ?? resume
  if (!state) throw new Error(`stage ${index} looked at nothing`)
  const accepted = index === 0 || selection.better(state.best.metric, state.still)
  const coefficients = accepted
    ? state.best.coefficients
    : state.best.coefficients.map((row) => new Float64Array(row.length))
  // With all data in every step the state after the last one was measured too; resumed behind it, it is measured again.
  const measuresLast = config.select === 'training-loss' && config.batch === 'all' && method.measuresLast
  const after = measuresLast
    ? [last?.metric ?? selection.metric(await problem.evaluate(state.coefficients, selection.split))]
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
