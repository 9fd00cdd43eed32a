// tauJp (Yoshida et al. 2025): linear fine-tuning with a penalty on how far features of other tasks' images move,
//   L = CE(f_lin) + c P,   P = mean over others o of mean_{x' in o} |J(x'; theta_pre) delta|
// the norm of the feature itself, before it is normalised, and not its square. efficient: at step s the one other task
// s mod n; strict: all of them. At delta = 0 the norm has no gradient, and 0 is taken.
import { setImmediate } from 'node:timers/promises'

import { permutation } from '../../../numbers/random.ts'
import { streamOf } from '../../../numbers/streams.ts'
import { at } from '../../../numbers/vectors.ts'
import type { LabelledImages } from '../../datasets/images.ts'
import type { Tensor2D } from '../../devices/tensor.ts'
import { tangents } from '../../models/clip-jvp.ts'
import { forward, reverse, type Tape } from '../../models/clip-vit.ts'
import { fitting } from '../../problems/micro-batch.ts'
import { patchesOf } from '../../problems/patches.ts'
import { type Gradients, gradients as madeOf } from '../gradients.ts'
import type { MakeLearner, Place } from '../kind.ts'
import type { Variables } from '../variables.ts'
import { curvatures, withCurvature } from './kfac.ts'
import { tangent } from './linear.ts'

export const tauJp: MakeLearner<'tau-jp'> = async function* (place, config, kept) {
  const { learner, delta } = tangent(place)
  const { penalty: c, mode, otherBatch, by, seed } = config
  if (by === 'kfac') return withCurvature(place, learner, delta, yield* curvatures(place, config, kept), c)
  const { others } = place.images
  return {
    ...learner,
    async penalty(step, gradients) {
      const n = others.length
      const chosen = mode === 'strict' ? others.map((_, o) => o) : [step % n]
      const visit = mode === 'strict' ? step : Math.floor(step / n)
      let sum = 0
      for (const o of chosen) {
        const images = others[o] as LabelledImages
        const some = visited(images.count, o, visit, otherBatch, seed)
        sum += await movement(place, delta, images, some, c / chosen.length, gradients)
      }
      return sum
    },
  }
}

/** The images of the `visit`-th time that a task is looked at: its own permutation of each pass, from the front. */
function visited(count: number, other: number, visit: number, batch: number, seed: number) {
  const each = Math.ceil(count / batch)
  const pass = Math.floor(visit / each)
  const order = permutation(count, seed, streamOf('batches', { stage: 0, task: other + 1 }), pass)
  const first = (visit % each) * batch
  return { indices: order.slice(first, Math.min(count, first + batch)), pass }
}

const least = 1e-12 // a norm below it has no direction

/** weight times the mean of |J delta| over the images, its gradient by delta added. */
async function movement(
  { tower, base, microBatch, signal }: Place,
  delta: Variables,
  images: LabelledImages,
  { indices, pass }: { indices: Int32Array; pass: number },
  weight: number,
  gradients: Gradients,
): Promise<number> {
  const { ops } = tower
  const direction = (name: string) => (delta.has(name) ? delta.value(name) : undefined)
  const { total, own } = await fitting(microBatch, indices.length, async (size) => {
    const own = madeOf(ops)
    let total = 0
    try {
      for (let first = 0; first < indices.length; first += size) {
        await setImmediate()
        signal.throwIfAborted()
        const pictures = await (await images.fetch(indices.subarray(first, first + size), pass))()
        const scope = ops.scope()
        try {
          const { moved, tape } = scope.run(() => {
            const { tape } = forward(tower, base, patchesOf(tower, pictures), 'full tape') as { tape: Tape }
            return { moved: tangents(tower, base, tape, [direction]), tape }
          })
          const features = await ops.read(moved)
          total += towardsUnmoved(features, moved.shape[1], weight / indices.length)
          const dMoved = scope.run(() => ops.upload<Tensor2D>(features, moved.shape))
          scope.run(() => reverse(tower, base, tape, dMoved, own.add, { wants: delta.has }))
        } finally {
          scope.dispose()
        }
      }
      return { total, own }
    } catch (error) {
      own.dispose()
      throw error
    }
  })
  for (const [name, gradient] of own.sums) gradients.add(name, gradient)
  own.dispose()
  return total
}

/** Sum of weight |v| over the rows v of features (n, embed), which become its gradient, weight v / |v|. */
function towardsUnmoved(features: Float32Array, embed: number, weight: number): number {
  let total = 0
  for (let at0 = 0; at0 < features.length; at0 += embed) {
    const v = features.subarray(at0, at0 + embed)
    let square = 0
    for (let e = 0; e < embed; e++) square += at(v, e) ** 2
    const norm = Math.sqrt(square)
    total += weight * norm
    for (let e = 0; e < embed; e++) v[e] = norm < least ? 0 : (weight * at(v, e)) / norm
  }
  return total
}
