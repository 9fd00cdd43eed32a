// A frozen head and its loss on a card, in float32 (problems/head.ts on the host), so that a step waits for nothing but
// its own inner products:
//   u = z / |z|,  l = log softmax(s u W' + b),  p = e^l
//   cross-entropy: -l_y, slope p - 1_y;   entropy: H = -sum p l, slope -p (l + H)
//   dL/dz = (dU - (dU . u) u) / |z|,  dU = s (slope W)
import type { Ops } from '../ops.ts'
import { disposeAll, type Tensor2D as Seen2D } from '../tensor.ts'
import { type Tensor1D, type Tensor2D, tf } from '../tf.ts'
import { own, seen } from '../tf-tensors.ts'
import { dotsOf } from './device-vectors.ts'
import type { Functions } from './functions.ts'
import type { TensorFlow } from './tensorflow.ts'

export function head({ exact }: TensorFlow, functions: Functions): Pick<Ops, 'head'> {
  return {
    head({ weights, bias, classes, embed, scale, normalised }) {
      // TensorFlow may go on reading the arrays; what an operation gives is its own
      const w = tf.keep(tf.tidy(() => tf.mul<Tensor2D>(tf.tensor2d(weights, [classes, embed]), 1)))
      const b = tf.keep(tf.tidy(() => tf.mul<Tensor1D>(bias ? tf.tensor1d(bias) : tf.zeros([classes]), 1)))
      return {
        judge(features, first, labels, loss, weight) {
          const n = labels.length
          const isEntropy = loss === 'softmax-entropy'
          const given = {
            z: tf.slice(own(features) as Tensor2D, [first, 0], [n, embed]),
            chosen: tf.tensor2d(oneHot(labels, classes), [n, classes]),
            weight: tf.scalar(weight),
            ...{ w, b },
          }
          const { told, dFeatures } = functions.call(`head ${loss} ${scale} ${normalised}`, given, (of) =>
            tf.tidy(() => {
              const size = normalised
                ? tf.maximum(tf.sqrt(tf.sum(tf.mul(of.z, of.z), 1, true)), 1e-12)
                : tf.ones([n, 1])
              const u = tf.div<Tensor2D>(of.z, size)
              const logits = tf.add<Tensor2D>(tf.mul(exact(u, of.w, false, true), scale), of.b)
              const above = tf.sub(logits, tf.max(logits, 1, true))
              const l = tf.sub(above, tf.log(tf.sum(tf.exp(above), 1, true)))
              const p = tf.exp(l)
              const losses = tf.neg(tf.sum(tf.mul(isEntropy ? p : of.chosen, l), 1, true))
              const slope = isEntropy ? tf.neg(tf.mul(p, tf.add(l, losses))) : tf.sub(p, of.chosen)
              const dU = tf.mul(tf.mul(exact(slope as Tensor2D, of.w), scale), of.weight)
              const across = normalised ? tf.sub(dU, tf.mul(tf.sum(tf.mul(dU, u), 1, true), u)) : dU
              const classOf = tf.cast(tf.argMax(logits, 1), 'float32')
              const told = tf.concat([tf.reshape(losses, [n]), tf.reshape(classOf, [n])]) as Tensor1D
              return { told, dFeatures: tf.div<Tensor2D>(across, size) }
            }),
          )
          disposeAll([given.z, given.chosen, given.weight])
          return { told: dotsOf(told), dFeatures: seen<Seen2D>(dFeatures) }
        },
        dispose: () => disposeAll([w, b]),
      }
    },
  }
}

/** (labels, classes); a row of zeros for a label that is not known. */
function oneHot(labels: Int32Array, classes: number): Float32Array {
  const rows = new Float32Array(labels.length * classes)
  for (const [i, label] of labels.entries()) if (label >= 0) rows[i * classes + label] = 1
  return rows
}
