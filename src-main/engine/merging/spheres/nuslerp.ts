// NuSLERP (mergekit): SLERP of two models, or of their task vectors, as far as the second's weight says:
//   t = w_2 / (w_1 + w_2)
// of a tensor as one vector, of each row by itself, or of each column. It is a line where the two are parallel.
import { nuslerp as card } from '../../../contract/merges/spheres/nuslerp.ts'
import { add, at, element } from '../../../numbers/vectors.ts'
import { type Region, scoped } from '../facts/region.ts'
import { merge } from '../merge.ts'
import { arc, cosineOf } from './arc.ts'

type Along = 'tensor' | 'rows' | 'columns'

export const nuslerp = merge(card, {
  by: 'slice',
  of: 'all',
  prepare(sources, { of, along }) {
    const ofModels = of === 'models'
    const cosines = scoped(sources, { scope: 'tensor', ofModels }, (region, { shape }) =>
      cosinesOf(region, along, shape),
    )
    return async (part) => {
      const { weights, vectors, shape, first, base } = part
      const found = await cosines(part)
      const [v = 1, w = 1] = weights
      const t = Math.abs(v + w) < 1e-6 ? 0.5 : w / (v + w)
      const arcs = Array.from(found, (cosine) => arc(t, cosine, parallel))
      const [a, b] = vectors as [Float64Array, Float64Array]
      const vectorOf = lineOf(along, shape)
      const between = a.map((x, i) => {
        const [c, d] = arcs[vectorOf(first + i)] as [number, number]
        const value = c * x + d * element(b, i)
        return Number.isFinite(value) ? value : at(base, i)
      })
      return [between]
    }
  },
})

const parallel = 1 - 1e-14

/** Of an element, which of a tensor's vectors it is of; a bias is one. */
function lineOf(along: Along, shape: readonly number[]): (i: number) => number {
  const last = shape.at(-1) ?? 1
  if (along === 'tensor' || shape.length < 2) return () => 0
  if (along === 'rows') return (i) => Math.floor(i / last)
  const inner = shape.slice(1).reduce((x, y) => x * y, 1)
  return (i) => i % inner
}

async function cosinesOf(region: Region, along: Along, shape: readonly number[]): Promise<Float64Array> {
  const vectorOf = lineOf(along, shape)
  const count = vectorOf(region.size - 1) + 1
  const lines = along === 'columns' && shape.length > 1 ? shape.slice(1).reduce((x, y) => x * y, 1) : count
  const [aa, bb, ab] = [new Float64Array(lines), new Float64Array(lines), new Float64Array(lines)]
  for await (const { vectors, first } of region.pass()) {
    const [a, b] = vectors as [Float64Array, Float64Array]
    for (let i = 0; i < a.length; i++) {
      const [x, y, line] = [element(a, i), element(b, i), vectorOf(first + i)]
      if (!Number.isFinite(x)) continue
      add(aa, line, x * x)
      add(bb, line, y * y)
      add(ab, line, x * y)
    }
  }
  return ab.map((dot, line) => cosineOf(dot, Math.sqrt(element(aa, line)), Math.sqrt(element(bb, line))))
}
