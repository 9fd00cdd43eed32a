// SLERP (Shoemake, SIGGRAPH 1985) of two models, tensor by tensor: the arc from the one to the other. Norms are not
// interpolated by themselves. Where |cos w| > 0.9995 it is a line.
import { slerp as card } from '../../../contract/merges/spheres/slerp.ts'
import { at } from '../../../numbers/vectors.ts'
import { combination, gramOf, normsOf } from '../facts/products.ts'
import { scoped } from '../facts/region.ts'
import { merge } from '../merge.ts'
import { arc, cosineOf } from './arc.ts'

export const slerp = merge(card, {
  by: 'slice',
  of: 'all',
  prepare(sources, { t, scope }) {
    const cosine = scoped(sources, { scope, ofModels: true }, async (region) => {
      const gram = await gramOf(region)
      const [a = 0, b = 0] = normsOf(gram)
      return cosineOf(at(at(gram, 0), 1), a, b)
    })
    return async (part) => [combination(part, arc(t, await cosine(part), 0.9995))]
  },
})
