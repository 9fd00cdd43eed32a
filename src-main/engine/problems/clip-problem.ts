// A CLIP image tower as a problem: weights composed from a base and vectors, images pushed through in micro-batches,
// and
//   d loss / d c_k,b = < v_k,b, d loss / d theta_b >   taken block by block on the reverse pass (the one primitive).
// Micro-batches bound memory and do not change the result beyond rounding: losses are weighted sums over images. Where
// even that many images do not fit, micro-batch.ts does the pass again with fewer.
import { setImmediate } from 'node:timers/promises'

import { faultOf } from '../../contract/device-faults.ts'
import { BasilError } from '../../contract/errors.ts'
import { filled, type Table } from '../../numbers/table.ts'
import { fetchPicked, type LabelledImages } from '../datasets/images.ts'
import { disposeAll, type Tensor, type Weights } from '../devices/tensor.ts'
import type { Objective } from '../learning/objective.ts'
import type { Pace } from '../learning/pace.ts'
import type { PredictingProblem, Predictions } from '../learning/predictions.ts'
import type { Measured, Split, Target } from '../learning/problem.ts'
import type { Tower } from '../models/clip-vit.ts'
import { linearModel, type Model, towerModel } from '../models/model.ts'
import type { Groups } from '../weights/merge.ts'
import type { InnerProducts, VectorStore } from '../weights/vector-store.ts'
import type { Head } from './head.ts'
import { judgeOf, type Part, type Sums } from './judge.ts'
import { fitting, type MicroBatch } from './micro-batch.ts'
import { patchesOf } from './patches.ts'

export interface Task {
  name: string
  head: Head
  sign?: -1 // the task is to be forgotten: its loss is ascended
  splits: Partial<Record<Split, LabelledImages>>
}

export interface TaskSetup {
  tower: Tower
  tasks: readonly Task[]
  objective: Objective
  microBatch: MicroBatch
  signal: AbortSignal
  waited?: { seconds: number } // for pixels, counted up
  pace?: Pace | undefined
}

interface Share {
  task: number
  images: LabelledImages
  indices: Int32Array
  pass?: number | undefined // of the training over its images
  lessons?: readonly Target[] | undefined // of the images, in their order
}

/**
 * A problem over the store's vectors; the store stays the caller's. Linearised, what is composed is theta - theta_pre
 * alone, and the model is f_lin, expanded at the store's base (model.ts).
 */
export function clipProblem(
  place: TaskSetup,
  store: VectorStore,
  groups: Groups,
  linearised = false,
): PredictingProblem {
  const modelOf = (weights: Weights): Model =>
    linearised ? linearModel(place.tower, store.base, weights) : towerModel(place.tower, weights)
  const composedOne = async (name: string, row: readonly number[]): Promise<Tensor> => {
    try {
      return await (linearised ? store.combine(name, row) : store.compose(name, row))
    } catch (error) {
      throw faultOf(error, 'the weights of the combined model')
    }
  }
  const composed = async <T>(coefficients: Table, use: (model: Model) => Promise<T>): Promise<T> => {
    const tensors = new Map<string, Tensor>()
    try {
      for (const name of store.names)
        tensors.set(
          name,
          await composedOne(
            name,
            coefficients.map((row) => row[groups.of.get(name) as number] as number),
          ),
        )
      return await use(modelOf((name) => tensors.get(name) as Tensor))
    } finally {
      disposeAll(tensors.values())
    }
  }
  return {
    groups: groups.names,
    vectors: store.vectors,
    trainingCounts: place.tasks.map((t) => t.splits.training?.count ?? 0),
    evaluate: (coefficients, split) => composed(coefficients, (model) => measureModel(place, model, split)),
    predict: (coefficients, images, pass) =>
      composed(coefficients, (model) => {
        const shares = place.tasks.map(
          ({ splits }, task): Share => ({
            task,
            images: splits.training as LabelledImages,
            indices: images[task] as Int32Array,
            pass,
          }),
        )
        return fitting(place.microBatch, imagesOf(shares), (size) => seenIn(place, model, shares, size))
      }),
    lossAndGradient: (coefficients, batch) =>
      composed(coefficients, async (model) => {
        const shares = place.tasks.map(
          (t, task): Share => ({
            task,
            images: t.splits.training as LabelledImages,
            indices: batch[task] as Int32Array,
            pass: batch.pass,
            lessons: batch.lessons?.[task],
          }),
        )
        return fitting(place.microBatch, imagesOf(shares), async (size) => {
          const inner = store.innerProducts()
          try {
            const { measured, products } = await pass(place, model, shares, size, inner)
            return { ...measured, gradient: byGroup(products, store.vectors.length, groups) }
          } finally {
            inner.dispose()
          }
        })
      }),
  }
}

/** One pass with an objective that writes down, task after task, the log-probabilities it is given. */
async function seenIn(place: TaskSetup, model: Model, shares: readonly Share[], size: number): Promise<Predictions[]> {
  const seen = shares.map(({ task, indices }): Predictions => {
    const { classes } = (place.tasks[task] as Task).head
    return { classes, logProbabilities: new Float64Array(indices.length * classes) }
  })
  const rows = seen.flatMap(({ classes, logProbabilities }) =>
    Array.from({ length: logProbabilities.length / classes }, (_, n) =>
      logProbabilities.subarray(n * classes, (n + 1) * classes),
    ),
  )
  let next = 0
  const listening: Objective = {
    name: place.objective.name,
    loss: (logProbabilities) => {
      rows[next++]?.set(logProbabilities)
      return 0
    },
  }
  await pass({ ...place, objective: listening }, model, shares, size)
  return seen
}

