// Vectors of one parameter on a card: composing them is one call (functions.ts), and inner products are left until
// those of some parameters can be taken by one. V (k, n) is stacked as rows; in float16 in groups of four rows,
// widened on the way and no more of them at a time.
//   base + c V,   V g
import { at as element } from '../../../numbers/vectors.ts'
import type { Dots, Ops, Vectors } from '../ops.ts'
import { halfScales } from '../precision.ts'
import { disposeAll, type Tensor as Seen } from '../tensor.ts'
import { type Tensor, type Tensor1D, type Tensor2D, tf } from '../tf.ts'
import { own as ownTensor, seen } from '../tf-tensors.ts'
import type { Functions } from './functions.ts'
import { halfBytes } from './host-vectors.ts'
import { Bare, type NativeBackend, type TensorFlow, TF_HALF } from './tensorflow.ts'

const halfRows = 4
const together = 12 // parameters of a layer, whose gradients wait for each other

interface Group {
  v: Tensor2D | Bare // (rows, n)
  scales: number[]
}

/** Inner products of some parameters, side by side once they are taken. */
interface Batch {
  waiting: { groups: Group[]; gradient: Tensor }[]
  values: Tensor1D | null
  count: number
  open: number // of its inner products are not disposed
}

interface BatchDots extends Dots {
  batch: Batch
  at: number
  scales: number[]
}

export function deviceVectors(
  backend: NativeBackend,
  tensorFlow: TensorFlow,
  functions: Functions,
): Pick<Ops, 'vectors' | 'readDots'> {
  const { exact, widened } = tensorFlow
  const wide = (v: Tensor2D | Bare): Tensor2D => (v instanceof Bare ? widened(v) : v)
  let coming: Batch | null = null

  const take = (): void => {
    const batch = coming
    coming = null
    if (!batch) return
    const given = batch.waiting.map(({ groups, gradient }) => ({ rows: groups.map(({ v }) => v), gradient }))
    try {
      const values = functions.call('dots', given, (given) =>
        tf.tidy(() => {
          const products = given.flatMap(({ rows, gradient }) =>
            rows.map((v) => {
              const [count, n] = v.shape as [number, number]
              return tf.reshape(exact(wide(v), tf.reshape(gradient, [n, 1]) as Tensor2D), [count]) as Tensor1D
            }),
          )
          return tf.concat(products)
        }),
      )
      batch.values = tf.keep(values)
    } finally {
      disposeAll(batch.waiting.map(({ gradient }) => gradient))
      batch.waiting = []
    }
  }

  const dots = (groups: Group[], gradient: Seen): BatchDots => {
    if (groups.length === 0) return { batch: emptyBatch(), at: 0, scales: [], dispose: () => undefined }
    coming ??= emptyBatch()
    const batch = coming
    batch.waiting.push({ groups, gradient: tf.keep(tf.clone(ownTensor(gradient))) })
    const scales = groups.flatMap((group) => group.scales)
    const at = batch.count
    batch.count += scales.length
    batch.open++
    if (batch.waiting.length === together) take()
    let isOpen = true
    const dispose = (): void => {
      if (!isOpen) return
      isOpen = false
      if (--batch.open > 0) return
      if (batch === coming) coming = null
      disposeAll(batch.waiting.map((one) => one.gradient))
      batch.values?.dispose()
    }
    return { batch, at, scales, dispose }
  }

  return {
    vectors(values, count, precision): Vectors {
      const groups = uploaded(backend, values, count, precision === 'float16')
      return {
        compose: <T extends Seen>(base: T, coefficients: readonly number[]): T =>
          seen(composed(tensorFlow, functions, groups, ownTensor(base), coefficients)),
        dots: (gradient) => dots(groups, gradient),
        dispose() {
          take() // who waits for these vectors
          for (const { v } of groups) v instanceof Bare ? backend.binding.deleteTensor(v.id) : v.dispose()
        },
      }
    },

    readDots(all: readonly BatchDots[]) {
      take()
      return readBatches(all)
    },
  }
}

/** base + c V, group after group. */
function composed(
  { exact, widened }: TensorFlow,
  functions: Functions,
  groups: readonly Group[],
  base: Tensor,
  coefficients: readonly number[],
): Tensor {
  if (groups.length === 0) return tf.clone(base)
  let at = 0
  const c = groups.map(({ scales }) => {
    const row = scales.map((scale) => element(coefficients, at++) / scale)
    return tf.tensor2d(row, [1, row.length])
  })
  try {
    return functions.call('compose', { base, rows: groups.map(({ v }) => v), c }, (given) =>
      tf.tidy(() =>
        given.rows.reduce<Tensor>((sum, v, g) => {
          const rows = v instanceof Bare ? widened(v) : v
          return tf.add(sum, tf.reshape(exact(given.c[g] as Tensor2D, rows), given.base.shape))
        }, given.base),
      ),
    )
  } finally {
    disposeAll(c)
  }
}

async function readBatches(all: readonly BatchDots[]): Promise<number[][]> {
  const batches = [...new Set(all.map(({ batch }) => batch))].filter(({ count }) => count > 0)
  const starts = new Map<Batch, number>()
  let count = 0
  for (const batch of batches) {
    starts.set(batch, count)
    count += batch.count
  }
  const side = batches.length > 0 ? tf.concat(batches.map(({ values }) => values as Tensor1D)) : tf.zeros([0])
  try {
    const values = await side.data<'float32'>()
    return all.map(({ batch, at, scales }) =>
      scales.map((scale, k) => element(values, (starts.get(batch) ?? 0) + at + k) / scale),
    )
  } finally {
    side.dispose()
  }
}

/** Numbers that were made otherwise, to be read with inner products. */
export function dotsOf(values: Tensor1D): Dots {
  const batch: Batch = { waiting: [], values: tf.keep(values), count: values.size, open: 1 }
  const dots: BatchDots = {
    batch,
    at: 0,
    scales: Array.from({ length: values.size }, () => 1),
    dispose: () => values.dispose(),
  }
  return dots
}

function emptyBatch(): Batch {
  return { waiting: [], values: null, count: 0, open: 0 }
}

function uploaded(backend: NativeBackend, values: Float32Array, count: number, isHalf: boolean): Group[] {
  const length = count && values.length / count
  const groups: Group[] = []
  const most = isHalf ? halfRows : count
  for (let first = 0; first < count; first += most) {
    const many = Math.min(most, count - first)
    const rows = values.subarray(first * length, (first + many) * length)
    const shape: [number, number] = [many, length]
    if (isHalf) {
      const scales = halfScales(rows, many)
      const id = backend.binding.createTensor(shape, TF_HALF, halfBytes(rows, scales))
      groups.push({ v: new Bare({ id, shape, dtype: TF_HALF }), scales })
    } else groups.push({ v: single(backend, rows, shape), scales: Array.from({ length: many }, () => 1) })
  }
  return groups
}

/** On the device from now on: tfjs would else wait with it, and keep the caller's array. */
function single(backend: NativeBackend, rows: Float32Array, shape: [number, number]): Tensor2D {
  const v = tf.keep(tf.tensor2d(rows, shape))
  backend.getInputTensorIds([v])
  return v
}
