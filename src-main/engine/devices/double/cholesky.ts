// X A = B for a symmetric positive definite A = L L' (Golub and Van Loan, section 4.2.9), in blocks, so that nearly all
// of it is products: X L L' = B by two sweeps over blocks of columns.
import { element } from '../../../numbers/vectors.ts'
import type { DoubleDevice, Matrix } from './device.ts'
import { multiplyInto, turned, viewOf, within } from './products.ts'

const BLOCK = 64

/** In place: A becomes L, with what it had above the diagonal. Throws a RangeError where A is not positive definite. */
export function cholesky(device: DoubleDevice, a: Matrix): void {
  const n = a.rows
  const all = viewOf(a)
  for (let k = 0; k < n; k += BLOCK) {
    const width = Math.min(BLOCK, n - k)
    const below = n - k - width
    const done = within(all, k, 0, n - k, k)
    multiplyInto(device, 'subtract', done, turned(within(all, k, 0, width, k)), within(all, k, k, n - k, width))
    const values = device.values(a)
    for (let j = k; j < k + width; j++) {
      const own = values.subarray(j * n + k, j * n + j)
      let rest = element(values, j * n + j)
      for (const x of own) rest -= x * x
      if (!(rest > 0)) throw new RangeError(`row ${j}: ${rest}`)
      const pivot = Math.sqrt(rest)
      values[j * n + j] = pivot
      for (let i = j + 1; i < n; i++) {
        const row = values.subarray(i * n + k, i * n + j)
        let sum = element(values, i * n + j)
        for (let t = 0; t < own.length; t++) sum -= element(row, t) * element(own, t)
        values[i * n + j] = sum / pivot
      }
    }
    if (below === 0) break
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
    substitute(device, l, b, k, width, 'forward')
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
    substitute(device, l, b, k, width, 'back')
  }
}

/** The same within one block of columns, a row of B at a time. */
function substitute(
  device: DoubleDevice,
  l: Matrix,
  b: Matrix,
  k: number,
  width: number,
  way: 'forward' | 'back',
): void {
  const n = l.rows
  const values = device.values(b)
  const block = new Float64Array(width * width) // its own copy, which the cache holds
  const from = device.values(l)
  for (let i = 0; i < width; i++)
    for (let j = 0; j <= i; j++)
      block[way === 'forward' ? i * width + j : j * width + i] = element(from, (k + i) * n + k + j)
  const solved = new Float64Array(width)
  for (let row = 0; row < b.rows; row++) {
    const x = values.subarray(row * n + k, row * n + k + width)
    solved.set(x)
    for (let step = 0; step < width; step++) {
      const j = way === 'forward' ? step : width - 1 - step
      let sum = element(solved, j)
      const [first, last] = way === 'forward' ? [0, j] : [j + 1, width]
      for (let i = first; i < last; i++) sum -= element(block, j * width + i) * element(solved, i)
      solved[j] = sum / element(block, j * width + j)
    }
    x.set(solved)
  }
}
