// What a merge wants to know of each task's images (merging/statistics/wanted.ts), found by passes of the fine-tuned
// models over them and kept by what it is a function of: the same models and images are not looked at twice. Of inputs
// as the merged model gives them one file holds all tasks, as they depend on each other; its tensors' names begin with
// the task's place, "2.transformer...".
import type { Step } from '../../../contract/merges/step.ts'
import type { Progress } from '../../../contract/run/run.ts'
import { at } from '../../../numbers/vectors.ts'
import type { KeptStatistics, StatisticsStore, StatisticsWriter } from '../../formats/statistics-store.ts'
import { heldStatistics } from '../../merging/statistics/held.ts'
import type { Wanted } from '../../merging/statistics/wanted.ts'
import { vectorsAfter } from '../../merging/vectors-after.ts'
import type { TowerCheckpoint } from '../../weights/checkpoint.ts'
import type { Parents } from '../../weights/parents.ts'
import { squaredGradients } from './gradients.ts'
import { type Drawn, drawn, type LookedAt, type Place } from './images.ts'
import { entering, inputTensors, layerInputs } from './inputs.ts'

export interface Collecting {
  wanted: Wanted
  step: Step // the merge as it is asked
  parents: Parents
  pretrained: string // SHA-256
  tasks: readonly LookedAt[] // one for each vector
  place: Place
  store: StatisticsStore
}

const form = 2 // of the files; another one makes all that is kept strange

/** Files in the order of the vectors, or one of all. */
export async function* collect(asked: Collecting): AsyncGenerator<Progress, KeptStatistics[]> {
  const { wanted, parents, tasks, store } = asked
  const { architecture } = parents
  store.requireRoom(tasks.length * bytesOf(asked))
  const all: Drawn[] = []
  for (const [t, task] of tasks.entries()) {
    yield { type: 'progress', what: `Drawing images of ${task.name}`, done: t, total: tasks.length }
    const withLabels = wanted.what === 'gradients' && wanted.labels === 'observed'
    all.push(await drawn(task, wanted.images, wanted.seed, withLabels))
  }
  const of = (some: readonly Drawn[], more: object): string =>
    JSON.stringify({
      form,
      wanted,
      architecture,
      pretrained: asked.pretrained, // an adapter, or a tower that lacks a tensor, is what it is with its base alone
      looked: some.map(({ model, sha256 }) => ({ model, sha256 })),
      ...more,
    })
  if (wanted.what === 'inputs' && wanted.of === 'merged') {
    const { parameters, weights } = asked.step
    const identity = of(all, { parameters, weights })
    const tensors = layersOf(asked).flatMap((i) =>
      tasks.flatMap((_, t) => inputTensors(architecture, i).map((one) => ({ ...one, name: `${t}.${one.name}` }))),
    )
    return [yield* kept(store, identity, tensors, (writer) => mergedInputs(asked, all, writer))]
  }
  const found: KeptStatistics[] = []
  for (const [t, task] of all.entries()) {
    const checkpoint = at(parents.vectors, t)
    if (wanted.what === 'inputs') {
      const tensors = layersOf(asked).flatMap((i) => inputTensors(architecture, i))
      found.push(yield* kept(store, of([task], {}), tensors, (writer) => ownInputs(asked, checkpoint, task, writer)))
      continue
    }
    const { head } = task
    if (!head) throw new Error(`no head of ${task.name}`)
    const tensors = [...parents.parameters].map(([name, shape]) => ({ name, shape }))
    const identity = of([task], { head: { ...head, weights: [...head.weights], bias: head.bias && [...head.bias] } })
    found.push(
      yield* kept(store, identity, tensors, async function* (writer) {
        const { place } = asked
        const sums = yield* squaredGradients(place, checkpoint, parents.parameters, { ...task, head }, wanted)
        for (const { name } of tensors) await writer.write(sums.get(name) as Float32Array)
      }),
    )
  }
  return found
}

/** What is kept already, or what `fill` writes. */
async function* kept(
  store: StatisticsStore,
  identity: string,
  tensors: Parameters<StatisticsStore['begin']>[1],
  fill: (writer: StatisticsWriter) => AsyncGenerator<Progress>,
): AsyncGenerator<Progress, KeptStatistics> {
  const known = await store.find(identity)
  if (known) return known
  const writer = await store.begin(identity, tensors)
  let isWhole = false
  try {
    yield* fill(writer)
    const done = await writer.end()
    isWhole = true
    return done
  } finally {
    if (!isWhole) await writer.abandon()
  }
}

/** Of one task. */
function bytesOf({ wanted, parents }: Collecting): number {
  const { architecture, parameters } = parents
  const shapes =
    wanted.what === 'inputs'
      ? layersOf({ parents }).flatMap((i) => inputTensors(architecture, i).map(({ shape }) => shape))
      : [...parameters.values()]
  return shapes.reduce((sum, shape) => sum + 4 * shape.reduce((a, b) => a * b, 1), 0)
}

const layersOf = ({ parents }: Pick<Collecting, 'parents'>): number[] =>
  Array.from({ length: parents.architecture.layers }, (_, i) => i)

async function* ownInputs(
  { parents, place }: Collecting,
  checkpoint: TowerCheckpoint,
  task: Drawn,
  writer: StatisticsWriter,
): AsyncGenerator<Progress> {
  const layers = layersOf({ parents })
  const x = await entering(place, checkpoint, task)
  for (const i of layers) {
    yield { type: 'progress', what: `Inputs of layers on ${task.name}`, done: i, total: layers.length }
    const found = await layerInputs(place, checkpoint, i, x, { on: i < layers.length - 1, moments: true })
    for (const values of found.values()) await writer.write(values)
  }
}

/** Each layer is merged when its inputs are known, by the merge itself, and all images go through it. */
async function* mergedInputs(
  { parents, place, step }: Collecting,
  tasks: readonly Drawn[],
  writer: StatisticsWriter,
): AsyncGenerator<Progress> {
  const layers = layersOf({ parents })
  const held = tasks.map(() => heldStatistics())
  const statistics = held.map(({ checkpoint }) => checkpoint)
  const [model] = (await vectorsAfter({ ...parents, statistics }, [step])).vectors
  const merged = model as TowerCheckpoint
  const all: Float32Array[] = []
  for (const task of tasks) all.push(await entering(place, merged, task))
  for (const i of layers) {
    for (const [t, x] of all.entries()) {
      const [done, total] = [i * tasks.length + t, layers.length * tasks.length]
      yield { type: 'progress', what: 'Inputs of layers in the merged model', done, total }
      const found = await layerInputs(place, at(parents.vectors, t), i, x, { on: false, moments: true })
      at(held, t).hold(found)
      for (const values of found.values()) await writer.write(values)
    }
    if (i < layers.length - 1) for (const x of all) await layerInputs(place, merged, i, x, { on: true, moments: false })
  }
}
