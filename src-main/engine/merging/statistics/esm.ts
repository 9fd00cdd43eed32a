// ESM (essential subspaces). Of task t a matrix tau_t (out, in) moves its inputs' outputs by X tau_t', whose second
// moments tau_t C_t tau_t' have eigenvectors u_k (rows of U_t) and eigenvalues l_k, uncentred. Of each task the first
// r = floor(out / T), with three scales that make the strong stronger:
//   U = [f_k u_k],   V = [f_k u_k tau_t |tau_t|^2 / mean_s |tau_s|^2],   f = (l / mean l)^p, divided by its mean
//   V's columns times (their norm / the mean of these)^2
//   D = g mean(sv U) mean(sv V) polar(U)' polar(V),   times (|D| / mean |D| over the layers' like tensors)^2
// (sv: singular values.) Matrices without moments are merged by TSV-M; of what is no matrix the mean, or as is said.
import { esm as card } from '../../../contract/merges/statistics/esm.ts'
import { at, norm, product } from '../../../numbers/vectors.ts'
import type { DoubleDevice, Matrix } from '../../devices/double/device.ts'
import { withDoubles } from '../../devices/double/open.ts'
import { asView, multiply, turned, viewOf } from '../../devices/double/products.ts'
import { functionOf, leadingInto, polar, spectrum } from '../../devices/double/singular.ts'
import { merge, type Part, partOf, type Sources } from '../merge.ts'
import { rowsOf } from '../spectral/covers.ts'
import { inScope, resting, scaled, type Taus, tausOf } from '../spectral/matrices.ts'
import { tsvOf } from '../spectral/tsv-m.ts'
import { ofPart, readMoments, statisticsOf } from './given.ts'

type Statistics = ReturnType<typeof statisticsOf>
interface Scaling {
  power: number
  boost: number
}

export const esm = merge(card, {
  by: 'tensor',
  of: 'all',
  inTurn: true,
  collects: ({ images, seed }) => ({ what: 'inputs', of: 'own', images, seed }),
  prepare(sources, parameters) {
    const all = statisticsOf(sources, card.title)
    const known = new Map<string, Promise<number>>()
    const meanNorm = (part: Part): Promise<number> => {
      const key = `${kindOf(part.name)} ${part.weights}`
      const found = known.get(key) ?? meanOver(sources, all, part, parameters)
      known.set(key, found)
      return found
    }
    return async (given) => {
      const part = weighed(given)
      if (part.shape.length !== 2 || product(part.shape) === 0) return [await resting(part, parameters.rest)]
      if (!ofPart(all, part))
        return [await withDoubles(async (device) => copied(device, await tsvOf(device, tausOf(device, part))))]
      const [mean, merged] = [await meanNorm(given), await essential(part, all, parameters)]
      const by = mean > 0 ? (norm(merged) / mean) ** 2 : 1
      return [merged.map((v) => by * v)]
    }
  },
})

/** Tensors of all layers that have one place in their layer. */
const kindOf = (name: string): string => name.replace(/\.\d+\./g, '.*.')

/** Times the person's weights. */
function weighed(part: Part): Part {
  return { ...part, parent: undefined, read: async (t) => (await part.read(t)).map((v) => at(part.weights, t) * v) }
}

/** mean |D| over the tensors of a part's kind. */
async function meanOver(sources: Sources, all: Statistics, like: Part, scaling: Scaling): Promise<number> {
  const norms: number[] = []
  for (const [name, shape] of sources.parameters) {
    if (kindOf(name) !== kindOf(like.name) || shape.length !== 2) continue
    const asked = { ofModels: false, weights: [], isScaled: false, inTurn: true }
    const part = await partOf(sources, like.which, { name, first: 0, count: product(shape) }, asked)
    if (ofPart(all, part)) norms.push(norm(await essential(weighed({ ...part, weights: like.weights }), all, scaling)))
  }
  return norms.length ? norms.reduce((a, b) => a + b, 0) / norms.length : 0
}

