// Arcee Fusion (mergekit): of the second model's differences from the first those stay that matter, by size and by how
// much they change their row as a distribution:
//   importance = |tau| KL(softmax(theta_2) | softmax(theta_1)),   kept: importance >= median + 1.5 (Q3 - Q1)
// of each tensor. A row is of the last dimension. Quantiles are exact, of all elements.
import { arceeFusion as card } from '../../../contract/merges/pairs/arcee-fusion.ts'
import { element } from '../../../numbers/vectors.ts'
import { atRanks, type Ranked } from '../facts/ranks.ts'
import { type Region, scoped } from '../facts/region.ts'
import { difference, merge, type Part } from '../merge.ts'

export const arceeFusion = merge(card, {
  by: 'slice',
  of: 'all',
  prepare(sources, { spread }) {
    const facts = scoped(sources, { scope: 'tensor', ofModels: true, row: rowOf }, async (region, { shape }) => {
      const length = rowOf(shape)
      const rows = await divergences(region, length)
      const last = region.size - 1
      const streams = async function* (): AsyncGenerator<Float64Array[]> {
        for await (const part of region.pass()) yield [importances(part, rows, length)]
      }
      const [found = []] = await atRanks(streams, [[0.25, 0.5, 0.75].map((q) => Math.trunc(q * last))])
      const [low = 0, median = 0, high = 0] = found.map(({ value }: Ranked) => value)
      return { rows, threshold: Math.fround(median + spread * (high - low)) }
    })
    return async (part) => {
      const { rows, threshold } = await facts(part)
      const [a, b] = part.vectors as [Float64Array, Float64Array]
      const found = importances(part, rows, rowOf(part.shape))
      return [a.map((v, i) => (Math.fround(element(found, i)) >= threshold ? element(b, i) : v))]
    }
  },
})

const rowOf = (shape: readonly number[]): number => Math.max(1, shape.at(-1) ?? 1)

function importances({ vectors, first }: Part, rows: Float64Array, length: number): Float64Array {
  const [a, b] = vectors as [Float64Array, Float64Array]
  return a.map((v, i) => Math.abs(difference(element(b, i), v)) * element(rows, Math.floor((first + i) / length)))
}

/** KL of each row's softmax in the second model from that in the first. */
async function divergences(region: Region, length: number): Promise<Float64Array> {
  const rows: number[] = []
  for await (const { vectors } of region.pass()) {
    const [a, b] = vectors as [Float64Array, Float64Array]
    for (let at = 0; at < a.length; at += length)
      rows.push(divergence(softmax(b.subarray(at, at + length)), softmax(a.subarray(at, at + length))))
  }
  return Float64Array.from(rows)
}

const tiny = 1e-8

function divergence(p: Float64Array, q: Float64Array): number {
  return Math.max(
    0,
    p.reduce((sum, v, i) => sum + (v + tiny) * Math.log((v + tiny) / (element(q, i) + tiny)), 0),
  )
}

function softmax(row: Float64Array): Float64Array {
  const most = row.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY)
  const powers = row.map((v) => (Number.isFinite(v) ? Math.exp(v - most) : 0))
  const sum = powers.reduce((a, b) => a + b, 0)
  return powers.map((v) => (sum > 0 ? v / sum : 0))
}
