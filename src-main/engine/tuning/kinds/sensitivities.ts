// How sensitive a model is to each of its weights:  F_p = sum_x (d z_y(x) / d theta_p)^2,  with one label y drawn from
// softmax(z(x)) for each image, z_y its logit, one image at a time. Sums are float32 in the tower's order.
import { setImmediate } from 'node:timers/promises'

import type { Progress } from '../../../contract/run/run.ts'
import { uniform } from '../../../numbers/random.ts'
import { streamOf } from '../../../numbers/streams.ts'
import { at } from '../../../numbers/vectors.ts'
import type { LabelledImages } from '../../datasets/images.ts'
import { disposeAll, type Tensor, type Tensor2D, type Weights } from '../../devices/tensor.ts'
import type { Objective } from '../../learning/objective.ts'
import { towerModel } from '../../models/model.ts'
import { applyHead } from '../../problems/head.ts'
import { patchesOf } from '../../problems/patches.ts'
import { drawnClass } from '../../problems/statistics/gradients.ts'
import type { Place } from '../kind.ts'

interface Looked {
  images: LabelledImages
  count: number // of the images, from the first on
  seed: number // of the labels
  what: string // for progress
}

export async function* sensitivities(
  { tower, head, signal }: Place,
  weights: Weights,
  names: readonly string[],
  { images, count, seed, what }: Looked,
): AsyncGenerator<Progress, Map<string, Float32Array>> {
  const { ops } = tower
  const model = towerModel(tower, weights)
  const sums = new Map(names.map((name) => [name, new Float32Array(weights(name).size)]))
  for (let i = 0; i < count; i++) {
    if (i % 8 === 0) yield { type: 'progress', what, done: i, total: count }
    await setImmediate()
    signal.throwIfAborted()
    const pictures = await (await images.fetch([i]))()
    const found = new Map<string, Tensor>()
    const scope = ops.scope()
    try {
      const { features, back } = scope.run(() => model(patchesOf(tower, pictures), true))
      const values = await ops.read(features)
      const slopes = new Float32Array(values.length)
      applyHead(head, logitDrawn(uniform(seed, streamOf('looked'), 1, i)), values, 0, Int32Array.of(-1), 1, slopes)
      scope.run(() =>
        back?.(
          ops.upload<Tensor2D>(slopes, features.shape),
          (name, gradient) => void found.set(name, ops.keep(ops.clone(gradient))),
          { wants: (name) => sums.has(name) },
        ),
      )
      for (const [name, gradient] of found) addSquares(sums.get(name) as Float32Array, await ops.read(gradient))
    } finally {
      scope.dispose()
      disposeAll(found.values())
    }
  }
  return sums
}

function addSquares(sum: Float32Array, gradient: Float32Array): void {
  for (let i = 0; i < sum.length; i++) sum[i] = at(sum, i) + at(gradient, i) ** 2
}

/** z_y of the class y that a uniform number draws: its gradient by the logits is 1 at y. */
function logitDrawn(drawn: number): Objective {
  return {
    name: 'cross-entropy',
    loss(logProbabilities, _label, gradient) {
      gradient.fill(0)
      gradient[drawnClass(logProbabilities, drawn)] = 1
      return 0
    },
  }
}
