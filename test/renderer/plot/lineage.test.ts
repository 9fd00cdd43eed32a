// A graph from left to right: nothing overlaps, and what came of something stands right of it.
import { expect, it } from 'vitest'

import { box, edgePath, layout } from '../../../src-renderer/plot/lineage.ts'

/** Models and runs by turns, each of up to three of those before; deterministic. */
function graph(nodes: number) {
  const keys = Array.from({ length: nodes }, (_, i) => `n${i}`)
  const edges = keys.flatMap((key, i) =>
    [1, 4, 9].flatMap((back) =>
      i - back * ((i % 3) + 1) >= 0 && i > 6 ? [{ from: `n${i - back * ((i % 3) + 1)}`, to: key }] : [],
    ),
  )
  return { keys, edges }
}

it('a hundred nodes stand apart, each right of what it comes from, on every try at the same place', () => {
  const { keys, edges } = graph(100)
  const { nodes, width, height } = layout(keys, edges)
  expect(nodes).toHaveLength(100)
  expect(layout(keys, edges).nodes).toEqual(nodes)
  const at = new Map(nodes.map((node) => [node.key, node]))
  for (const { from, to } of edges) expect(at.get(from)?.column ?? 0).toBeLessThan(at.get(to)?.column ?? 0)
  for (const [i, a] of nodes.entries())
    for (const b of nodes.slice(i + 1))
      expect(a.column !== b.column || Math.abs(a.y - b.y) >= box.height + box.gapY - 1e-9).toBe(true)
  for (const { x, y } of nodes)
    expect(x >= 0 && y >= -1e-9 && x + box.width <= width + 1e-9 && y + box.height <= height + 1e-9).toBe(true)
})

it('siblings stand in the order of what they come from, so that their edges do not cross', () => {
  const { nodes } = layout(
    ['a', 'b', 'c', 'ofC', 'ofA', 'ofB'],
    [
      { from: 'c', to: 'ofC' },
      { from: 'a', to: 'ofA' },
      { from: 'b', to: 'ofB' },
    ],
  )
  const order = (column: number) =>
    nodes
      .filter((n) => n.column === column)
      .sort((a, b) => a.y - b.y)
      .map(({ key }) => key)
  expect(order(1)).toEqual(order(0).map((key) => `of${key.toUpperCase()}`))
})

it('a circle and a lone node are drawn too', () => {
  expect(
    layout(
      ['a', 'b'],
      [
        { from: 'a', to: 'b' },
        { from: 'b', to: 'a' },
      ],
    ).nodes,
  ).toHaveLength(2)
  const {
    nodes: [one],
    width,
    height,
  } = layout(['a'], [])
  expect([one?.x, one?.y, width, height]).toEqual([0, 0, box.width, box.height])
  expect(layout([], []).nodes).toEqual([])
  expect(one && edgePath(one, { ...one, x: 300 })).toMatch(
    new RegExp(`^M${box.width} ${box.height / 2}C.* 300 ${box.height / 2}$`),
  )
})
