// Layer norm and its way back. Nothing is fused, so each pass over a wide activation counts.
import type { Ops } from '../ops.ts'
import { type Tensor, type Tensor1D, type Tensor2D, tf } from '../tf.ts'
import type { TensorFlow } from './tensorflow.ts'

interface Saved {
  mean: Tensor1D
  scale: Tensor1D
}

type Norms = Pick<Ops, 'layerNorm' | 'layerNormAgain' | 'layerNormGradient'>

export function norms({ addBias, sumRows }: TensorFlow): Norms {
  return {
    layerNorm: (x: Tensor2D, gain: Tensor1D, bias: Tensor1D, epsilon) =>
      tf.tidy(() => {
        const mean = tf.mean(x, 1, true) // (rows, 1)
        const centred = tf.sub(x, mean)
        const scale = tf.rsqrt(tf.add(tf.mean(tf.square(centred), 1, true), epsilon)) // (rows, 1)
        const y = addBias(tf.mul<Tensor2D>(tf.mul(centred, scale), gain), bias)
        return { y, saved: { mean: flat(mean), scale: flat(scale) } }
      }),

    layerNormAgain: (x: Tensor2D, saved: Saved, gain: Tensor1D, bias: Tensor1D) =>
      tf.tidy(() => addBias(tf.mul<Tensor2D>(normalised(x, saved), gain), bias)),

    layerNormGradient: (dy: Tensor2D, x: Tensor2D, saved: Saved, gain: Tensor1D, residual?: Tensor2D) =>
      tf.tidy(() => {
        const scale = tf.expandDims(saved.scale, 1)
        const h = normalised(x, saved)
        const g = tf.mul<Tensor2D>(dy, gain)
        const across = tf.mul(h, tf.mean(tf.mul(g, h), 1, true))
        const dx = tf.mul<Tensor2D>(scale, tf.sub(tf.sub(g, tf.mean(g, 1, true)), across))
        return {
          dx: residual ? tf.add<Tensor2D>(residual, dx) : dx,
          dgain: sumRows(tf.mul<Tensor2D>(dy, h)),
          dbias: sumRows(dy),
        }
      }),
  }
}

function normalised(x: Tensor2D, { mean, scale }: Saved): Tensor2D {
  return tf.mul(tf.sub(x, tf.expandDims(mean, 1)), tf.expandDims(scale, 1))
}

function flat(x: Tensor): Tensor1D {
  return tf.reshape(x, [x.size]) as Tensor1D
}
