// A graph from left to right: a node stands one column behind the last of those it comes from; within columns nodes go
// where their neighbours are (the barycentre heuristic of layered drawing: Sugiyama et al., 1981), and never overlap.
export interface Placed {
  key: string
  column: number
  x: number
  y: number
}

export interface Layout {
  nodes: Placed[]
  width: number
  height: number
}

export const box = { width: 236, height: 44, gapX: 70, gapY: 14 }
const sweeps = 6

export function layout(keys: readonly string[], edges: readonly { from: string; to: string }[]): Layout {
  const before = neighbours(edges, 'to', 'from')
  const after = neighbours(edges, 'from', 'to')
  const columnOf = columns(keys, before)
  const last = Math.max(-1, ...columnOf.values())
  const ordered = Array.from({ length: last + 1 }, (_, c) => keys.filter((key) => columnOf.get(key) === c))
  for (let sweep = 0; sweep < sweeps; sweep++) {
    const forwards = sweep % 2 === 0
    const places = new Map(
      ordered.flatMap((column) => column.map((key, i) => [key, (i + 0.5) / column.length] as const)),
    )
    for (const column of ordered) {
      const middle = (key: string) => {
        const beside = (forwards ? before : after).get(key) ?? []
        const known = beside.map((other) => places.get(other) ?? 0)
        return known.length > 0 ? known.reduce((a, b) => a + b, 0) / known.length : (places.get(key) ?? 0)
      }
      const wanted = new Map(column.map((key) => [key, middle(key)]))
      column.sort((a, b) => (wanted.get(a) ?? 0) - (wanted.get(b) ?? 0))
    }
  }
  const tallest = Math.max(1, ...ordered.map((column) => column.length))
  const height = tallest * (box.height + box.gapY) - box.gapY
  const nodes = ordered.flatMap((column, c) => {
    const own = column.length * (box.height + box.gapY) - box.gapY
    return column.map(
      (key, i): Placed => ({
        key,
        column: c,
        x: c * (box.width + box.gapX),
        y: (height - own) / 2 + i * (box.height + box.gapY),
      }),
    )
  })
  return { nodes, width: Math.max(1, ordered.length) * (box.width + box.gapX) - box.gapX, height }
}

function neighbours(
  edges: readonly { from: string; to: string }[],
  by: 'from' | 'to',
  to: 'from' | 'to',
): Map<string, string[]> {
  const found = new Map<string, string[]>()
  for (const edge of edges) found.set(edge[by], [...(found.get(edge[by]) ?? []), edge[to]])
  return found
}

/** One behind the last it comes from; what would close a circle is passed over. */
function columns(keys: readonly string[], before: ReadonlyMap<string, readonly string[]>): Map<string, number> {
  const known = new Map<string, number>()
  const open = new Set<string>()
  const of = (key: string): number => {
    const done = known.get(key)
    if (done !== undefined) return done
    if (open.has(key)) return -1
    open.add(key)
    const column = 1 + Math.max(-1, ...(before.get(key) ?? []).map(of))
    open.delete(key)
    known.set(key, column)
    return column
  }
  for (const key of keys) of(key)
  return known
}

/** A curve from the right edge of a box to the left edge of another. */
export function edgePath(from: Placed, to: Placed): string {
  const [x, y] = [from.x + box.width, from.y + box.height / 2]
  const [u, v] = [to.x, to.y + box.height / 2]
  const bend = Math.max(24, (u - x) / 2)
  return `M${x} ${y}C${x + bend} ${y} ${u - bend} ${v} ${u} ${v}`
}
