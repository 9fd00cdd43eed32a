// Vectors of one parameter on native TensorFlow, stacked as rows of V (k, n), so that composing and inner products are
// one pass over memory each: base + c V and V g as matrix products (4 times faster than a Mul and an Add or Sum a
// vector). tfjs has no float16, so rows in float16 are bare ids of TensorFlow's, cast to float32 a few rows at a time.
import type { Precision, Vectors } from '../ops.ts'
import { halfScales } from '../precision.ts'
import type { Tensor, Tensor2D } from '../tf.ts'
import { tf } from '../tf.ts'
import type { Attribute, BareTensor, NativeBackend } from './operations.ts'

const TF_HALF = 19
/** Rows cast to float32 at a time. */
const halfRows = 4

interface Rows {
  scales: number[] // what each row was multiplied by
  use(work: (v: Tensor2D) => Tensor): Tensor // v (count, n), float32; what else work makes is disposed
  dispose(): void
}

export function tfVectors(backend: NativeBackend) {
  const { binding } = backend
  const { TF_FLOAT, TF_ATTR_TYPE, TF_ATTR_BOOL } = binding
  const type = (name: string, value: number): Attribute => ({ name, type: TF_ATTR_TYPE, value })
  const bool = (name: string, value: boolean): Attribute => ({ name, type: TF_ATTR_BOOL, value })
  const matmul = (a: Tensor2D, b: Tensor2D): Tensor2D =>
    backend.executeSingleOutput(
      'MatMul',
      [type('T', TF_FLOAT), bool('transpose_a', false), bool('transpose_b', false)],
      [a, b],
    ) as Tensor2D
  const cast = (id: number, from: number, to: number): BareTensor =>
    binding.executeOp('Cast', [type('SrcT', from), type('DstT', to), bool('Truncate', false)], [id], 1)[0] as BareTensor

  /**
   * rows (count, length) times their scales: TensorFlow may go on reading the caller's array, the product is its own.
   */
  const scaled = (rows: Float32Array, scales: number[]): Tensor2D =>
    tf.tidy(() =>
      tf.mul(tf.tensor2d(rows, [scales.length, rows.length / scales.length]), tf.tensor2d(scales, [scales.length, 1])),
    )

  function singles(rows: Float32Array, count: number): Rows {
    const scales = Array.from({ length: count }, () => 1)
    const v = scaled(rows, scales)
    return { scales, use: (work) => tf.tidy(() => work(v)), dispose: () => v.dispose() }
  }

  function halves(rows: Float32Array, count: number): Rows {
    const scales = halfScales(rows, count)
    const v = scaled(rows, scales)
    const bare = cast(backend.getInputTensorIds([v])[0] as number, TF_FLOAT, TF_HALF)
    v.dispose()
    return {
      scales,
      use: (work) => tf.tidy(() => work(backend.createOutputTensor(cast(bare.id, TF_HALF, TF_FLOAT)) as Tensor2D)),
      dispose: () => binding.deleteTensor(bare.id),
    }
  }

  /** c V: (1, n). */
  const weighted = (v: Tensor2D, coefficients: number[]): Tensor =>
    coefficients.length === 1
      ? tf.mul(v, coefficients[0] as number)
      : matmul(tf.tensor2d(coefficients, [1, coefficients.length]), v)

  /** V g: (count). */
  const products = (v: Tensor2D, gradient: Tensor): Tensor =>
    v.shape[0] === 1
      ? tf.sum(tf.mul(v, tf.reshape(gradient, v.shape)))
      : matmul(v, tf.reshape(gradient, [v.shape[1], 1]) as Tensor2D)

  return (values: Float32Array, count: number, precision: Precision): Vectors => {
    const length = count && values.length / count
    const groups: Rows[] = []
    const dispose = (): void => groups.forEach((rows) => rows.dispose())
    try {
      const most = precision === 'float16' ? halfRows : count
      for (let first = 0; first < count; first += most) {
        const many = Math.min(most, count - first)
        const rows = values.subarray(first * length, (first + many) * length)
        groups.push(precision === 'float16' ? halves(rows, many) : singles(rows, many))
      }
    } catch (error) {
      dispose()
      throw error
    }
    return {
      compose<T extends Tensor>(base: T, coefficients: readonly number[]): T {
        let at = 0
        let sum = base
        for (const { scales, use } of groups) {
          const c = scales.map((scale, r) => (coefficients[at + r] as number) / scale)
          const next = use((v) => tf.add(sum, tf.reshape(weighted(v, c), base.shape))) as T
          if (sum !== base) sum.dispose()
          sum = next
          at += scales.length
        }
        return sum === base ? tf.clone(base) : sum
      },
      dots: (gradient) =>
        groups.flatMap(({ scales, use }) => {
          const found = use((v) => products(v, gradient))
          const values = found.dataSync<'float32'>()
          found.dispose()
          return scales.map((scale, r) => (values[r] as number) / scale)
        }),
      dispose,
    }
  }
}
