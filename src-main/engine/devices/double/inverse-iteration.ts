// Eigenvectors of a symmetric matrix by inverse iteration on its tridiagonal form T (Wilkinson; Golub and Van Loan,
// section 8.2.2): x <- (T - value)^-1 x, from a vector that has something of all, kept orthogonal to those of values
// near by (Jessup and Ipsen 1992). What comes out is measured; where values lie so close that it is no good, that is
// said, and rotations must be made.
import { axpy, dot, element, scale } from '../../../numbers/vectors.ts'
import type { DoubleDevice, Matrix } from './device.ts'
import { gram, viewOf } from './products.ts'
import { reflected, type Tridiagonal } from './tridiagonal.ts'

const eps = 2 ** -52
const NEAR = 1e-3 // of the largest value: what is nearer may lean towards each other
const PASSES = 3
const GOOD = 2 ** -42 // of a product of two vectors, and of what is left of (T - value) x beside the largest value

/**
 * The vectors of the largest of `values`, of all of T's, largest first, into the rows of `vectors` (leading, n), times
 * Q; false where they are not good.
 */
export function leadingVectors(
  device: DoubleDevice,
  form: Tridiagonal,
  values: Float64Array,
  vectors: Matrix,
): boolean {
  const { rows, columns: n } = vectors
  const largest = Math.max(Math.abs(element(values, 0)), Math.abs(element(values, n - 1)))
  if (rows === 0) return true
  if (largest === 0) return false
  const own = device.values(vectors)
  const row = (i: number): Float64Array => own.subarray(i * n, (i + 1) * n)
  const shifted = new Shifted(form, n, largest)
  let first = 0 // of those near the present one
  let shift = Infinity
  for (let i = 0; i < rows; i++) {
    const value = element(values, i)
    while (element(values, first) - value > NEAR * largest) first++
    shift = Math.min(value, shift - 4 * eps * largest) // equal ones would give equal vectors
    shifted.factor(shift)
    const x = row(i)
    begin(x, i)
    for (let pass = 0; pass < PASSES; pass++) {
      shifted.solve(x)
      scale(1 / Math.sqrt(dot(x, x)), x)
      for (let j = first; j < i; j++) axpy(-dot(row(j), x), row(j), x)
      scale(1 / Math.sqrt(dot(x, x)), x)
    }
    if (!(shifted.residual(x, value) <= GOOD * largest)) return false
  }
  if (!areOrthonormal(device, vectors)) return false
  timesQ(device, form, vectors)
  return true
}

/** Numbers between 1/2 and 3/2, of no pattern that a matrix may have. */
function begin(x: Float64Array, i: number): void {
  let state = (2654435761 * (i + 1)) >>> 0
  for (let k = 0; k < x.length; k++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    x[k] = 0.5 + state / 2 ** 32
  }
}

function areOrthonormal(device: DoubleDevice, vectors: Matrix): boolean {
  return device.scope(() => {
    const n = vectors.rows
    const products = device.values(gram(device, viewOf(vectors)))
    for (let i = 0; i < n; i++)
      for (let j = 0; j < n; j++)
        if (!(Math.abs(element(products, i * n + j) - (i === j ? 1 : 0)) <= GOOD)) return false
    return true
  })
}

/** Each row x <- Q x. */
function timesQ(device: DoubleDevice, form: Tridiagonal, { address, rows, columns: n }: Matrix): void {
  device.scope(() => {
    const tile = device.heavy.across
    const across = tile * Math.ceil(rows / tile)
    const z = device.matrix(form.reflectors.rows, across)
    const [turned, own] = [device.values(z), device.doubles(address, rows * n)]
    for (let i = 0; i < rows; i++) for (let k = 0; k < n; k++) turned[k * across + i] = element(own, i * n + k)
    reflected(device, form, z)
    for (let i = 0; i < rows; i++) for (let k = 0; k < n; k++) own[i * n + k] = element(turned, k * across + i)
  })
}

/** T - shift, factored by elimination with exchanges of neighbouring rows: three diagonals of U, and L's factors. */
class Shifted {
  readonly #d: Float64Array
  readonly #e: Float64Array
  readonly #least: number // a pivot
  readonly #pivots: Float64Array
  readonly #above: Float64Array
  readonly #twoAbove: Float64Array
  readonly #factors: Float64Array
  readonly #exchanged: Uint8Array

  constructor({ diagonal, beside }: Tridiagonal, n: number, largest: number) {
    this.#d = diagonal.subarray(0, n)
    this.#e = beside.subarray(0, n)
    this.#least = eps * largest
    ;[this.#pivots, this.#above, this.#twoAbove, this.#factors] = [0, 1, 2, 3].map(() => new Float64Array(n)) as [
      Float64Array,
      Float64Array,
      Float64Array,
      Float64Array,
    ]
    this.#exchanged = new Uint8Array(n)
  }

  factor(shift: number): void {
    const [d, e, n] = [this.#d, this.#e, this.#d.length]
    let pivot = element(d, 0) - shift
    let above = n > 1 ? element(e, 0) : 0
    for (let k = 0; k < n - 1; k++) {
      const [below, next] = [element(e, k), element(d, k + 1) - shift]
      const afterNext = k < n - 2 ? element(e, k + 1) : 0
      const isExchanged = Math.abs(below) > Math.abs(pivot)
      this.#exchanged[k] = isExchanged ? 1 : 0
      this.#twoAbove[k] = isExchanged ? afterNext : 0
      if (isExchanged) {
        const factor = pivot / below
        this.#factors[k] = factor
        this.#pivots[k] = below
        this.#above[k] = next
        pivot = above - factor * next
        above = -factor * afterNext
      } else {
        const safe = this.#away(pivot)
        const factor = below / safe
        this.#factors[k] = factor
        this.#pivots[k] = safe
        this.#above[k] = above
        pivot = next - factor * above
        above = afterNext
      }
    }
    this.#pivots[n - 1] = this.#away(pivot)
  }

  /** A value that was hit exactly leaves a pivot of 0. */
  #away(pivot: number): number {
    return Math.abs(pivot) >= this.#least ? pivot : pivot < 0 ? -this.#least : this.#least
  }

  /** x <- (T - shift)^-1 x */
  solve(x: Float64Array): void {
    const n = x.length
    for (let k = 0; k < n - 1; k++) {
      const [here, next] = [element(x, k), element(x, k + 1)]
      const isExchanged = this.#exchanged[k] === 1
      x[k] = isExchanged ? next : here
      x[k + 1] = isExchanged ? here - element(this.#factors, k) * next : next - element(this.#factors, k) * here
    }
    let [after, twoAfter] = [0, 0]
    for (let k = n - 1; k >= 0; k--) {
      const rest = element(x, k) - element(this.#above, k) * after - element(this.#twoAbove, k) * twoAfter
      twoAfter = after
      after = rest / element(this.#pivots, k)
      x[k] = after
    }
  }

  /** max |(T - value) x| */
  residual(x: Float64Array, value: number): number {
    const [d, e, n] = [this.#d, this.#e, x.length]
    let most = 0
    for (let k = 0; k < n; k++) {
      const before = k > 0 ? element(e, k - 1) * element(x, k - 1) : 0
      const after = k < n - 1 ? element(e, k) * element(x, k + 1) : 0
      const left = Math.abs(before + (element(d, k) - value) * element(x, k) + after)
      if (!(left <= most)) most = left // one that is no number too
    }
    return most
  }
}
