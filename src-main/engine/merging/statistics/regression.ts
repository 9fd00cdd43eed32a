// Linear layers merged by regression (RegMean, Jin et al., ICLR 2023): of each linear layer W_t (out, in), whose
// inputs on task t's images have the second moments G_t (in, in), off their diagonal times alpha,
//   W = argmin_W sum_t tr((W - W_t) G_t (W - W_t)') = M + (sum_t (W_t - M) G_t)(sum_t G_t + eps I)^-1
// for any M when eps = 0; M is the mean, so that what no image brings out is the mean. Where the sum is singular eps
// grows until it is not. All other parameters are the mean.
import type { MergeCard } from '../../../contract/merges/card.ts'
import type { parameters } from '../../../contract/merges/statistics/regression.ts'
import { at } from '../../../numbers/vectors.ts'
import { cholesky, solveRight } from '../../devices/double/cholesky.ts'
import type { DoubleDevice, Matrix } from '../../devices/double/device.ts'
import { withDoubles } from '../../devices/double/open.ts'
import { multiplyInto, viewOf } from '../../devices/double/products.ts'
import type { Checkpoint } from '../../weights/slices.ts'
import { type Merge, merge, type Part } from '../merge.ts'
import { added, inScope, scaled, tausOf } from '../spectral/matrices.ts'
import { meanOf, ofPart, readMoments, sharesOf, statisticsOf } from './given.ts'

interface Solving {
  alpha: number
  ridge: number
}

/** from: whose inputs they are. */
export function regression(of: MergeCard<typeof parameters>, from: 'own' | 'merged'): Merge {
  return merge(of, {
    by: 'tensor',
    of: 'all',
    inTurn: true,
    collects: ({ images, seed }) => ({ what: 'inputs', of: from, images, seed }),
    prepare(sources, parameters) {
      const all = statisticsOf(sources, of.title)
      return async (part) => {
        const [moments, mean] = [ofPart(all, part), await meanOf(part)]
        if (!moments || part.shape.length !== 2) return [mean]
        return [await withDoubles((device) => solved(device, part, moments, mean, parameters))]
      }
    },
  })
}

async function solved(
  device: DoubleDevice,
  part: Part,
  moments: readonly Checkpoint[],
  mean: Float64Array,
  { alpha, ridge }: Solving,
): Promise<Float64Array> {
  const taus = tausOf(device, part)
  const { rows: m, columns: n, count } = taus
  const shares = sharesOf(part.weights)
  const middle = device.matrix(m, n, mean)
  const [a, b] = [device.matrix(n, n), device.matrix(m, n)]
  for (let t = 0; t < count; t++)
    await inScope(device, async () => {
      const g = await readMoments(device, at(moments, t), part.name, n)
      shrunk(device, g, alpha)
      scaled(device, g, at(shares, t))
      added(device, a, g)
      const tau = await taus.read(t)
      added(device, tau, middle, -1)
      multiplyInto(device, 'add', viewOf(tau), viewOf(g), viewOf(b))
    })
  if (solve(device, a, b, ridge)) added(device, middle, b)
  return Float64Array.from(device.values(middle))
}

/** Off the diagonal times alpha. */
function shrunk(device: DoubleDevice, g: Matrix, alpha: number): void {
  const values = device.values(g)
  for (let i = 0; i < g.rows; i++)
    for (let j = 0; j < g.columns; j++) if (i !== j) values[i * g.columns + j] = alpha * at(values, i * g.columns + j)
}

const least = 1e-10 // of a ridge that had to be

/** B becomes B (A + ridge mean(diag A) I)^-1, with more of a ridge where that is singular; false: A says nothing. */
function solve(device: DoubleDevice, a: Matrix, b: Matrix, ridge: number): boolean {
  const values = device.values(a)
  let trace = 0
  for (let i = 0; i < a.rows; i++) trace += at(values, i * a.rows + i)
  const unit = trace / a.rows
  if (!(unit > 0)) return false
  const l = device.matrix(a.rows, a.rows)
  for (let by = ridge; by <= 1; by = Math.max(least, 10 * by)) {
    const factor = device.values(l)
    factor.set(device.values(a))
    for (let i = 0; i < a.rows; i++) factor[i * a.rows + i] = at(factor, i * a.rows + i) + by * unit
    try {
      cholesky(device, l)
    } catch (error) {
      if (!(error instanceof RangeError)) throw error
      continue
    }
    solveRight(device, l, b)
    return true
  }
  return false
}
