// X A = B for a symmetric positive definite A = L L' (Golub and Van Loan, section 4.2.9), in blocks, so that nearly all
// of it is products: X L L' = B by two sweeps over blocks of columns.
import { element } from '../../../numbers/vectors.ts'
import type { DoubleDevice, Matrix } from './device.ts'
import { multiplyInto, turned, type View, viewOf, within } from './products.ts'

const BLOCK = 64
const SMALL = 2 ** 17 // multiplications below which no thread is woken

/** In place: A becomes L, with what it had above the diagonal. Throws a RangeError where A is not positive definite. */
export function cholesky(device: DoubleDevice, a: Matrix): void {
  const n = a.rows
  const all = viewOf(a)
  for (let k = 0; k < n; k += BLOCK) {
    const width = Math.min(BLOCK, n - k)
    const done = within(all, k, 0, n - k, k)
    multiplyInto(device, 'subtract', done, turned(within(all, k, 0, width, k)), within(all, k, k, n - k, width))
    const own = blockOf(device, a, k, width, 'forward')
    factor(own, width, k)
    const values = device.values(a)
    for (let i = 0; i < width; i++) values.set(own.subarray(i * width, i * width + i + 1), (k + i) * n + k)
    const below = k + width
    substitute(device, own, within(all, below, k, n - below, width), 'forward')
  }
}

/** The same of one block (width, width), `first` its first row's number; what is above the diagonal stays. */
function factor(a: Float64Array, width: number, first: number): void {
  const value = (i: number, j: number): number => a[i * width + j] ?? Number.NaN
  for (let j = 0; j < width; j++) {
    let rest = value(j, j)
    for (let t = 0; t < j; t++) rest -= value(j, t) * value(j, t)
    if (!(rest > 0)) throw new RangeError(`row ${first + j}: ${rest}`)
    const pivot = Math.sqrt(rest)
    a[j * width + j] = pivot
    for (let i = j + 1; i < width; i++) {
      let sum = value(i, j)
      for (let t = 0; t < j; t++) sum -= value(i, t) * value(j, t)
      a[i * width + j] = sum / pivot
    }
  }
}

/** In place: B (m, n) becomes B A^-1, by A's Cholesky factor. */
export function solveRight(device: DoubleDevice, l: Matrix, b: Matrix): void {
  const n = l.rows
  const [factor, all] = [viewOf(l), viewOf(b)]
  const blocks = Array.from({ length: Math.ceil(n / BLOCK) }, (_, k) => k * BLOCK)
  // Y L' = B, from the first block of columns on
  for (const k of blocks) {
    const width = Math.min(BLOCK, n - k)
    const own = within(all, 0, k, b.rows, width)
    multiplyInto(device, 'subtract', within(all, 0, 0, b.rows, k), turned(within(factor, k, 0, width, k)), own)
    substitute(device, blockOf(device, l, k, width, 'forward'), own, 'forward')
  }
  // X L = Y, from the last on
  for (const k of blocks.reverse()) {
    const width = Math.min(BLOCK, n - k)
    const after = n - k - width
    const own = within(all, 0, k, b.rows, width)
    multiplyInto(
      device,
      'subtract',
      within(all, 0, k + width, b.rows, after),
      within(factor, k + width, k, after, width),
      own,
    )
    substitute(device, blockOf(device, l, k, width, 'back'), own, 'back')
  }
}

type Way = 'forward' | 'back'

/** The block of L at (k, k), its lower half; for the way back turned. */
function blockOf(device: DoubleDevice, l: Matrix, k: number, width: number, way: Way): Float64Array {
  const n = l.rows
  const from = device.values(l)
  const block = new Float64Array(width * width)
  for (let i = 0; i < width; i++)
    for (let j = 0; j <= i; j++)
      block[way === 'forward' ? i * width + j : j * width + i] = element(from, (k + i) * n + k + j)
  return block
}

/** Within one block of columns: each row x of X becomes x (L')^-1, or on the way back x L^-1. */
function substitute(device: DoubleDevice, block: Float64Array, x: View, way: Way): void {
  const { address, rows, rowStride, columns: width } = x
  if (rows === 0) return
  device.scope(() => {
    const own = device.matrix(width, width, block)
    const bytes = 64 * width // of a thread's eight rows
    const scratch = device.allocate(bytes * device.pool.threads)
    device.heavy.run(
      'substituteRows',
      [address, rowStride, rows, own.address, width, way === 'back' ? 1 : 0, scratch, bytes],
      Math.ceil(rows / 8),
      rows * width * width < SMALL,
    )
  })
}
