// A run from configuration to final evaluation, as one visible loop:
//   theta_0 = start(theta_pre, tau);  for k = 1..M:  delta = theta_{k-1} - theta_pre,  theta_k = theta_{k-1} + Lambda_k delta
// with Lambda_k learned from its initial value and kept only if it beats "no change" on the selection metric. By the
// collapse identity delta_k is delta_0 scaled by prod_j (1 + lambda_j): one difference vector serves all iterations.
// Everything that is told is told through events; what a look yields is enough to go on after a crash, to the same bits.
import type { ResolvedConfig } from '../contract/config.ts'
import { BasilError } from '../contract/errors.ts'
import type { EngineEvent, Evaluation, Parent, ResumeState } from '../contract/run.ts'
import type { Backend } from './backend.ts'
import { clipProblem, measure, type Task, type Workplace } from './clip-problem.ts'
import { fromNumbers, type Table, toNumbers } from './coefficients/table.ts'
import { type LoadedWeights, loadCheckpoint, loadMerged, openStore } from './device.ts'
import type { OpenSource } from './formats/source.ts'
import type { LearnState, Look } from './learn.ts'
import { collapse, type Groups, groupsOf } from './merge.ts'
import { methodNamed } from './methods/index.ts'
import { objectiveNamed } from './objectives/index.ts'
import { openCheckpoint, openParents, type Parents } from './parents.ts'
import { fromDifferenceVector, type Measured, type Problem, type Split } from './problem.ts'
import { Remaining } from './remaining.ts'
import { type Selection, selectionBy, taskScores } from './selection.ts'
import { readTasks, withTest } from './tasks.ts'

export interface RunHost {
  backend: Backend
  open: OpenSource
  hash(path: string): Promise<{ sha256: string; bytes: number }>
  resume: ResumeState | null
  parents: Parent[] // recorded by an earlier sitting of the same run; empty for a new one
  stopping(): boolean // the person wants the best so far
  signal: AbortSignal // the person wants nothing more
}

export async function* run(config: ResolvedConfig, host: RunHost): AsyncGenerator<EngineEvent> {
  const began = performance.now()
  const parents = await openParents(config.pretrained, config.vectors, host.open)
  try {
    const groups = groupsOf(parents, config.blocks)
    const tasks = await readTasks(config, parents.architecture, host.open)
    yield* announce(config, host, parents, groups, tasks)
    const place: Workplace = {
      tower: { architecture: parents.architecture, activation: config.activation, ops: host.backend.ops },
      tasks,
      objective: objectiveNamed(config.objective),
      microBatch: config.microBatch,
      signal: host.signal,
    }
    const split: Split = config.select === 'training-loss' ? 'training' : 'validation'
    const reference = yield* references(config, host, parents, place, split)
    const context: Context = { config, host, parents, groups, place, selection: selectionBy(config.select, reference), reference, remaining: new Remaining(config, began) }
    const chosen = yield* learnAll(context)
    yield* finalEvaluation(context, chosen, split, reference)
    yield { type: 'finished', stopped: host.stopping(), seconds: (performance.now() - began) / 1000 }
  } finally {
    await parents.close()
  }
}

interface Context {
  config: ResolvedConfig
  host: RunHost
  parents: Parents
  groups: Groups
  place: Workplace
  selection: Selection
  reference: (number | null)[] // fine-tuned accuracy on the selection split
  remaining: Remaining
}

/** Every stage in turn; gives the chosen tables: the start's (vectors x groups), then one row an iteration. */
async function* learnAll(context: Context): AsyncGenerator<EngineEvent, Table[]> {
  const { config, host, parents, groups } = context
  const resume = host.resume
  const chosen: Table[] = (resume?.completed ?? []).map(fromNumbers)

  if (chosen.length === 0) {
    const store = await openStore(host.backend, parents)
    try {
      chosen.push(yield* stage(context, 0, clipProblem(context.place, store, groups), chosen))
    } finally {
      store.dispose()
    }
  }
  if (config.iterations === 0 || host.stopping()) return chosen

  const start = chosen[0] as Table
  const store = await openStore(host.backend, parents, { groups, coefficients: start })
  try {
    const delta = clipProblem(context.place, store, groups)
    for (let k = chosen.length; k <= config.iterations && !host.stopping(); k++) {
      const scale = collapse([new Float64Array(groups.names.length).fill(1)], rows(chosen))[0] as Float64Array
      chosen.push(yield* stage(context, k, fromDifferenceVector(delta, scale), chosen))
    }
  } finally {
    store.dispose()
  }
  return chosen
}

