// Vectors of one parameter on native TensorFlow, stacked as rows of V (k, n), so that composing and inner products are
// one pass over memory each: base + c V and V g as matrix products (4 times faster than a Mul and an Add or Sum a
// vector). tfjs has no float16, so rows in float16 are bare ids of TensorFlow's, cast to float32 a few rows at a time.
// Inner products stay where they are made, float32, until those of a whole step are put side by side and read at once.
import type { Dots, Ops, Precision, Vectors } from '../ops.ts'
import { halfScales } from '../precision.ts'
import { disposeAll, type Tensor as Seen } from '../tensor.ts'
import { type Tensor, type Tensor1D, type Tensor2D, tf } from '../tf.ts'
import { own, seen } from '../tf-tensors.ts'
import { type NativeBackend, type TensorFlow, TF_HALF } from './tensorflow.ts'

/** Rows cast to float32 at a time. */
const halfRows = 4

interface Rows {
  scales: number[] // what each row was multiplied by
  use<T extends Tensor>(work: (v: Tensor2D) => T): T // v (count, n), float32; what else work makes is disposed
  dispose(): void
}

/** parts: of some rows each, one behind the other; scales: what they are to be divided by. */
interface NativeDots extends Dots {
  parts: Tensor1D[]
  scales: number[]
}

export function vectors(backend: NativeBackend, tensorFlow: TensorFlow): Pick<Ops, 'vectors' | 'readDots'> {
  return {
    vectors(values, count, precision): Vectors {
      const groups = uploaded(backend, tensorFlow, values, count, precision)
      return {
        compose: <T extends Seen>(base: T, coefficients: readonly number[]): T =>
          seen(tf.tidy(() => composed(tensorFlow, groups, own(base), coefficients))),
        dots: (gradient: Tensor) => dotted(tensorFlow, groups, gradient),
        dispose: () => disposeAll(groups),
      }
    },

    async readDots(all: readonly NativeDots[]) {
      const parts = all.flatMap((dots) => dots.parts)
      const side = parts.length > 0 ? tf.concat(parts) : tf.zeros([0])
      try {
        const values = await side.data<'float32'>()
        let at = 0
        return all.map(({ scales }) => scales.map((scale) => (values[at++] as number) / scale))
      } finally {
        side.dispose()
      }
    },
  }
}

// Apart from the closures that live on: they would keep `values` with them.
function uploaded(
  backend: NativeBackend,
  tensorFlow: TensorFlow,
  values: Float32Array,
  count: number,
  precision: Precision,
): Rows[] {
  const length = count && values.length / count
  const groups: Rows[] = []
  try {
    const most = precision === 'float16' ? halfRows : count
    for (let first = 0; first < count; first += most) {
      const many = Math.min(most, count - first)
      const rows = values.subarray(first * length, (first + many) * length)
      groups.push(precision === 'float16' ? halves(backend, tensorFlow, rows, many) : singles(rows, many))
    }
    return groups
  } catch (error) {
    disposeAll(groups)
    throw error
  }
}

function singles(rows: Float32Array, count: number): Rows {
  const scales = Array.from({ length: count }, () => 1)
  const v = scaled(rows, scales)
  return { scales, use: (work) => tf.tidy(() => work(v)), dispose: () => v.dispose() }
}

function halves({ binding }: NativeBackend, tensorFlow: TensorFlow, rows: Float32Array, count: number): Rows {
  const { TF_FLOAT } = binding
  const { bare, casting, idOf, known } = tensorFlow
  const scales = halfScales(rows, count)
  const v = scaled(rows, scales)
  try {
    const { id } = bare(({ run }) => run('Cast', casting(TF_FLOAT, TF_HALF), [idOf(v)]))
    const single = (): Tensor2D => known(bare(({ run }) => run('Cast', casting(TF_HALF, TF_FLOAT), [id]))) as Tensor2D
    return { scales, use: (work) => tf.tidy(() => work(single())), dispose: () => binding.deleteTensor(id) }
  } finally {
    v.dispose()
  }
}

/**
 * rows (count, length) times their scales: TensorFlow may go on reading the caller's array, the product is its own.
 */
function scaled(rows: Float32Array, scales: number[]): Tensor2D {
  const shape: [number, number] = [scales.length, rows.length / scales.length]
  return tf.tidy(() => tf.mul(tf.tensor2d(rows, shape), tf.tensor2d(scales, [scales.length, 1])))
}

/** base + c V, group after group. */
function composed(tensorFlow: TensorFlow, groups: Rows[], base: Tensor, coefficients: readonly number[]): Tensor {
  let at = 0
  let sum = base
  for (const { scales, use } of groups) {
    const c = scales.map((scale, r) => (coefficients[at + r] as number) / scale)
    const next = use((v) => tf.add(sum, tf.reshape(weighted(tensorFlow, v, c), base.shape)))
    if (sum !== base) sum.dispose()
    sum = next
    at += scales.length
  }
  return sum === base ? tf.clone(base) : sum
}

/** c V: (1, n). */
function weighted({ exact }: TensorFlow, v: Tensor2D, coefficients: number[]): Tensor {
  return coefficients.length === 1
    ? tf.mul(v, coefficients[0] as number)
    : exact(tf.tensor2d(coefficients, [1, coefficients.length]), v)
}

function dotted(tensorFlow: TensorFlow, groups: Rows[], gradient: Tensor): NativeDots {
  const parts: Tensor1D[] = []
  const dispose = (): void => disposeAll(parts)
  try {
    for (const { use } of groups) parts.push(tf.keep(use((v) => products(tensorFlow, v, gradient))))
    return { parts, scales: groups.flatMap(({ scales }) => scales), dispose }
  } catch (error) {
    dispose()
    throw error
  }
}

/** V g: (count). */
function products({ exact }: TensorFlow, v: Tensor2D, gradient: Tensor): Tensor1D {
  const [count, n] = v.shape
  const found =
    count === 1 ? tf.sum(tf.mul(v, tf.reshape(gradient, v.shape))) : exact(v, tf.reshape(gradient, [n, 1]) as Tensor2D)
  return tf.reshape(found, [count])
}
