// Vectors of one parameter in the host's memory, stacked as rows V (k, n), float32 or float16: the addon's kernels
// compose base + c V and take V g in one pass over each, rows in float16 widened on the way. Inner products are summed
// in float64, 1,024 elements at a time.
import { at } from '../../../numbers/vectors.ts'
import type { Dots, Ops, Vectors } from '../ops.ts'
import { halfBits, halfScales } from '../precision.ts'
import type { Tensor as Seen } from '../tensor.ts'
import { type Tensor1D, tf } from '../tf.ts'
import { own, seen } from '../tf-tensors.ts'
import type { RunKernel } from './kernels.ts'
import { type NativeBackend, TF_HALF } from './tensorflow.ts'

/** `dots` of a parameter: (count), as the kernel gives it. */
interface HostDots extends Dots {
  parts: Tensor1D[]
  scales: number[]
}

export function hostVectors({ binding }: NativeBackend, run: RunKernel): Pick<Ops, 'vectors'> {
  return {
    vectors(values, count, precision): Vectors {
      if (count === 0) return noVectors
      const isHalf = precision === 'float16'
      const scales = isHalf ? halfScales(values, count) : Array.from({ length: count }, () => 1)
      const shape = [count, values.length / count]
      const bytes = isHalf
        ? halfBytes(values, scales)
        : new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
      const id = binding.createTensor(shape, isHalf ? TF_HALF : binding.TF_FLOAT, bytes)
      return {
        compose: <T extends Seen>(base: T, coefficients: readonly number[]): T =>
          seen(
            run(
              'compose',
              [own(base), id],
              coefficients.map((c, k) => c / at(scales, k)),
            )[0] as Tensor1D,
          ),
        dots(gradient): HostDots {
          const found = tf.keep(run('dots', [id, own(gradient)])[0] as Tensor1D)
          return { parts: [found], scales, dispose: () => found.dispose() }
        },
        dispose: () => binding.deleteTensor(id),
      }
    },
  }
}

const noVectors: Vectors = {
  compose: <T extends Seen>(base: T): T => seen(tf.clone(own(base))),
  dots: (): HostDots => ({ parts: [], scales: [], dispose: () => undefined }),
  dispose: () => undefined,
}

/** Vectors one behind the other, each times its scale, as the bytes of float16. */
export function halfBytes(values: Float32Array, scales: readonly number[]): Uint8Array {
  const length = values.length / scales.length
  const bytes = new Uint8Array(2 * values.length)
  scales.forEach((scale, k) => {
    const bits = halfBits(values.subarray(k * length, (k + 1) * length), scale)
    bytes.set(new Uint8Array(bits.buffer, 0, 2 * length), 2 * k * length)
  })
  return bytes
}