/** D, without the scale of its layer. */
function essential(part: Part, all: Statistics, { power, boost }: Scaling): Promise<Float64Array> {
  return withDoubles(async (device) => {
    const taus = tausOf(device, part)
    const { rows: m, columns: n, count } = taus
    const r = Math.floor(m / count)
    const [u, v] = [device.matrix(r * count, m), device.matrix(r * count, n)]
    const sizes: number[] = []
    for (let t = 0; t < count; t++)
      await inScope(device, async () => {
        const moments = await readMoments(device, at(ofPart(all, part) ?? [], t), part.name, n)
        sizes.push(await directions(device, taus, t, moments, { u, v, first: r * t, r, power }))
      })
    const mean = sizes.reduce((a, b) => a + b, 0) / count
    if (r === 0 || mean === 0) return new Float64Array(m * n)
    scaled(device, v, 1 / mean)
    columnsScaled(device, v)
    const [left, right] = [polar(device, u), polar(device, v)]
    const by = boost * meanOf(left.singular) * meanOf(right.singular)
    const out = multiply(device, turned(viewOf(left.factor)), right.factor)
    scaled(device, out, by)
    return copied(device, out)
  })
}

interface Into {
  u: Matrix // (T r, out)
  v: Matrix // (T r, in)
  first: number // row
  r: number
  power: number
}

/** The rows of task t; gives |tau_t|^2. */
async function directions(device: DoubleDevice, taus: Taus, t: number, moments: Matrix, into: Into): Promise<number> {
  const { u, v, first, r, power } = into
  const tau = await taus.read(t)
  const size = norm(Float64Array.from(device.values(tau))) ** 2
  const own = rowsOf({ left: u, right: v }, first, r)
  const singular = leadingInto(device, multiply(device, tau, rootOf(device, moments)), {
    left: own.left,
    right: asView(device.matrix(r, tau.columns)),
  })
  const factors = factorsOf(singular, power)
  const images = device.values(multiply(device, own.left, tau))
  const [us, vs] = [device.values(u), device.values(v)]
  for (let k = 0; k < r; k++) {
    const by = at(factors, k)
    for (let i = 0; i < u.columns; i++) us[(first + k) * u.columns + i] = by * at(us, (first + k) * u.columns + i)
    for (let j = 0; j < v.columns; j++) vs[(first + k) * v.columns + j] = by * size * at(images, k * v.columns + j)
  }
  return size
}

/** C^(1/2) */
const rootOf = (device: DoubleDevice, moments: Matrix): Matrix =>
  functionOf(device, spectrum(device, moments, moments.rows), (s) => s)

/** f of the square roots of the eigenvalues. */
function factorsOf(singular: Float64Array, power: number): Float64Array {
  const values = singular.map((s) => s * s)
  const mean = meanOf(values)
  const factors = values.map((l) => (mean > 0 ? (l / mean) ** power : 1))
  const middle = meanOf(factors)
  return factors.map((f) => f / middle)
}

function columnsScaled(device: DoubleDevice, v: Matrix): void {
  const values = device.values(v)
  const norms = new Float64Array(v.columns)
  for (let i = 0; i < values.length; i++) {
    const j = i % v.columns
    norms[j] = at(norms, j) + at(values, i) ** 2
  }
  const lengths = norms.map(Math.sqrt)
  const mean = meanOf(lengths)
  if (!(mean > 0)) return
  for (let i = 0; i < values.length; i++) values[i] = at(values, i) * (at(lengths, i % v.columns) / mean) ** 2
}

const meanOf = (values: ArrayLike<number>): number =>
  values.length ? Array.from(values).reduce((a, b) => a + b, 0) / values.length : 0

const copied = (device: DoubleDevice, x: Matrix): Float64Array => Float64Array.from(device.values(x))
