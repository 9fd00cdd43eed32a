// A CLIP image tower as a problem: weights composed from a base and vectors, images pushed through in micro-batches, and
//   d loss / d c_k,b = < v_k,b, d loss / d theta_b >   taken block by block on the reverse pass (the one primitive).
// Micro-batches bound memory and do not change the result beyond rounding: losses are weighted sums over images.
import { setImmediate } from 'node:timers/promises'

import { BasilError } from '../../contract/errors.ts'
import { filled, type Table } from '../coefficients/table.ts'
import type { LabelledImages } from '../datasets/index.ts'
import type { Objective } from '../objectives/index.ts'
import type { Measured, Problem, Split } from '../problem.ts'
import { type Tensor, type Tensor2D, tf } from '../tf.ts'
import type { Groups } from '../weights/merge.ts'
import type { VectorStore } from '../weights/vector-store.ts'
import { forward, reverse, type Tower, type Weights } from './clip-vit.ts'
import { applyHead, type Head } from './head.ts'
import { type Picked, patchesOf } from './patches.ts'

export interface Task {
  name: string
  head: Head
  splits: Partial<Record<Split, LabelledImages>>
}

export interface Workplace {
  tower: Tower
  tasks: readonly Task[]
  objective: Objective
  microBatch: number
  signal: AbortSignal
}

interface Share {
  task: number
  images: LabelledImages
  indices: Int32Array
}

/** A problem over the store's vectors; the store stays the caller's. */
export function clipProblem(place: Workplace, store: VectorStore, groups: Groups): Problem {
  const composed = async <T>(coefficients: Table, use: (weights: Weights) => Promise<T>): Promise<T> => {
    const tensors = new Map<string, Tensor>()
    try {
      for (const name of store.names)
        tensors.set(
          name,
          store.compose(
            name,
            coefficients.map((row) => row[groups.of.get(name) as number] as number),
          ),
        )
      return await use((name) => tensors.get(name) as Tensor)
    } finally {
      tf.dispose([...tensors.values()])
    }
  }
  return {
    groups: groups.names,
    vectors: store.vectors,
    trainingCounts: place.tasks.map((t) => t.splits.training?.count ?? 0),
    evaluate: (coefficients, split) => composed(coefficients, (weights) => measure(place, weights, split)),
    lossAndGradient: (coefficients, batch) =>
      composed(coefficients, async (weights) => {
        const gradient = filled(store.vectors.length, groups.names.length, 0)
        const shares = place.tasks.map(
          (t, task): Share => ({ task, images: t.splits.training as LabelledImages, indices: batch[task] as Int32Array }),
        )
        const measured = await pass(place, weights, shares, (name, g) => {
          const column = groups.of.get(name) as number
          store.dots(name, g).forEach((d, k) => {
            const row = gradient[k] as Float64Array
            row[column] = (row[column] as number) + d
          })
        })
        return { ...measured, gradient }
      }),
  }
}

/** Loss and accuracy of given weights on all of a split; only of the tasks named, or of all. Tasks without the split are left out as NaN. */
export function measure(place: Workplace, weights: Weights, split: Split, only?: readonly number[]): Promise<Measured> {
  const shares = place.tasks.flatMap((t, task): Share[] => {
    const images = t.splits[split]
    if (!images || (only && !only.includes(task))) return []
    return [{ task, images, indices: Int32Array.from({ length: images.count }, (_, i) => i) }]
  })
  return pass(place, weights, shares)
}

async function pass(
  place: Workplace,
  weights: Weights,
  shares: readonly Share[],
  emit?: (name: string, gradient: Tensor) => void,
): Promise<Measured> {
  const { tower, tasks, objective, microBatch } = place
  const { imageSize, patchSize } = tower.architecture
  const queue = shares.flatMap((share) => Array.from(share.indices, (index) => ({ task: share.task, images: share.images, index })))
  const size = new Map(shares.map((s) => [s.task, s.indices.length]))
  const losses = tasks.map(() => 0)
  const correct = tasks.map(() => 0)
  for (let at = 0; at < queue.length; at += microBatch) {
    await setImmediate() // the process stays able to hear "stop" between micro-batches
    place.signal.throwIfAborted()
    const chunk = queue.slice(at, at + microBatch)
    // In a tidy, so that running out of memory half-way leaves nothing behind.
    tf.tidy(() => {
      const patches = patchesOf(chunk satisfies Picked[], imageSize, patchSize)
      const { features, tape } = forward(tower, weights, patches, emit !== undefined)
      const values = tower.ops.read(features)
      const dValues = emit && new Float32Array(values.length)
      for (const [first, length] of segments(chunk)) {
        const { task, images } = chunk[first] as (typeof chunk)[number]
        const labels = Int32Array.from({ length }, (_, i) => images.labels[(chunk[first + i] as Picked).index] as number)
        const weight = 1 / (size.get(task) as number)
        const result = applyHead((tasks[task] as Task).head, objective, values, first, labels, weight, dValues)
        losses[task] = (losses[task] as number) + result.loss
        correct[task] = (correct[task] as number) + result.correct
      }
      if (emit && tape && dValues) {
        const dFeatures = tf.tensor2d(dValues, features.shape as [number, number]) as Tensor2D
        reverse(tower, weights, tape, dFeatures, emit)
        dFeatures.dispose()
      }
      tf.dispose([patches, features])
    })
  }
  const loss = shares.reduce((sum, s) => sum + (losses[s.task] as number), 0)
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
    tasks: tasks.map((_, t) => {
      const n = size.get(t)
      return n ? { loss: losses[t] as number, accuracy: (correct[t] as number) / n } : { loss: Number.NaN, accuracy: Number.NaN }
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
