// Blocks of a model in groups that a hand can move: embeddings, a third of the layers each, and what stands behind
// them; or layer by layer. Made of the names of a coefficient table's columns, tensors or layers, in any layout.
export interface BlockGroup {
  readonly name: string
  readonly columns: readonly number[]
}

export const divisions = ['all', 'parts', 'layers'] as const
export type Division = (typeof divisions)[number]

const parts = ['embeddings', 'early', 'middle', 'late', 'final'] as const

/** Of the columns of a table, in their order; groups without a column are left out. */
export function blockGroups(columns: readonly string[], division: Division): BlockGroup[] {
  if (division === 'all' || columns.length < 2) return [{ name: 'all blocks', columns: [...columns.keys()] }]
  const places = columns.map(placeOf)
  const layers = places.filter((place) => typeof place === 'number')
  const depth = layers.length > 0 ? Math.max(...layers) + 1 : 0
  const nameOf = (place: Place): string =>
    typeof place !== 'number' ? place : division === 'layers' ? `layer ${place}` : thirdOf(place, depth)
  const found = Map.groupBy(places.keys(), (column) => nameOf(places[column] ?? 'embeddings'))
  const order = division === 'layers' ? ['embeddings', ...inLayers(depth), 'final'] : parts
  return order.flatMap((name) => {
    const own = found.get(name)
    return own ? [{ name, columns: own }] : []
  })
}

type Place = number | 'embeddings' | 'final'

/** Of "visual.transformer.resblocks.3.attn.in_proj_weight", "layer 3" or "output". */
function placeOf(column: string): Place {
  const layer = /\b(?:resblocks|layers|blocks|layer)[. ]?(\d+)\b/.exec(column)?.[1]
  if (layer !== undefined) return Number(layer)
  return /output|ln_post|ln_final|post_layernorm|proj$|projection|attnpool/.test(column) ? 'final' : 'embeddings'
}

function thirdOf(layer: number, depth: number): string {
  return parts[1 + Math.min(2, Math.floor((3 * layer) / depth))] ?? 'middle'
}

const inLayers = (depth: number): string[] => Array.from({ length: depth }, (_, layer) => `layer ${layer}`)
