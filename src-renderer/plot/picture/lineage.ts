// A lineage as a picture: boxes with the names of models and runs, and curves from what something was made of. What is
// asked for has a thick edge, a file that is gone the colour of what is wrong.
import type { Lineage } from '../../../src-main/contract/api/lineage.ts'
import type { Point } from '../decimate.ts'
import { box, type Layout, type Placed } from '../lineage.ts'
import { briefly, isGone, stateOf, titleOf } from '../lineage-words.ts'
import type { Scene, Shape } from './shapes.ts'

const margin = 4
const pieces = 24 // of a curve

export function lineageScene({ nodes, edges, root }: Lineage, placed: Layout): Scene {
  const places = new Map(placed.nodes.map((node) => [node.key, node]))
  return {
    width: placed.width + 2 * margin,
    height: placed.height + 2 * margin,
    shapes: [
      ...edges.flatMap(({ from, to }): Shape[] => {
        const [a, b] = [places.get(from), places.get(to)]
        return a && b ? [{ is: 'line', points: curve(a, b), width: 1.2, colour: 'edge' }] : []
      }),
      ...nodes.flatMap((node): Shape[] => {
        const at = places.get(node.key)
        if (!at) return []
        const [x, y, gone] = [at.x + margin, at.y + margin, isGone(node)]
        const colour = node.kind === 'model' ? 'panel' : 'leaf-tint'
        const outline = [
          { x, y },
          { x: x + box.width, y },
          { x: x + box.width, y: y + box.height },
          { x, y: y + box.height },
          { x, y },
        ]
        const [edge, width] = node.key === root ? ['ink', 2.5] : [gone ? 'bad' : 'edge', 1]
        return [
          { is: 'rectangle', x, y, width: box.width, height: box.height, colour },
          { is: 'line', points: outline, width, colour: edge, ...(gone && { dash: [4, 3] }) },
          { is: 'text', x: x + 14, y: y + 19, text: briefly(titleOf(node)), size: 12, bold: true, colour: 'ink' },
          { is: 'text', x: x + 14, y: y + 34, text: stateOf(node), colour: gone ? 'bad' : 'quiet' },
        ]
      }),
    ],
  }
}

/** As `edgePath` of ../lineage.ts: level at both ends. */
function curve(from: Placed, to: Placed): Point[] {
  const [a, d] = [
    { x: from.x + box.width + margin, y: from.y + box.height / 2 + margin },
    { x: to.x + margin, y: to.y + box.height / 2 + margin },
  ]
  const bend = Math.max(24, (d.x - a.x) / 2)
  return Array.from({ length: pieces + 1 }, (_, i) => {
    const t = i / pieces
    const [p, q, r, s] = [(1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t ** 3]
    return { x: p * a.x + q * (a.x + bend) + r * (d.x - bend) + s * d.x, y: (p + q) * a.y + (r + s) * d.y }
  })
}
