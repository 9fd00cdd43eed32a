// Model Stock (Jang et al., ECCV 2024): of N fine-tuned models the point on the line from the pre-trained model to
// their mean that is nearest to the centre they lie around, told from the angle between their task vectors:
//   theta = t mean_i theta_i + (1 - t) theta_pre,   t = N c / (1 + (N - 1) c),   c = mean_{i<j} cos(tau_i, tau_j)
// of a tensor, or of each row. Vectors that point apart (c < 0) give t < 0, which is not cut off.
import { modelStock as card } from '../../../contract/merges/averages/model-stock.ts'
import { add, at, dot } from '../../../numbers/vectors.ts'
import { divisorOf } from '../consensus/agree.ts'
import { combination, type Gram, gramOf, normsOf } from '../facts/products.ts'
import { type Region, scoped } from '../facts/region.ts'
import { merge } from '../merge.ts'

export const modelStock = merge(card, {
  by: 'slice',
  of: 'all',
  prepare(sources, { scope, angle, floor }) {
    const ratio = (gram: Gram): number => ratioOf(cosineAmong(gram, angle, floor), gram.length)
    const ratios = scoped(
      sources,
      { scope: scope === 'row' ? 'tensor' : scope, row: scope === 'row' ? rowOf : () => 1 },
      async (region, { shape }) =>
        scope === 'row' ? (await gramsOfRows(region, rowOf(shape))).map(ratio) : [ratio(await gramOf(region))],
    )
    return async (part) => {
      const found = await ratios(part)
      const mean = combination(
        part,
        part.weights.map((w) => w / divisorOf(part.weights)),
      )
      const length = found.length > 1 ? rowOf(part.shape) : Number.POSITIVE_INFINITY
      return [mean.map((v, i) => at(found, Math.floor((part.first + i) / length)) * v)]
    }
  },
})

/** Of what a bias is one. */
const rowOf = (shape: readonly number[]): number =>
  Math.max(
    1,
    shape.slice(shape.length > 1 ? 1 : 0).reduce((a, b) => a * b, 1),
  )

async function gramsOfRows(region: Region, length: number): Promise<Gram[]> {
  const grams: Gram[] = []
  for await (const { vectors, base } of region.pass())
    for (let at = 0; at < base.length; at += length) {
      const rows = vectors.map((tau) => tau.subarray(at, at + length))
      grams.push(rows.map((a) => Float64Array.from(rows, (b) => dot(a, b))))
    }
  return grams
}

/** The mean of the cosines, or the cosine of the mean angle; of a vector that is 0 the cosine is 0. */
function cosineAmong(gram: Gram, angle: 'cosines' | 'angles', floor: number): number {
  const norms = normsOf(gram)
  const totals = new Float64Array(2) // of pairs, and how many
  for (const [i, row] of gram.entries())
    for (let j = 0; j < i; j++) {
      const size = Math.max(at(norms, i) * at(norms, j), floor)
      const cosine = size === 0 ? 0 : Math.max(-1, Math.min(1, at(row, j) / size))
      add(totals, 0, angle === 'cosines' ? cosine : Math.acos(cosine))
      add(totals, 1)
    }
  const [sum = 0, pairs = 1] = totals
  return angle === 'cosines' ? sum / pairs : Math.cos(sum / pairs)
}

/** t; where the line has no nearest point, 0. */
export function ratioOf(cosine: number, models: number): number {
  const divisor = 1 + (models - 1) * cosine
  return Math.abs(divisor) < 1e-6 ? 0 : (models * cosine) / divisor
}