/** Learns one stage and decides: an iteration that does not beat its own start is recorded as such and changes nothing. */
async function* stage(context: Context, index: number, problem: Problem, completed: Table[]): AsyncGenerator<EngineEvent, Table> {
  const { config, host, selection, reference, remaining } = context
  const settings = index === 0 ? config.start : (config.iteration ?? config.start)
  const method = methodNamed(settings.method)
  const resume = host.resume?.stage === index ? stateFrom(host.resume) : undefined
  const length = method.length({ problem, settings, batch: config.batch })
  const vectors = [...problem.vectors]
  yield { type: 'stage', stage: index, kind: index ? 'iteration' : 'start', method: method.name, vectors, epochsPlanned: length.epochs, stepsPerEpoch: length.stepsPerEpoch }

  let last: Look | undefined
  for await (const look of method.learn({ problem, settings, selection, batch: config.batch, seed: config.seed, index, resume, stopping: host.stopping })) {
    last = look
    yield {
      type: 'epoch',
      stage: index,
      epoch: look.state.epoch,
      step: look.state.moments.step,
      losses: look.losses,
      metric: look.metric,
      best: look.isBest,
      tasks: taskScores(config.tasks.map((t) => t.name), look.measured, reference),
      coefficients: toNumbers(look.state.coefficients),
      ...remaining.after(index, look.state.epoch, length.epochs),
      resume: stateOf(index, look.state, completed),
    }
  }
  const state = last?.state ?? resume
  if (!state) throw new Error(`stage ${index} looked at nothing`)
  const accepted = index === 0 || selection.better(state.best.metric, state.still)
  const coefficients = accepted ? state.best.coefficients : state.best.coefficients.map((row) => new Float64Array(row.length))
  const measuredLast = config.select === 'training-loss' && config.batch === 'all' && method.name !== 'task-arithmetic' && last
  yield {
    type: 'stage-end',
    stage: index,
    accepted,
    best: state.best.step,
    still: state.still,
    metric: accepted ? state.best.metric : state.still,
    coefficients: toNumbers(coefficients),
    losses: measuredLast ? [...state.losses, measuredLast.metric] : state.losses,
  }
  return coefficients
}

async function* announce(config: ResolvedConfig, host: RunHost, parents: Parents, groups: Groups, tasks: readonly Task[]): AsyncGenerator<EngineEvent> {
  const found: Parent[] = []
  const files = filesOf(config)
  for (const [i, { role, path }] of files.entries()) {
    yield { type: 'progress', what: 'Reading files', done: i, total: files.length }
    host.signal.throwIfAborted()
    const name = path.split(/[/\\]/).pop() ?? path
    const hashed = await host.hash(path)
    const recorded = host.parents.find((p) => p.file === path && p.role === role)
    if (recorded && recorded.sha256 !== hashed.sha256)
      throw new BasilError({ code: 'file-changed', what: 'A file has changed since the run began', where: path, why: `its SHA-256 is ${hashed.sha256.slice(0, 12)}, it was ${recorded.sha256.slice(0, 12)}`, next: 'put the old file back to resume, or start a new run' })
    found.push({ role, file: path, name, ...hashed })
  }
  const { name, kind, threads, simd, reason, versions } = host.backend
  const images = tasks.map((t) => ({ task: t.name, classes: t.head.classes, training: t.splits.training?.count ?? 0, validation: t.splits.validation?.count ?? 0, test: 0 }))
  const parameters = [...parents.parameters.values()].reduce((sum, shape) => sum + shape.reduce((a, b) => a * b, 1), 0)
  yield { type: 'opened', engine: { name, kind, threads, simd, reason, versions }, blocks: groups.names, parents: found, parameters, images }
}