/** A coefficient moves every parameter of its group: their inner products add up. */
function byGroup(products: Map<string, number[]>, vectors: number, groups: Groups): Table {
  const gradient = filled(vectors, groups.names.length, 0)
  for (const [name, dots] of products) {
    const column = groups.of.get(name) as number
    gradient.forEach((row, k) => {
      row[column] = (row[column] as number) + (dots[k] as number)
    })
  }
  return gradient
}

/**
 * Loss and accuracy of given weights on all of a split; only of the tasks named, or of all. Tasks without the split are
 * left out as NaN.
 */
export function measure(place: TaskSetup, weights: Weights, split: Split, only?: readonly number[]): Promise<Measured> {
  return measureModel(place, towerModel(place.tower, weights), split, only)
}

/** As `measure`, of any model. */
export function measureModel(
  place: TaskSetup,
  model: Model,
  split: Split,
  only?: readonly number[],
): Promise<Measured> {
  const shares = place.tasks.flatMap((t, task): Share[] => {
    const images = t.splits[split]
    if (!images || (only && !only.includes(task))) return []
    return [{ task, images, indices: Int32Array.from({ length: images.count }, (_, i) => i) }]
  })
  return fitting(place.microBatch, imagesOf(shares), async (size) => (await pass(place, model, shares, size)).measured)
}

function imagesOf(shares: readonly Share[]): number {
  return shares.reduce((sum, share) => sum + share.indices.length, 0)
}

/** inner: takes the gradients, where they are wanted; its inner products are then at hand. */
async function pass(
  place: TaskSetup,
  model: Model,
  shares: readonly Share[],
  microBatch: number,
  inner?: InnerProducts,
): Promise<{ measured: Measured; products: Map<string, number[]> }> {
  const { tower, tasks } = place
  const { ops } = tower
  const objective = inner ? place.objective : (place.objective.judge ?? place.objective)
  const queue = shares.flatMap(({ task, images, indices, pass, lessons }) =>
    Array.from(indices, (index, n): Queued => ({ task, images, index, pass, lesson: lessons?.[n] })),
  )
  const counts = new Map(shares.map((s) => [s.task, s.indices.length]))
  const chunkAt = (at: number): Queued[] => queue.slice(at, at + microBatch)
  const judge = judgeOf(
    ops,
    tasks.map(({ head }) => head),
    objective,
    inner !== undefined,
  )
  try {
    let coming = await fetchPicked(chunkAt(0))
    for (let at = 0; at < queue.length; at += microBatch) {
      await setImmediate() // the process stays able to hear "stop" between micro-batches
      place.signal.throwIfAborted()
      const asked = performance.now()
      const pictures = await coming()
      coming = await fetchPicked(chunkAt(at + microBatch)) // they come while these are computed
      if (place.waited) place.waited.seconds += (performance.now() - asked) / 1000
      const scope = ops.scope() // running out of memory half-way leaves nothing behind
      try {
        const { features, back } = scope.run(() => model(patchesOf(tower, pictures), inner !== undefined))
        const dFeatures = await judge.take(features, partsOf(tasks, chunkAt(at), counts), scope)
        if (inner && back && dFeatures) scope.run(() => back(dFeatures, inner.add))
        else place.pace?.saw(pictures.length)
      } finally {
        scope.dispose()
      }
    }
    const untold = judge.untold()
    const { products, beside } = inner
      ? await inner.finish(untold)
      : { products: new Map<string, number[]>(), beside: untold.length > 0 ? await ops.readDots(untold) : [] }
    judge.tell(beside)
    return { measured: measuredOf(tasks, judge.sums, counts), products }
  } finally {
    judge.dispose()
  }
}

interface Queued {
  task: number
  images: LabelledImages
  index: number
  pass: number | undefined
  lesson: Target | undefined
}

/** Runs of one task in a micro-batch. */
function partsOf(tasks: readonly Task[], chunk: readonly Queued[], counts: ReadonlyMap<number, number>): Part[] {
  return segments(chunk).map(([first, length]) => {
    const some = chunk.slice(first, first + length)
    const task = (some[0] as Queued).task
    return {
      task,
      first,
      labels: Int32Array.from(some, ({ images, index }) => images.labels[index] as number),
      weight: (tasks[task]?.sign ?? 1) / (counts.get(task) as number),
      lessons: some.flatMap(({ lesson }) => lesson ?? []),
    }
  })
}

/** counts: how many images of a task were measured; a task without is left out as NaN. Throws not-finite. */
export function measuredOf(
  tasks: readonly Task[],
  { losses, correct, taken }: Sums,
  counts: ReadonlyMap<number, number>,
): Measured {
  const loss = [...counts.keys()].reduce((sum, task) => sum + (losses[task] as number), 0)
  if (!Number.isFinite(loss))
    throw new BasilError({
      code: 'not-finite',
      what: 'The loss is no longer a finite number',
      where: tasks.map((t) => t.name).join(', '),
      why: `it is ${loss}`,
      next: 'use a smaller learning rate or initial coefficient, or a gradient clip',
    })
  return {
    loss,
    tasks: tasks.map(({ sign = 1 }, t) => {
      const n = counts.get(t)
      if (!n) return { loss: Number.NaN, accuracy: Number.NaN }
      const leading = (taken[t] as Int32Array).reduce((a, b) => Math.max(a, b)) / n
      return { loss: sign * (losses[t] as number), accuracy: (correct[t] as number) / n, leading }
    }),
  }
}

/** Runs of one task in a micro-batch: [first, length]. */
function segments(chunk: readonly { task: number }[]): [number, number][] {
  const found: [number, number][] = []
  chunk.forEach(({ task }, i) => {
    const last = found.at(-1)
    if (last && chunk[last[0]]?.task === task) last[1]++
    else found.push([i, 1])
  })
  return found
}
