// A layer of a merge's report as a row: ranges over vectors and pairs, means over matrices; null where it was not
// computed.
import { isThere, type LayerReport } from './report.ts'

interface LayerRow {
  name: string
  elements: number
  norms: [number, number] | null
  cosines: [number, number] | null
  conflicts: number | null
  rank: number | null // of the shorter side
  overlap: number | null
}

export function layerRow({ layer, elements, norms, cosines, conflicts, matrices }: LayerReport): LayerRow {
  const found = isThere(matrices) ? matrices : []
  const overlaps = found.flatMap(({ interference }) => (isThere(interference) ? [interference.relative] : []))
  return {
    name: layer,
    elements,
    norms: spanOf(norms),
    cosines: isThere(cosines) ? spanOf(cosines.flatMap((row, i) => row.slice(0, i))) : null,
    conflicts: isThere(conflicts) ? conflicts : null,
    rank: meanOf(found.flatMap(({ ranks, shape }) => ranks.map((rank) => rank / Math.min(...shape)))),
    overlap: meanOf(overlaps),
  }
}

/** Why singular values were not computed, each reason once. */
export function notComputed(layers: readonly LayerReport[]): string[] {
  const left = layers.flatMap(({ layer, matrices }): { of: string; why: string }[] => {
    if (!isThere(matrices)) return [{ of: `rank and overlap of ${layer}`, why: matrices.skipped }]
    return matrices.flatMap(({ tensor, interference }) =>
      isThere(interference) ? [] : [{ of: `overlap of ${tensor}`, why: interference.skipped }],
    )
  })
  return [...Map.groupBy(left, ({ why }) => why)].map(([why, all]) => {
    const others = all.length > 1 ? ` and ${all.length - 1} more` : ''
    return `not computed: ${all[0]?.of}${others}: ${why}`
  })
}

const spanOf = (values: readonly number[]): [number, number] | null =>
  values.length ? [Math.min(...values), Math.max(...values)] : null

const meanOf = (values: readonly number[]): number | null =>
  values.length ? values.reduce((a, b) => a + b, 0) / values.length : null
