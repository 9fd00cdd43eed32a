// KnOTS (Stoica et al., ICLR 2025): the task vectors of a matrix, side by side, have one basis of columns,
//   [tau_1 ... tau_T] = U S V',   U (m, r), of the singular values above `least`,
// in which each task is U' tau_t = S V_t' (r, n). There TIES: of each task the `density` largest elements, of the matrix
// or of all matrices together, times the task's weight; the sign with the greater mass; the mean of what has it.
//   tau = U TIES(U' tau_1 ... U' tau_T)
// Tasks are read in turn, twice: for the mass, and for the mean.

import { knots as card } from '../../../contract/merges/spectral/knots.ts'
import { at } from '../../../numbers/vectors.ts'
import type { DoubleDevice, Matrix } from '../../devices/double/device.ts'
import { eigen } from '../../devices/double/eigen.ts'
import { withDoubles } from '../../devices/double/open.ts'
import { gram, mirror, multiply, multiplyInto, turned, viewOf } from '../../devices/double/products.ts'
import { merge, partOf, type Sources } from '../merge.ts'
import { agreeingMean } from './agreeing-mean.ts'
import { inScope, resting, type Taus, tausOf } from './matrices.ts'
import { Magnitudes, trimThreshold } from './thresholds.ts'

export const knots = merge(card, {
  by: 'tensor',
  of: 'all',
  inTurn: true,
  async prepare(sources, { density, scope, least, rest }) {
    const known = scope === 'model' ? await ofModel(sources, density, least) : undefined
    return async (part) => {
      if (!isMatrix(part.shape)) return [await resting(part, rest)]
      const merged = await withDoubles(async (device) => {
        const taus = tausOf(device, part)
        const basis = await basisOf(device, taus, least)
        return Float64Array.from(device.values(await tied(device, taus, basis, part.weights, { density, known })))
      })
      return [merged]
    }
  },
})

const isMatrix = (shape: readonly number[]): boolean => shape.length === 2 && !shape.includes(0)

/** U', (r, m). */
async function basisOf(device: DoubleDevice, taus: Taus, least: number): Promise<Matrix> {
  const { count, rows, columns } = taus
  return count * columns < rows ? basisOfFew(device, taus, least) : basisOfMany(device, taus, least)
}

/** By sum_t tau_t tau_t', (m, m). */
async function basisOfMany(device: DoubleDevice, taus: Taus, least: number): Promise<Matrix> {
  const square = device.matrix(taus.rows, taus.rows)
  for (let t = 0; t < taus.count; t++)
    await inScope(device, async () => {
      const tau = viewOf(await taus.read(t))
      multiplyInto(device, 'addUpper', tau, turned(tau), viewOf(square))
    })
  mirror(device, square)
  const { values, vectors } = eigen(device, square)
  return { ...vectors, rows: rankOf(values, least, taus) }
}

/** By the products of all columns with each other, (T n, T n). */
async function basisOfFew(device: DoubleDevice, taus: Taus, least: number): Promise<Matrix> {
  const { count, rows, columns } = taus
  const side = device.matrix(count * columns, rows)
  const all = device.values(side)
  for (let t = 0; t < count; t++)
    await inScope(device, async () => {
      const tau = device.values(await taus.read(t))
      for (let i = 0; i < rows; i++)
        for (let j = 0; j < columns; j++) all[(t * columns + j) * rows + i] = at(tau, i * columns + j)
    })
  const { values, vectors } = eigen(device, gram(device, side))
  const r = rankOf(values, least, taus)
  const basis = multiply(device, { ...vectors, rows: r }, side)
  const of = device.values(basis)
  for (let k = 0; k < r; k++) {
    const by = 1 / Math.sqrt(at(values, k))
    for (let i = 0; i < rows; i++) of[k * rows + i] = by * at(of, k * rows + i)
  }
  return basis
}

/** Of squares of singular values. What float32 weights cannot tell from rounding is none either. */
function rankOf(squares: Float64Array, least: number, { count, rows, columns }: Taus): number {
  const cut = 2 ** -23 * Math.max(rows, count * columns) * Math.sqrt(Math.max(0, squares[0] ?? 0))
  return squares.filter((s) => Math.sqrt(Math.max(0, s)) > Math.max(least, cut)).length
}

interface Trim {
  density: number
  known: readonly number[] | undefined // thresholds of the tasks
}

async function tied(
  device: DoubleDevice,
  taus: Taus,
  basis: Matrix,
  weights: readonly number[],
  { density, known }: Trim,
): Promise<Matrix> {
  const mean = device.matrix(basis.rows, taus.columns)
  const thresholds = [...(known ?? [])]
  const each = async (see: (x: Float64Array) => void): Promise<void> => {
    for (let t = 0; t < taus.count; t++)
      await inScope(device, async () => {
        const x = device.values(multiply(device, basis, await taus.read(t)))
        thresholds[t] ??= trimThreshold(x, density)
        trim(x, at(thresholds, t), at(weights, t))
        see(x)
      })
  }
  await agreeingMean(each, device.values(mean))
  return multiply(device, turned(viewOf(basis)), mean)
}

/** In place: what is below the threshold becomes 0, the rest is multiplied. */
function trim(x: Float64Array, least: number, by: number): void {
  for (let i = 0; i < x.length; i++) x[i] = Math.abs(at(x, i)) < least ? 0 : by * at(x, i)
}

/** Of each task, the threshold over all matrices: found exactly, by looking twice. */
async function ofModel(sources: Sources, density: number, least: number): Promise<number[]> {
  const all = sources.vectors.map((_, t) => t)
  const magnitudes = all.map(() => new Magnitudes(density))
  for (let look = 0; look < 2; look++) {
    for (const [name, shape] of sources.parameters) {
      if (!isMatrix(shape)) continue
      const place = { name, first: 0, count: at(shape, 0) * at(shape, 1) }
      const part = await partOf(sources, all, place, { ofModels: false, weights: [], isScaled: false, inTurn: true })
      await withDoubles((device) => looked(device, tausOf(device, part), least, magnitudes))
    }
    for (const of of magnitudes) of.next()
  }
  return magnitudes.map((of) => of.threshold)
}

async function looked(
  device: DoubleDevice,
  taus: Taus,
  least: number,
  magnitudes: readonly Magnitudes[],
): Promise<void> {
  const basis = await basisOf(device, taus, least)
  for (const [t, of] of magnitudes.entries())
    await inScope(device, async () => of.add(device.values(multiply(device, basis, await taus.read(t)))))
}
