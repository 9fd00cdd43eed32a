// Squared gradients of a task's log-likelihood by every weight of its fine-tuned model:
//   F = sum over batches of B images of (sum over the batch of d l_n / d theta)^2 / N,   p_n = softmax of the head
//   rooted     l_n = sum_c [sqrt(p_nc)] log p_nc, what is in brackets held fixed
//   sampled    l_n = log p_ny, y drawn from p_n;   observed: y the image's own label
// With B = 1 and sampled labels this is the diagonal of the Fisher information. One model's worth of sums is held.
import { BasilError } from '../../../contract/errors.ts'
import type { Progress } from '../../../contract/run/run.ts'
import { uniform } from '../../../numbers/random.ts'
import { streamOf } from '../../../numbers/streams.ts'
import { at } from '../../../numbers/vectors.ts'
import { disposeAll, type Tensor, type Tensor2D, type Weights } from '../../devices/tensor.ts'
import type { Objective } from '../../learning/objective.ts'
import type { Gradients } from '../../merging/statistics/wanted.ts'
import { towerModel } from '../../models/model.ts'
import type { TowerCheckpoint } from '../../weights/checkpoint.ts'
import { loadCheckpoint } from '../../weights/device.ts'
import { toFile } from '../../weights/held.ts'
import { firstNotFinite } from '../../weights/slices.ts'
import { applyHead, type Head } from '../head.ts'
import { fitting } from '../micro-batch.ts'
import { patchesOf } from '../patches.ts'
import { type Drawn, labelOf, type Place, pictures } from './images.ts'

type Labels = Pick<Gradients, 'labels' | 'seed'>

/** By parameter, in the files' shapes. */
export async function* squaredGradients(
  place: Place,
  checkpoint: TowerCheckpoint,
  parameters: ReadonlyMap<string, number[]>,
  task: Drawn & { head: Head },
  { batch, ...how }: Labels & Pick<Gradients, 'batch'>,
): AsyncGenerator<Progress, Map<string, Float32Array>> {
  const { ops } = place.tower
  const count = task.indices.length
  const sums = new Map<string, Float32Array>()
  const { weights, dispose } = await loadCheckpoint(ops, checkpoint)
  try {
    for (let first = 0; first < count; first += batch) {
      yield { type: 'progress', what: `Squared gradients on ${task.name}`, done: first, total: count }
      place.signal.throwIfAborted()
      const size = Math.min(batch, count - first)
      const gradients = await fitting(place.microBatch, size, (most) =>
        gradientOf(place, weights, task, { first, size, most }, how),
      )
      try {
        for (const [name, gradient] of gradients) addSquares(sums, name, await ops.read(gradient), count)
      } finally {
        disposeAll(gradients.values())
      }
    }
  } finally {
    dispose()
  }
  for (const [name, values] of sums) {
    if (firstNotFinite(values) >= 0) throw notFinite(task.name, name)
    toFile(name, parameters.get(name) ?? [], values)
  }
  return sums
}

function addSquares(sums: Map<string, Float32Array>, name: string, gradient: Float32Array, count: number): void {
  const sum = sums.get(name) ?? new Float32Array(gradient.length)
  sums.set(name, sum)
  for (let i = 0; i < sum.length; i++) sum[i] = at(sum, i) + at(gradient, i) ** 2 / count
}

interface Batch {
  first: number
  size: number
  most: number // images at a time
}

/** Of a batch's summed likelihood; tensors on the device, the caller's. */
async function gradientOf(
  { tower }: Place,
  weights: Weights,
  task: Drawn & { head: Head },
  { first, size, most }: Batch,
  how: Labels,
): Promise<Map<string, Tensor>> {
  const { ops } = tower
  const model = towerModel(tower, weights)
  const sums = new Map<string, Tensor>()
  const take = (name: string, gradient: Tensor): void => {
    const before = sums.get(name)
    sums.set(name, ops.keep(before ? ops.add(before, gradient) : ops.clone(gradient)))
    before?.dispose()
  }
  try {
    for (let from = first; from < first + size; from += most) {
      const some = await pictures(task, from, Math.min(most, first + size - from))
      const scope = ops.scope()
      try {
        const { features, back } = scope.run(() => model(patchesOf(tower, some), true))
        const slopes = slopesOf(task, from, await ops.read(features), how)
        scope.run(() => back?.(ops.upload<Tensor2D>(slopes, features.shape), take))
      } finally {
        scope.dispose()
      }
    }
    return sums
  } catch (error) {
    disposeAll(sums.values())
    throw error
  }
}

/** dl / dfeatures of the images from `from` on. */
function slopesOf(task: Drawn & { head: Head }, from: number, features: Float32Array, how: Labels): Float32Array {
  const { head, images, indices } = task
  const slopes = new Float32Array(features.length)
  for (let n = 0; n < features.length / head.embed; n++) {
    const i = at(indices, from + n)
    const label = how.labels === 'observed' ? labelOf(images, i) : -1
    const drawn = uniform(how.seed, streamOf('looked'), 1, i)
    applyHead(head, likelihood(how.labels, drawn), features, n, Int32Array.of(label), 1, slopes)
  }
  return slopes
}

/** -l_n as an objective; drawn: in [0, 1), decides the label where it is drawn. */
function likelihood(labels: Gradients['labels'], drawn: number): Objective {
  return {
    name: 'cross-entropy',
    loss(logProbabilities, label, gradient) {
      if (labels === 'rooted') {
        const roots = logProbabilities.map((l) => Math.exp(l / 2))
        const whole = roots.reduce((a, b) => a + b, 0)
        for (let c = 0; c < roots.length; c++) gradient[c] = whole * Math.exp(at(logProbabilities, c)) - at(roots, c)
        return -roots.reduce((sum, w, c) => sum + w * at(logProbabilities, c), 0)
      }
      const y = labels === 'observed' ? label : drawnClass(logProbabilities, drawn)
      for (let c = 0; c < logProbabilities.length; c++)
        gradient[c] = Math.exp(at(logProbabilities, c)) - (c === y ? 1 : 0)
      return -at(logProbabilities, y)
    },
  }
}

/** The class that a uniform number in [0, 1) draws. */
export function drawnClass(logProbabilities: Float64Array, drawn: number): number {
  let sum = 0
  for (let c = 0; c < logProbabilities.length; c++) {
    sum += Math.exp(at(logProbabilities, c))
    if (drawn < sum) return c
  }
  return logProbabilities.length - 1
}

function notFinite(task: string, tensor: string): BasilError {
  return new BasilError({
    code: 'not-finite',
    what: 'A squared gradient is not a finite number',
    where: `${task}: ${tensor}`,
    why: 'the fine-tuned model gives features without an end on these images',
    next: 'use a checkpoint whose weights are sound, or other images',
  })
}
