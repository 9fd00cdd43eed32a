// Images cut into patches. Bytes travel and are cut as bytes, and normalised in float64, a step at a time: the very
// bits that a loop on the host would give.
import type { Images, Normalisation, Ops } from '../ops.ts'
import { type Tensor, type Tensor2D, tf } from '../tf.ts'
import { type NativeBackend, type TensorFlow, TF_DOUBLE, TF_UINT8 } from './tensorflow.ts'

const order = [0, 2, 4, 1, 3, 5] // of (n, channels, grid, patch, grid, patch): patch by patch

export function patches(backend: NativeBackend, tensorFlow: TensorFlow): Pick<Ops, 'patches'> {
  return {
    patches: (images, patch, normalisation) =>
      tf.tidy(() => {
        const { pixels, channels, size } = images
        const grid = size / patch
        const shape = [pixels.length, channels, grid, patch, grid, patch]
        const cut =
          pixels[0] instanceof Uint8Array
            ? fromBytes(backend, tensorFlow, side(new Uint8Array(sizeOf(images)), pixels), shape, normalisation)
            : fromFloats(side(new Float32Array(sizeOf(images)), pixels), shape)
        return tf.reshape(cut, [pixels.length * grid * grid, 3 * patch * patch]) as Tensor2D
      }),
  }
}

function sizeOf({ pixels, channels, size }: Images): number {
  return pixels.length * channels * size * size
}

/** One behind the other. */
function side<T extends Uint8Array | Float32Array>(all: T, pixels: Images['pixels']): T {
  const each = all.length / pixels.length
  for (const [n, image] of pixels.entries()) all.set(image, n * each)
  return all
}

/** (n, grid, grid, 3, patch, patch); one channel meets three factors and becomes three. */
function fromBytes(
  { binding }: NativeBackend,
  { bare, casting, idOf, known, type }: TensorFlow,
  values: Uint8Array,
  shape: number[],
  { factors, shifts }: Normalisation,
): Tensor {
  const places = idOf(tf.tensor1d(order, 'int32'))
  const transposing = [type('T', TF_UINT8), type('Tperm', binding.TF_INT32)]
  const computing = [type('T', TF_DOUBLE)]
  return known(
    bare(({ bytes, run }) => {
      const doubles = (numbers: readonly number[]): number =>
        run(
          'Bitcast',
          [type('T', TF_UINT8), type('type', TF_DOUBLE)],
          [bytes(new Uint8Array(Float64Array.from(numbers).buffer), [3, 1, 1, 8])],
        )
      const cut = run('Transpose', transposing, [bytes(values, shape), places])
      const scaled = run('Mul', computing, [run('Cast', casting(TF_UINT8, TF_DOUBLE), [cut]), doubles(factors)])
      run('Cast', casting(TF_DOUBLE, binding.TF_FLOAT), [run('AddV2', computing, [scaled, doubles(shifts)])])
    }),
  )
}

function fromFloats(values: Float32Array, shape: number[]): Tensor {
  const cut = tf.transpose(tf.tensor(values, shape), order)
  return shape[1] === 3 ? cut : tf.tile(cut, [1, 1, 1, 3, 1, 1])
}
