// Singular values and what follows from them, by the Gram matrix of a matrix's shorter side in float64: a singular
// value s is known to 2^-53 s_1^2 / s, far below float32's rounding for all above the cut
//   s > 2^-23 max(m, n) s_1,
// and what is not above it is a direction that the matrix does not have: float32 weights cannot tell it from rounding.
// An exactly low-rank task vector, of a LoRA, so stays one.
import { element } from '../../../numbers/vectors.ts'
import type { DoubleDevice, Matrix } from './device.ts'
import { eigen } from './eigen.ts'
import { gram, multiply, multiplyInto, turned, type View, viewOf, within } from './products.ts'

const float32 = 2 ** -23

/**
 * Of a Gram matrix: singular values, largest first, and how many are above the cut; `side`: the longer of the
 * matrix's.
 */
export interface Spectrum {
  singular: Float64Array
  rank: number
  vectors: Matrix // (n, n), in rows, or the leading ones alone
}

export function spectrum(device: DoubleDevice, of: Matrix, side: number, leading?: number): Spectrum {
  const { values, vectors } = eigen(device, of, leading)
  const singular = values.map((value) => Math.sqrt(Math.max(0, value)))
  const cut = float32 * side * (singular[0] ?? 0)
  return { singular, rank: singular.filter((s) => s > cut).length, vectors }
}

/** sum_i f(s_i) z_i z_i' over what is above the cut. */
export function functionOf(
  device: DoubleDevice,
  { singular, rank, vectors }: Spectrum,
  f: (s: number) => number,
): Matrix {
  const n = vectors.rows
  const out = device.matrix(n, n)
  device.scope(() => {
    const scaled = device.matrix(rank, n)
    const [from, to] = [device.values(vectors), device.values(scaled)]
    for (let i = 0; i < rank; i++) {
      const by = f(element(singular, i))
      for (let j = 0; j < n; j++) to[i * n + j] = by * element(from, i * n + j)
    }
    multiplyInto(device, 'set', turned(viewOf(scaled)), within(viewOf(vectors), 0, 0, rank, n), viewOf(out))
  })
  return out
}

/** U V' of the thin singular value decomposition, where it is above the cut, and all min(m, n) singular values. */
export function polar(device: DoubleDevice, x: Matrix): { factor: Matrix; singular: Float64Array } {
  const factor = device.matrix(x.rows, x.columns)
  const singular = device.scope(() => {
    const isWide = x.rows <= x.columns
    const of = spectrum(device, gram(device, isWide ? viewOf(x) : turned(viewOf(x))), Math.max(x.rows, x.columns))
    const root = viewOf(functionOf(device, of, (s) => 1 / s))
    if (isWide) multiplyInto(device, 'set', root, viewOf(x), viewOf(factor))
    else multiplyInto(device, 'set', viewOf(x), root, viewOf(factor))
    if (isIll(of)) orthogonalised(device, factor)
    return of.singular
  })
  return { factor, singular }
}

/** Whether a Gram matrix's rounding shows in directions that are kept. */
const isIll = ({ singular, rank }: Spectrum): boolean =>
  rank > 0 && element(singular, rank - 1) < 1e-4 * element(singular, 0)

/** A Newton-Schulz step, U <- (3 U - U U' U) / 2, which leaves directions alone that U does not have. */
function orthogonalised(device: DoubleDevice, u: Matrix): void {
  device.scope(() => {
    const isWide = u.rows <= u.columns
    const own = gram(device, isWide ? viewOf(u) : turned(viewOf(u)))
    const cubed = isWide ? multiply(device, own, u) : multiply(device, u, own)
    const [values, other] = [device.values(u), device.values(cubed)]
    for (let i = 0; i < values.length; i++) values[i] = 1.5 * element(values, i) - 0.5 * element(other, i)
  })
}

/** Of x the r largest singular values and their vectors, in rows; what is below the cut is 0. */
export interface Leading {
  singular: Float64Array // (r)
  left: View // (r, m)
  right: View // (r, n)
}

export function leadingInto(device: DoubleDevice, x: Matrix, to: Omit<Leading, 'singular'>): Float64Array {
  return device.scope(() => leadingOf(device, x, spectrumOf(device, x, to.left.rows), to))
}

/** Of x (m, n), with `leading` of its vectors: by its Gram matrix over the shorter side. */
export function spectrumOf(device: DoubleDevice, x: Matrix, leading: number): Spectrum {
  return spectrum(device, gram(device, shorterSide(x)), Math.max(x.rows, x.columns), leading)
}

/** The same as leadingInto of a matrix whose spectrum is known; what it makes beside is gone with the scope around it. */
export function leadingOf(
  device: DoubleDevice,
  x: Matrix,
  of: Spectrum,
  { left, right }: Omit<Leading, 'singular'>,
): Float64Array {
  const r = left.rows
  const [shorter, along] = x.rows <= x.columns ? [left, right] : [right, left]
  const count = Math.min(r, of.rank)
  const vectors = within(viewOf(of.vectors), 0, 0, count, of.vectors.columns)
  copyRows(device, vectors, shorter, () => 1)
  const images = multiply(device, vectors, shorterSide(x))
  copyRows(device, viewOf(images), along, (i) => 1 / element(of.singular, i))
  return Float64Array.from({ length: r }, (_, i) => (i < count ? element(of.singular, i) : 0))
}

const shorterSide = (x: Matrix): View => (x.rows <= x.columns ? viewOf(x) : turned(viewOf(x)))

/** Rows by their factors; rows that `from` has no more are 0. Both have their elements side by side. */
function copyRows(device: DoubleDevice, from: View, to: View, by: (row: number) => number): void {
  for (let i = 0; i < to.rows; i++) {
    const target = device.doubles(to.address + 8 * i * to.rowStride, to.columns)
    if (i >= from.rows) {
      target.fill(0)
      continue
    }
    const source = device.doubles(from.address + 8 * i * from.rowStride, from.columns)
    const factor = by(i)
    for (let j = 0; j < target.length; j++) target[j] = factor * element(source, j)
  }
}
