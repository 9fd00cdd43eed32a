// Models of a run measured: the references that relative accuracy is relative to, and the final evaluation, where test
// data is opened, once. What is measured at the end are the very weights an export writes. In a linearised run every
// model is measured as f_lin at its weights, expanded at the pre-trained model, which is f itself there.
import type { ResolvedConfig } from '../../contract/run/config.ts'
import type { EngineEvent, Evaluation } from '../../contract/run/run.ts'
import type { Table } from '../../numbers/table.ts'
import { isLabelled } from '../datasets/images.ts'
import type { Measured, Split } from '../learning/problem.ts'
import { taskScores } from '../learning/selection.ts'
import { linearModel, type Model, towerModel } from '../models/model.ts'
import { measureModel, type TaskSetup } from '../problems/clip-problem.ts'
import { openCheckpoint } from '../weights/checkpoint.ts'
import { type LoadedWeights, loadCheckpoint, loadMerged } from '../weights/device.ts'
import { lineageOf, movedTo } from '../weights/lineage.ts'
import type { Parents } from '../weights/parents.ts'
import type { Checkpoint } from '../weights/slices.ts'
import type { Context, RunHost } from './context.ts'
import { closeTasks, openTest } from './tasks.ts'

/**
 * Pre-trained and fine-tuned accuracies on a split; what relative accuracy is relative to. Of a task whose labels are
 * not known there are none.
 */
export async function* references(
  config: ResolvedConfig,
  host: RunHost,
  parents: Parents,
  place: TaskSetup,
  split: Split,
): AsyncGenerator<EngineEvent, { reference: (number | null)[]; pretrained: number[] }> {
  const names = config.tasks.map((t) => t.name)
  const tuned: Measured = { loss: 0, tasks: names.map(() => ({ loss: Number.NaN, accuracy: Number.NaN })) }
  const labelled = place.tasks.flatMap(({ splits: { [split]: images } }, t) =>
    images && isLabelled(images) ? [t] : [],
  )
  if (labelled.length === 0) return { reference: names.map(() => null), pretrained: names.map(() => Number.NaN) }
  const files = [...new Set(labelled.flatMap((t) => config.tasks[t]?.finetuned ?? []))]
  for (const [i, path] of files.entries()) {
    yield { type: 'progress', what: `Measuring fine-tuned models on ${split} data`, done: i, total: files.length + 1 }
    const checkpoint = await openCheckpoint(path, host.open, parents.base)
    try {
      const theirs = labelled.filter((t) => config.tasks[t]?.finetuned === path)
      const measured = await viewed(
        config,
        parents,
        place,
        (from) => loadCheckpoint(place.tower.ops, checkpoint, from),
        (m) => paced(place, m, split, theirs),
      )
      for (const t of theirs) tuned.tasks[t] = measured.tasks[t] as Measured['tasks'][number]
    } finally {
      await checkpoint.file.source.close()
    }
  }
  const reference = tuned.tasks.map((t) => (t.accuracy > 0 ? t.accuracy : null))
  if (files.length) yield evaluation(split, 'finetuned', null, names, tuned, reference)
  yield {
    type: 'progress',
    what: `Measuring the pre-trained model on ${split} data`,
    done: files.length,
    total: files.length + 1,
  }
  const pretrained = await using(await loadCheckpoint(place.tower.ops, parents.base), (w) =>
    paced(place, towerModel(place.tower, w.weights), split, labelled),
  )
  yield evaluation(split, 'pretrained', null, names, pretrained, reference)
  return { reference, pretrained: pretrained.tasks.map((t) => t.accuracy) }
}

/** On test data, opened here and only here; on the learning data where the run has no test data. */
export async function* finalEvaluation(
  context: Context,
  chosen: Table[],
  selectionSplit: Split,
  selectionReference: (number | null)[],
): AsyncGenerator<EngineEvent> {
  const { config, host, parents, place } = context
  const split: Split = config.tasks.some((t) => t.test) ? 'test' : 'training'
  yield { type: 'progress', what: `Evaluating on ${split} data`, done: 0, total: 1 }
  const test = split === 'test' ? yield* openTest(config, place.tasks, parents.architecture, host) : []
  try {
    const tested = split === 'test' ? { ...place, tasks: test } : place
    const reference =
      split === selectionSplit
        ? selectionReference
        : (yield* references(config, host, parents, tested, split)).reference
    const names = config.tasks.map((t) => t.name)
    let before: Measured | undefined
    for (let k = config.testEach ? 0 : chosen.length - 1; k < chosen.length; k++) {
      const unchanged =
        k > 0 && config.expansion === 'pretrained' && (chosen[k] as Table).every((row) => row.every((c) => c === 0))
      const measured =
        unchanged && before ? before : await measuredAfter(context, tested, chosen.slice(0, k + 1), split)
      before = measured
      yield evaluation(split, k ? 'iteration' : 'start', k, names, measured, reference)
    }
  } finally {
    await closeTasks(test)
  }
}

/** The model after some stages. One whose expansion point moves is seen from where its last iteration began. */
async function measuredAfter(
  { config, parents, groups }: Context,
  place: TaskSetup,
  chosen: readonly Table[],
  split: Split,
): Promise<Measured> {
  const isMoved = config.expansion === 'moved' && chosen.length > 1
  const lineage = isMoved
    ? { parents: movedTo(parents, groups, chosen.slice(0, -1)), coefficients: chosen.at(-1) as Table }
    : lineageOf(parents, groups, chosen, { control: config.control, seed: config.seed })
  return viewed(
    config,
    lineage.parents,
    place,
    (from) => loadMerged(place.tower.ops, lineage.parents, groups, lineage.coefficients, from !== undefined),
    (m) => paced(place, m, split),
  )
}

/** Measures, and tells how long that took an image. */
function paced(place: TaskSetup, model: Model, split: Split, only?: readonly number[]): Promise<Measured> {
  const measure = () => measureModel(place, model, split, only)
  const images = place.tasks.reduce(
    (sum, { splits }, t) => sum + (only && !only.includes(t) ? 0 : (splits[split]?.count ?? 0)),
    0,
  )
  return place.pace ? place.pace.measuring(images, measure) : measure()
}

function evaluation(
  split: Split,
  model: Evaluation['model'],
  stage: number | null,
  names: string[],
  measured: Measured,
  reference: (number | null)[],
): EngineEvent {
  return { type: 'evaluation', evaluation: { split, model, stage, tasks: taskScores(names, measured, reference) } }
}

/** The model a run sees in some weights. load: those weights, or their difference from the checkpoint it is given. */
async function viewed<T>(
  config: ResolvedConfig,
  parents: Parents,
  { tower }: TaskSetup,
  load: (from?: Checkpoint) => Promise<LoadedWeights>,
  use: (model: Model) => Promise<T>,
): Promise<T> {
  if (config.linearised === 'no') return using(await load(), (w) => use(towerModel(tower, w.weights)))
  return using(await loadCheckpoint(tower.ops, parents.base), async (base) =>
    using(await load(parents.base), (delta) => use(linearModel(tower, base.weights, delta.weights))),
  )
}

async function using<T>(loaded: LoadedWeights, use: (loaded: LoadedWeights) => Promise<T>): Promise<T> {
  try {
    return await use(loaded)
  } finally {
    loaded.dispose()
  }
}
