// Hierarchical optimal transport (after Singh and Jaggi, NeurIPS 2020). A matrix of attention, W_t (m, n), is turned to
// the neurons of the pre-trained one, W (m, n), by entropic transport between their rows, then between their columns:
//   C_ij = |w_i - w_t,j|^2,   K = exp(-C / (eps mean C)),   P = diag(u) K diag(v) with uniform sums (Sinkhorn)
//   W_t' = P^ W_t Q^',   P^, Q^ with rows that sum to 1;   W = sum_t p_t W_t', p_t the person's weights
// All other parameters: sum_t p_t theta_t, p_t also times cos(theta_pre, theta_t) where that is above 0.
import { hierarchicalOt as card } from '../../../contract/merges/federated/hierarchical-ot.ts'
import { at, dot } from '../../../numbers/vectors.ts'
import type { DoubleDevice, Matrix } from '../../devices/double/device.ts'
import { withDoubles } from '../../devices/double/open.ts'
import { asView, multiply, turned, type View, viewOf } from '../../devices/double/products.ts'
import { merge, type Part } from '../merge.ts'
import { added, inScope } from '../spectral/matrices.ts'
import { meanOf, sharesOf } from '../statistics/given.ts'

interface Transporting {
  blur: number
  iterations: number
}

export const hierarchicalOt = merge(card, {
  by: 'tensor',
  of: 'all',
  inTurn: true,
  prepare: (_, parameters) => async (part) => {
    const isAttention = /attn|attention/.test(part.name) && part.shape.length === 2 && part.base.length > 0
    if (isAttention) return [await withDoubles((device) => turnedMean(device, part, parameters))]
    const still = Float64Array.from(part.base)
    const weights: number[] = []
    for (const place of part.which.keys()) {
      const theta = (await part.read(place)).map((v, i) => v + at(still, i))
      weights.push(at(part.weights, place) * Math.max(0, cosine(still, theta)))
    }
    const isKnown = weights.some((w) => w !== 0)
    return [await meanOf(isKnown ? { ...part, weights } : part)]
  },
})

/** Of a vector of zeros nothing is known: 1. */
function cosine(a: Float64Array, b: Float64Array): number {
  const c = dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b))
  return Number.isFinite(c) ? c : 1
}

/** sum_t p_t (W_t' - W) */
async function turnedMean(device: DoubleDevice, part: Part, parameters: Transporting): Promise<Float64Array> {
  const [m = 0, n = 0] = part.shape
  const shares = sharesOf(part.weights)
  const still = device.matrix(m, n, part.base)
  const sum = device.matrix(m, n)
  for (const place of part.which.keys())
    await inScope(device, async () => {
      const w = device.matrix(m, n, await part.read(place))
      added(device, w, still)
      const rows = plan(device, viewOf(still), viewOf(w), parameters)
      const placed = multiply(device, rows, w)
      const columns = plan(device, turned(viewOf(still)), turned(viewOf(placed)), parameters)
      const moved = multiply(device, placed, turned(viewOf(columns)))
      added(device, moved, still, -1)
      added(device, sum, moved, at(shares, place))
    })
  return Float64Array.from(device.values(sum))
}

/** P^ (m, m) between the rows of a and b (m, n). */
function plan(device: DoubleDevice, a: View, b: View, { blur, iterations }: Transporting): Matrix {
  const k = multiply(device, a, turned(b))
  const [values, m] = [device.values(k), k.rows]
  const [here, there] = [squares(device, a), squares(device, b)]
  let sum = 0
  for (let i = 0; i < m; i++)
    for (let j = 0; j < m; j++) {
      const c = Math.max(0, at(here, i) + at(there, j) - 2 * at(values, i * m + j))
      values[i * m + j] = c
      sum += c
    }
  const unit = (blur * sum) / (m * m)
  for (let i = 0; i < m; i++) {
    const row = values.subarray(i * m, (i + 1) * m)
    const nearest = row.reduce((least, c) => Math.min(least, c), Number.POSITIVE_INFINITY)
    // a row's own factor changes no plan
    for (let j = 0; j < m; j++) row[j] = unit > 0 ? Math.exp((nearest - at(row, j)) / unit) : Number(i === j)
  }
  sinkhorn(values, m, iterations)
  return k
}

const tiny = 1e-300

/** K becomes P^, whose rows sum to 1. */
function sinkhorn(k: Float64Array, m: number, iterations: number): void {
  const [u, v, sums] = [new Float64Array(m), new Float64Array(m).fill(1), new Float64Array(m)]
  for (let step = 0; step < iterations; step++) {
    sums.fill(0)
    for (let i = 0; i < m; i++) {
      const row = k.subarray(i * m, (i + 1) * m)
      u[i] = 1 / Math.max(tiny, dot(row, v))
      for (let j = 0; j < m; j++) sums[j] = at(sums, j) + at(row, j) * at(u, i)
    }
    for (let j = 0; j < m; j++) v[j] = Math.min(1 / tiny, 1 / Math.max(tiny, at(sums, j)))
  }
  for (let i = 0; i < m; i++) {
    const row = k.subarray(i * m, (i + 1) * m)
    const whole = Math.max(tiny, dot(row, v))
    for (let j = 0; j < m; j++) row[j] = (at(row, j) * at(v, j)) / whole
  }
}

/** |row|^2 of each. */
function squares(device: DoubleDevice, view: View): Float64Array {
  const { address, rows, columns, rowStride, stride } = asView(view)
  const values = device.doubles(address, (rows - 1) * rowStride + (columns - 1) * stride + 1)
  return Float64Array.from({ length: rows }, (_, i) => {
    let sum = 0
    for (let j = 0; j < columns; j++) sum += at(values, i * rowStride + j * stride) ** 2
    return sum
  })
}
