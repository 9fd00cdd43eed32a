// Two merges that nobody needs, with all that a merge can ask for: one wants the norms of whole models before the first
// slice; one wants whole tensors and no base, and gives the whole model.
import { z } from 'zod'

import type { MergeCard } from '../../src-main/contract/merges/card.ts'
import { merge } from '../../src-main/engine/merging/merge.ts'
import { readSlice } from '../../src-main/engine/weights/slices.ts'

const loudParameters = z.strictObject({
  gain: z.number().gt(0).max(4).default(1).meta({ description: 'of the loudest' }),
})
export const loudCard = {
  name: 'toy-loudest',
  title: 'Toy loudest',
  kind: 'vectors',
  paper: { title: 'A toy', where: 'this test', year: 2026 },
  sentence: 'Takes of every element the largest, of vectors brought to one norm',
  when: 'To see that one card is all of it',
  costs: 'One pass over the files',
  equation: 'τ = g max_t τ_t / |τ_t|',
  parameters: loudParameters,
  needs: { base: true, least: 2 },
  coefficient: 0.5,
  gives: () => 'one',
} as const satisfies MergeCard<typeof loudParameters>

export const loudest = merge(loudCard, {
  by: 'slice',
  of: 'all',
  async prepare({ base, vectors, parameters }, { gain }) {
    const norms: number[] = []
    for (const vector of vectors) {
      let sum = 0
      for (const [name, [n = 0]] of parameters) {
        const [theta, still] = [new Float32Array(n), new Float32Array(n)]
        await readSlice(vector, name, 0, n, theta)
        await readSlice(base, name, 0, n, still)
        for (const [i, v] of theta.entries()) sum += (v - (still[i] as number)) ** 2
      }
      norms.push(Math.sqrt(sum))
    }
    return ({ vectors: taus }) => {
      const scaled = taus.map((tau, t) => tau.map((v) => (gain * v) / (norms[t] as number)))
      return [(scaled[0] as Float64Array).map((_, i) => Math.max(...scaled.map((tau) => tau[i] as number)))]
    }
  },
})

const midwayParameters = z.strictObject({ goWhere: z.number().default(0.5).meta({ description: '0: the first' }) })
export const midwayCard = {
  name: 'toy-midway',
  title: 'Toy midway',
  kind: 'pairs',
  paper: null,
  sentence: 'Goes a way from one model to another, at the norm of the first in every tensor',
  when: 'To see that one card is all of it',
  costs: 'One pass over the files',
  equation: 'θ = |a| ((1 − t) a + t b) / |(1 − t) a + t b|',
  parameters: midwayParameters,
  needs: { base: false, least: 2, most: 2 },
  coefficient: 1,
  gives: () => 'model',
} as const satisfies MergeCard<typeof midwayParameters>

export const normOf = (values: ArrayLike<number>): number =>
  Math.sqrt(Array.from(values).reduce((sum, v) => sum + v * v, 0))
export const midway = merge(midwayCard, {
  by: 'tensor',
  of: 'all',
  prepare:
    (_, { goWhere: t }) =>
    ({ shape, first, vectors: [a, b] }) => {
      if (!a || !b || first !== 0 || a.length !== shape.reduce((x, y) => x * y, 1))
        throw new Error('not a whole tensor')
      const mixed = a.map((v, i) => (1 - t) * v + t * (b[i] as number))
      const scale = normOf(a) / normOf(mixed)
      return [mixed.map((v) => scale * v)]
    },
})