/** Pre-trained and fine-tuned accuracies on a split; what relative accuracy is relative to. */
async function* references(config: ResolvedConfig, host: RunHost, parents: Parents, place: Workplace, split: Split): AsyncGenerator<EngineEvent, (number | null)[]> {
  const names = config.tasks.map((t) => t.name)
  const tuned: Measured = { loss: 0, tasks: names.map(() => ({ loss: Number.NaN, accuracy: Number.NaN })) }
  const files = [...new Set(config.tasks.flatMap((t) => t.finetuned ?? []))]
  for (const [i, path] of files.entries()) {
    yield { type: 'progress', what: `Measuring fine-tuned models on ${split} data`, done: i, total: files.length + 1 }
    const checkpoint = await openCheckpoint(path, host.open)
    try {
      const theirs = names.map((_, t) => t).filter((t) => config.tasks[t]?.finetuned === path)
      const measured = await using(await loadCheckpoint(checkpoint), (w) => measure(place, w.weights, split, theirs))
      for (const t of theirs) tuned.tasks[t] = measured.tasks[t] as Measured['tasks'][number]
    } finally {
      await checkpoint.file.source.close()
    }
  }
  const reference = tuned.tasks.map((t) => (t.accuracy > 0 ? t.accuracy : null))
  if (files.length) yield evaluation(split, 'finetuned', null, names, tuned, reference)
  yield { type: 'progress', what: `Measuring the pre-trained model on ${split} data`, done: files.length, total: files.length + 1 }
  const pretrained = await using(await loadCheckpoint(parents.base), (w) => measure(place, w.weights, split))
  yield evaluation(split, 'pretrained', null, names, pretrained, reference)
  return reference
}

/** On test data, opened here and only here; on the learning data where the run has no test data. */
async function* finalEvaluation(context: Context, chosen: Table[], selectionSplit: Split, selectionReference: (number | null)[]): AsyncGenerator<EngineEvent> {
  const { config, host, parents, groups, place } = context
  const split: Split = config.tasks.some((t) => t.test) ? 'test' : 'training'
  yield { type: 'progress', what: `Evaluating on ${split} data`, done: 0, total: 1 }
  const tested = { ...place, tasks: await withTest(config, place.tasks, parents.architecture, host.open) }
  const reference = split === selectionSplit ? selectionReference : yield* references(config, host, parents, tested, split)
  const names = config.tasks.map((t) => t.name)
  let before: Measured | undefined
  for (let k = config.testEach ? 0 : chosen.length - 1; k < chosen.length; k++) {
    const unchanged = k > 0 && (chosen[k] as Table).every((row) => row.every((c) => c === 0))
    const coefficients = collapse(chosen[0] as Table, rows(chosen.slice(0, k + 1)))
    const measured: Measured = unchanged && before ? before : await using(await loadMerged(parents, groups, coefficients), (w) => measure(tested, w.weights, split))
    before = measured
    yield evaluation(split, k ? 'iteration' : 'start', k, names, measured, reference)
  }
}

function evaluation(split: Split, model: Evaluation['model'], stage: number | null, names: string[], measured: Measured, reference: (number | null)[]): EngineEvent {
  return { type: 'evaluation', evaluation: { split, model, stage, tasks: taskScores(names, measured, reference) } }
}

async function using<T>(loaded: LoadedWeights, use: (loaded: LoadedWeights) => Promise<T>): Promise<T> {
  try {
    return await use(loaded)
  } finally {
    loaded.dispose()
  }
}

/** The iterations' single rows among the chosen tables. */
function rows(chosen: readonly Table[]): Float64Array[] {
  return chosen.slice(1).map((table) => table[0] as Float64Array)
}

function filesOf(config: ResolvedConfig): { role: Parent['role']; path: string }[] {
  const found: { role: Parent['role']; path: string }[] = [{ role: 'pretrained', path: config.pretrained }]
  const add = (role: Parent['role'], path: string | null): void => {
    const file = path?.replace(/#[^#/\\]*$/, '')
    if (file && !found.some((f) => f.path === file)) found.push({ role, path: file })
  }
  found.push(...config.vectors.map((path) => ({ role: 'vector' as const, path }))) // every one: the recipe's rows are theirs
  for (const t of config.tasks) add('finetuned', t.finetuned)
  for (const t of config.tasks) for (const path of [t.head, t.data, t.validation, t.test]) add('data', path)
  return found
}

function stateOf(stage: number, state: LearnState, completed: Table[]): ResumeState {
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
