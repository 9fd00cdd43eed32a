// How two models differ, over all tensors and as a map of layers and kinds of tensor:
//   |b - a| / |a|  and  cos(a, b) = a.b / (|a| |b|),  where |b - a|^2 and a.b are sums over tensors.
import type { TensorDifference } from '../../src-main/contract/checkpoint.ts'
import { largestOf } from '../../src-main/contract/largest.ts'
import { coefficient, figure } from './format.ts'
import type { HeatRow } from './heat.ts'

export const differenceMeasures = { relative: 'Relative distance', angle: '1 − cosine' } as const
export type DifferenceMeasure = keyof typeof differenceMeasures

/** |b - a| / |a|, or 1 - cos(a, b), of one tensor; null where it is not known. */
export function measured(tensor: TensorDifference, measure: DifferenceMeasure): number | null {
  if (measure === 'angle') return tensor.cosine === null ? null : Math.max(0, 1 - tensor.cosine)
  if (tensor.distance === null || tensor.normA === null) return null
  return tensor.normA > 0 ? tensor.distance / tensor.normA : tensor.distance === 0 ? 0 : null
}

export interface DifferenceTotals {
  shared: number // tensors that both have, in the same shape
  equal: number // of these
  onlyA: number
  onlyB: number
  otherShape: number
  distance: number
  relative: number | null
  cosine: number | null
  largest: number
  nonFinite: number // places left out
}

export function totals(tensors: readonly TensorDifference[]): DifferenceTotals {
  const shared = tensors.filter((t) => t.distance !== null)
  const sum = (value: (t: TensorDifference) => number) => shared.reduce((s, t) => s + value(t), 0)
  const [distance, a, b] = [
    sum((t) => (t.distance ?? 0) ** 2),
    sum((t) => (t.normA ?? 0) ** 2),
    sum((t) => (t.normB ?? 0) ** 2),
  ].map(Math.sqrt) as [number, number, number]
  const product = sum((t) => (t.cosine ?? 0) * (t.normA ?? 0) * (t.normB ?? 0))
  return {
    shared: shared.length,
    equal: shared.filter((t) => t.distance === 0).length,
    onlyA: tensors.filter((t) => t.normB === null && t.normA !== null).length,
    onlyB: tensors.filter((t) => t.normA === null && t.normB !== null).length,
    otherShape: tensors.filter((t) => t.distance === null && t.normA !== null && t.normB !== null).length,
    distance,
    relative: a > 0 ? distance / a : null,
    cosine: a > 0 && b > 0 ? product / (a * b) : null,
    nonFinite: sum((t) => t.nonFinite),
    largest: shared.reduce((m, t) => Math.max(m, t.largest ?? 0), 0),
  }
}

/**
 * Rows are kinds ("attn.in_proj_weight"), columns layers; tensors of no layer share one row a tower, of its own length.
 * Every cell knows its tensor.
 */
export function differenceMap(
  tensors: readonly TensorDifference[],
  measure: DifferenceMeasure,
): { rows: HeatRow[]; layers: string[] } {
  const image = tensors.filter((t) => t.name.startsWith('visual.'))
  const rest = tensors.filter((t) => !t.name.startsWith('visual.'))
  const layered = [...layersOf(image, ''), ...layersOf(rest, image.length > 0 ? 'text ' : '')]
  const layers = largestOf(
    layered.map(([, cells]) => cells.length),
    0,
  )
  const outside = [
    ['outside layers', image.filter(isOutside)] as const,
    [image.length > 0 ? 'text outside layers' : 'outside layers', rest.filter(isOutside)] as const,
  ].filter(([, cells]) => cells.length > 0)
  const row = (name: string, cells: readonly (TensorDifference | undefined)[], count: number): HeatRow => {
    const places = Array.from({ length: count }, (_, i) => cells[i])
    return {
      name,
      values: places.map((t) => (t ? (measured(t, measure) ?? Number.NaN) : null)),
      cells: places.map((t) => t?.name ?? 'no tensor'),
    }
  }
  return {
    rows: [
      ...layered.map(([name, cells]) => row(name, cells, layers)),
      ...outside.map(([name, cells]) => row(name, cells, cells.length)),
    ],
    layers: Array.from({ length: layers }, (_, i) => `layer ${i}`),
  }
}

const layerName = /(?:^|\.)(?:resblocks|layers|blocks)\.(\d{1,3})\.(.+)$/
const isOutside = ({ name }: TensorDifference) => !layerName.test(name)

function layersOf(tensors: readonly TensorDifference[], tower: string): [string, (TensorDifference | undefined)[]][] {
  const rows = new Map<string, (TensorDifference | undefined)[]>()
  for (const tensor of tensors) {
    const [, layer, kind] = layerName.exec(tensor.name) ?? []
    if (kind === undefined) continue
    const row = rows.get(tower + kind) ?? []
    row[Number(layer)] = tensor
    rows.set(tower + kind, row)
  }
  return [...rows]
}

export function differenceSentence(tensors: readonly TensorDifference[], measure: DifferenceMeasure): string {
  const { shared, equal } = totals(tensors)
  if (shared === 0) return 'The two have no tensor in common.'
  if (equal === shared)
    return shared === 1 ? 'The one tensor they share is equal.' : `All ${shared} tensors they share are equal.`
  let most: { name: string; value: number } | null = null
  for (const tensor of tensors) {
    const value = measured(tensor, measure)
    if (value !== null && value > (most?.value ?? -1)) most = { name: tensor.name, value }
  }
  return `Of ${shared} shared tensors ${equal} ${equal === 1 ? 'is' : 'are'} equal; ${measure === 'relative' ? 'the largest relative distance' : 'the largest 1 − cosine'} is ${figure(most?.value)}, in ${most?.name}.`
}

/** Which two of several vectors point most alike. */
export function cosineSentence(rows: readonly HeatRow[]): string {
  let most: { a: string; b: string; value: number } | null = null
  rows.forEach(({ name, values }, i) =>
    values.forEach((value, j) => {
      const other = rows[j]
      if (j > i && other && value !== null && value > (most?.value ?? -2)) most = { a: name, b: other.name, value }
    }),
  )
  const { a, b, value } = most ?? { a: '', b: '', value: null }
  return value === null
    ? rows.length < 2
      ? 'There is one vector.'
      : 'No two of the vectors can be compared: one that is 0 has no direction.'
    : `${a} and ${b} point most alike, with a cosine of ${coefficient(value)}.`
}
