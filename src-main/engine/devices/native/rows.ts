// Rows and tokens: picked, put, stacked; patches behind their class token, and the way back.
import type { Ops } from '../ops.ts'
import type { Tensor } from '../tensor.ts'
import { type Tensor1D, type Tensor2D, tf } from '../tf.ts'
import { own, seen } from '../tf-tensors.ts'
import type { TensorFlow } from './tensorflow.ts'

type Rows = Pick<
  Ops,
  'embedding' | 'embeddingGradient' | 'takeRows' | 'putRows' | 'stackRows' | 'repeatRow' | 'zeros' | 'clone' | 'upload'
>

export function rows({ sumRows }: TensorFlow): Rows {
  const take = (x: Tensor2D, wanted: readonly number[]): Tensor2D =>
    tf.tidy(() => tf.gather(x, tf.tensor1d([...wanted], 'int32')))
  return {
    embedding: (patches: Tensor2D, classToken: Tensor1D, positions: Tensor2D) =>
      tf.tidy(() => {
        const [tokens, width] = positions.shape
        const images = patches.shape[0] / (tokens - 1)
        const first = tf.tile(tf.reshape(classToken, [1, 1, width]), [images, 1, 1])
        const all = tf.concat([first, tf.reshape(patches, [images, tokens - 1, width])], 1)
        const placed = tf.add(all, tf.reshape(positions, [1, tokens, width]))
        return tf.reshape(placed, [images * tokens, width]) as Tensor2D
      }),

    embeddingGradient: (dy: Tensor2D, images) =>
      tf.tidy(() => {
        const [count, width] = dy.shape
        const tokens = count / images
        const dpositions = tf.reshape(sumRows(tf.reshape(dy, [images, tokens * width])), [tokens, width]) as Tensor2D
        const ofPatches = tf.slice(tf.reshape(dy, [images, tokens, width]), [0, 1, 0], [images, tokens - 1, width])
        return {
          dpatches: tf.reshape(ofPatches, [count - images, width]) as Tensor2D,
          dclassToken: tf.reshape(tf.slice(dpositions, [0, 0], [1, width]), [width]) as Tensor1D,
          dpositions,
        }
      }),

    takeRows: take,

    putRows: (x: Tensor2D, places, n) =>
      tf.tidy(() => {
        const [count, width] = x.shape
        const from = Array.from({ length: n }, () => count) // a row of zeros behind those of x
        places.forEach((place, row) => {
          from[place] = row
        })
        return take(tf.concat([x, tf.zeros([1, width])], 0), from)
      }),

    stackRows: (parts: readonly Tensor2D[]) => tf.concat([...parts], 0),
    repeatRow: (row: Tensor1D, count) => tf.tidy(() => tf.tile(tf.reshape(row, [1, row.size]) as Tensor2D, [count, 1])),
    zeros: <T extends Tensor>(shape: T['shape']): T => seen(tf.zeros([...shape])),
    clone: <T extends Tensor>(x: T): T => seen(tf.clone(own(x))),
    // TensorFlow may go on reading the array itself; what an operation gives is its own.
    upload: <T extends Tensor>(values: Float32Array, shape: T['shape']): T =>
      seen(tf.tidy(() => tf.mul(tf.tensor(values, [...shape]), 1))),
  }
}
