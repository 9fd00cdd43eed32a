// The nearest matrix of rank r to a difference delta (m, n), as two factors (Eckart and Young 1936):
//   delta = U S V' ~ (U sqrt(S)) (sqrt(S) V'),   B = U sqrt(S) (m, r),   A = sqrt(S) V' (r, n).
// The root of S goes to both sides, so that B and A are of one size: neither loses more in a narrow type, and who
// trains on has the same learning rate for both. Directions come from the Gram matrix of the shorter side; where few
// are wanted, from a sketch of a few more rows and powers of delta delta' (Halko, Martinsson and Tropp 2011, section
// 4.5), which is fast. No singular value is divided by: U U' delta is what is kept, whatever S is.
import type { LoraRank } from '../../../contract/extraction.ts'
import { normal } from '../../../numbers/random.ts'
import { streamOf } from '../../../numbers/streams.ts'
import { at, axpy, dot, element, norm, scale } from '../../../numbers/vectors.ts'
import type { DoubleDevice, Matrix } from '../../devices/double/device.ts'
import { eigen } from '../../devices/double/eigen.ts'
import { gram, multiply, turned, viewOf, within } from '../../devices/double/products.ts'

interface Truncated {
  rank: number
  left: Float64Array // B, (m, r)
  right: Float64Array // A, (r, n)
}

const EXTRA = 16 // rows of a sketch beyond the rank
const PASSES = 12 // of powers, at most
const SETTLED = 1e-5 // of what a sketch holds: a pass that adds less was the last

/** noise: no direction is kept for what is no more than this, |delta|'s own rounding. */
export function truncated(device: DoubleDevice, delta: Matrix, wanted: LoraRank, noise: number): Truncated {
  const short = Math.min(delta.rows, delta.columns)
  const isFew = wanted !== 'full' && wanted >= 1 && 4 * (wanted + EXTRA) <= short
  const found = isFew ? sketched(device, delta, wanted) : decomposed(device, delta)
  const total = squaresOf(device.values(delta))
  const rank = rankOf(found.squares, total, { wanted, noise })
  const units = within(viewOf(found.units), 0, 0, rank, found.units.columns)
  const images = multiply(device, units, found.isLeft ? delta : turned(viewOf(delta)))
  return factors(device.values({ ...found.units, rows: rank }), device.values(images), rank, found.isLeft)
}

interface Directions {
  squares: Float64Array // of singular values, largest first
  units: Matrix // singular vectors, in rows
  isLeft: boolean // U's, else V's
}

function decomposed(device: DoubleDevice, delta: Matrix): Directions {
  const isLeft = delta.rows <= delta.columns
  const { values, vectors } = eigen(device, gram(device, isLeft ? viewOf(delta) : turned(viewOf(delta))))
  return { squares: values, units: vectors, isLeft }
}

function sketched(device: DoubleDevice, delta: Matrix, rank: number): Directions {
  const rows = rank + EXTRA
  const draws = Float64Array.from({ length: rows * delta.rows }, (_, i) => normal(0, streamOf('sketches'), 0, i))
  let left = device.matrix(rows, delta.rows, draws)
  let [images, held] = [multiply(device, left, delta), 0]
  for (let pass = 0; pass < PASSES; pass++) {
    orthonormalise(device.values(images), rows)
    left = multiply(device, images, turned(viewOf(delta)))
    orthonormalise(device.values(left), rows)
    images = multiply(device, left, delta)
    const before = held
    held = squaresOf(device.values(images))
    if (held - before <= SETTLED * held) break
  }
  const { values, vectors } = eigen(device, gram(device, images))
  return { squares: values, units: multiply(device, vectors, left), isLeft: true }
}

/** By Gram and Schmidt, twice; a row that the others make up becomes 0. */
function orthonormalise(values: Float64Array, count: number): void {
  const length = values.length / count
  const rows = Array.from({ length: count }, (_, k) => values.subarray(k * length, (k + 1) * length))
  for (const [k, row] of rows.entries()) {
    const before = norm(row)
    for (let again = 0; again < 2; again++) for (const other of rows.slice(0, k)) axpy(-dot(other, row), other, row)
    const left = norm(row)
    scale(left > 1e-10 * before ? 1 / left : 0, row)
  }
}

/** The least that does what is wanted. */
function rankOf(squares: Float64Array, total: number, { wanted, noise }: { wanted: LoraRank; noise: number }): number {
  const most = wanted === 'full' || wanted < 1 ? squares.length : Math.min(wanted, squares.length)
  const share = wanted !== 'full' && wanted < 1 ? wanted : 1
  const enough = total - Math.max((1 - share) * total, noise * noise)
  let [rank, kept] = [0, 0]
  while (rank < most && kept < enough && at(squares, rank) > 0) kept += at(squares, rank++)
  return Math.max(1, rank)
}

function factors(units: Float64Array, images: Float64Array, rank: number, isLeft: boolean): Truncated {
  const [rows, columns] = [units.length / rank, images.length / rank]
  const outer = new Float64Array(units.length) // (rows, rank)
  const inner = images.slice() // (rank, columns)
  for (let k = 0; k < rank; k++) {
    const image = inner.subarray(k * columns, (k + 1) * columns)
    const root = Math.sqrt(norm(image))
    if (root > 0) scale(1 / root, image)
    for (let i = 0; i < rows; i++) outer[i * rank + k] = root * element(units, k * rows + i)
  }
  return isLeft
    ? { rank, left: outer, right: inner }
    : { rank, left: transposed(inner, rank, columns), right: transposed(outer, rows, rank) }
}

/** Of (rows, columns). */
export function transposed(values: Float64Array, rows: number, columns: number): Float64Array {
  const out = new Float64Array(values.length)
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) out[j * rows + i] = element(values, i * columns + j)
  return out
}

const squaresOf = (values: Float64Array): number => dot(values, values)
