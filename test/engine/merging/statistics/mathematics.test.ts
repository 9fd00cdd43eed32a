// The merges that look at images, given what the images say: Fisher and RegMean against what fusion_bench 0.2.33 gave
// (test/golden/merges/edge.json), all against a plain float64 reference, and what has to hold whatever the models.
import { describe, expect, test } from 'vitest'

import { mergeCard } from '../../../../src-main/contract/merges/step.ts'
import { expectNear, fixture, type Nested, type Tensors } from '../../../golden/merges/models.ts'
import { type Dense, eigenOf, identity, inverse, normOf, plus, polarOf, times, times1, transposed } from './dense.ts'
import {
  base,
  m,
  meanOf,
  mergedBy,
  models,
  moments,
  n,
  names,
  near,
  one,
  random,
  rounded,
  stats,
  zeros,
} from './models.ts'

interface Edge {
  method: string
  inputs: Dense[]
  fisher?: Dense[]
  acts?: Dense[]
  params: { normalize_fisher_weight?: boolean; reduce_non_diagonal_ratio?: number }
  out: Nested
}
const edges = fixture<{ cases: Edge[] }>('edge.json').cases
const fusionBench = (name: string) => mergeCard(name).presets?.['as fusion_bench']?.parameters ?? {}

test.each(edges.filter(({ method }) => method === 'fisher'))('Fisher of fusion_bench: $params', async (edge) => {
  const { inputs, fisher = [], params, out } = edge
  const parameters = { ...fusionBench('fisher'), normalize: params.normalize_fisher_weight }
  const [found] = await mergedBy(
    { x: zeros(inputs[0] as Dense) },
    inputs.map((x) => ({ x })),
    fisher.map((x) => ({ x })),
    { method: 'fisher', parameters },
  )
  expectNear(found?.['x'] ?? [], out, 'x')
})

test.each(
  edges
    .filter(({ method }) => method === 'regmean')
    .flatMap((edge) => ['regmean', 'regmean-plus-plus'].map((name) => ({ name, ...edge }))),
)('$name of fusion_bench: $params', async ({ name, inputs, acts = [], params, out }) => {
  const parameters = { ...fusionBench(name), alpha: params.reduce_non_diagonal_ratio }
  const [found] = await mergedBy(
    { x: zeros(inputs[0] as Dense) },
    inputs.map((x) => ({ x })),
    acts.map((x) => ({ x: moments(x) })),
    { method: name, parameters },
  )
  expectNear(found?.['x'] ?? [], out, 'x')
})

const taus = (name: string): number[][][] => models.map((model) => plus(model[name] as Dense, base[name] as Dense, -1))
const at2 = (a: Dense, j: number): number => (a[j] as readonly number[])[j] as number

describe('against a plain reference', () => {
  test('RegMean', async () => {
    const found = await one('regmean', { alpha: 0.9, ridge: 0 })
    for (const name of names) {
      const grams = stats.map((s) => (s[name] as Dense).map((row, i) => row.map((v, j) => (i === j ? v : 0.9 * v))))
      const whole = grams.reduce((a, b) => plus(a, b))
      const right = models.map((w, t) => times(w[name] as Dense, grams[t] as Dense)).reduce((a, b) => plus(a, b))
      near(found[name], times(right, inverse(whole)), name)
    }
    expectNear(found['b'] ?? [], [2.5, -3, 2], 'b')
  })

  test('PAVE, whose rank is shared out over the layers', async () => {
    const found = await mergedBy(base, models, stats, { method: 'pave', parameters: { share: 0.4, ridge: 0.01 } })
    expect(found).toHaveLength(3)
    for (const [t, tensors] of found.entries()) {
      const brought = names.map((name) => {
        const c = stats[t]?.[name] as Dense
        const unit = meanOf(c.map((row, i) => row[i] as number))
        return plus(c, identity(n), 0.01 * unit)
      })
      const spectra = names.map((name, l) => {
        const x = times(models[t]?.[name] as Dense, brought[l] as Dense)
        return { x, ...eigenOf(times(transposed(x), x)) }
      })
      const all = spectra
        .flatMap(({ values }, l) => values.map((v) => ({ l, size: Math.sqrt(v / (values[0] as number)) })))
        .sort((a, b) => b.size - a.size)
        .slice(0, Math.floor(0.4 * 2 * n))
      for (const [l, name] of names.entries()) {
        const r = Math.max(1, all.filter((of) => of.l === l).length)
        const kept = (spectra[l]?.vectors ?? []).slice(0, r)
        const x = spectra[l]?.x as Dense
        near(
          tensors[name],
          times(times(times(x, transposed(kept)), kept), inverse(brought[l] as Dense)),
          `${t} ${name}`,
        )
      }
      expectNear(tensors['b'] ?? [], models[t]?.['b'] as Nested, 'b')
    }
  })

  test('ESM', async () => {
    const found = await one('esm')
    const deltas = names.map((name) => {
      const r = Math.floor(m / 3)
      const sizes = taus(name).map((tau) => normOf(tau) ** 2)
      const parts = taus(name).map((tau, t) => {
        const { values, vectors } = eigenOf(times(times(tau, stats[t]?.[name] as Dense), transposed(tau)))
        const mean = meanOf(values.slice(0, r))
        const raw = values.slice(0, r).map((l) => (l / mean) ** 0.15)
        const factors = raw.map((f) => f / meanOf(raw))
        const u = vectors.slice(0, r).map((row, k) => row.map((v) => v * (factors[k] as number)))
        const v = times(vectors.slice(0, r), tau)
        return { u, v: v.map((row, k) => row.map((x) => x * (factors[k] as number) * (sizes[t] as number))) }
      })
      const u = parts.flatMap((part) => part.u)
      const v = times1(
        parts.flatMap((part) => part.v),
        1 / meanOf(sizes),
      )
      const lengths = transposed(v).map((column) => normOf([column]))
      const scaled = v.map((row) => row.map((x, j) => x * ((lengths[j] as number) / meanOf(lengths)) ** 2))
      const [left, right] = [polarOf(u), polarOf(scaled)]
      return times1(times(transposed(left.factor), right.factor), 2 * meanOf(left.singular) * meanOf(right.singular))
    })
    const middle = meanOf(deltas.map(normOf))
    for (const [l, name] of names.entries()) {
      const delta = deltas[l] as Dense
      near(found[name], plus(base[name] as Dense, delta, (normOf(delta) / middle) ** 2), name)
    }
    expectNear(found['b'] ?? [], [2.5, -3, 2], 'b')
  })
})

describe('whatever the models', () => {
  test.each(['fisher', 'regmean', 'regmean-plus-plus'])('%s of equal models is the model', async (method) => {
    const equal = models.map(() => models[0] as Tensors)
    const found = await one(method, {}, { models: equal, stats: method === 'fisher' ? models : stats })
    for (const [name, values] of Object.entries(models[0] as Tensors)) expectNear(found[name] ?? [], values, name)
  })

  test('equal statistics give the mean, and alpha 0 a mean of each input by itself', async () => {
    const same = names.map((name) => [name, rounded(identity(n))])
    const flatOf = models.map((): Tensors => Object.fromEntries(same))
    const mean = (name: string) =>
      times1(
        models.map((w) => w[name] as Dense).reduce((a, b) => plus(a, b)),
        1 / 3,
      )
    for (const method of ['regmean', 'fisher']) {
      const ones = models.map(
        (): Tensors => Object.fromEntries(names.map((name) => [name, random(m, n, 3).map((r) => r.map(() => 2))])),
      )
      const found = await one(method, method === 'regmean' ? { ridge: 0 } : {}, {
        models,
        stats: method === 'fisher' ? ones : flatOf,
      })
      for (const name of names) near(found[name], mean(name), `${method} ${name}`)
    }
    const found = await one('regmean', { alpha: 0, ridge: 0 })
    for (const name of names) {
      const weight = (t: number, j: number): number => at2(stats[t]?.[name] as Dense, j)
      const wanted = (base[name] as Dense).map((row, i) =>
        row.map((_, j) => {
          const all = models.map((w, t) => weight(t, j) * ((w[name] as Dense)[i]?.[j] as number))
          return (all.reduce((a, b) => a + b, 0) / models.reduce((sum, _, t) => sum + weight(t, j), 0)) as number
        }),
      )
      near(found[name], wanted, name)
    }
  })

  test('a model of weight 0 has no part', async () => {
    for (const method of ['fisher', 'regmean', 'hierarchical-ot']) {
      const own = method === 'fisher' ? models : stats
      const [found] = await mergedBy(base, models, own, { method, weights: [1, 0, 1] })
      const scaledModels = models.filter((_, t) => t !== 1)
      const [wanted] = await mergedBy(
        base,
        scaledModels,
        own.filter((_, t) => t !== 1),
        { method },
      )
      for (const name of names) expectNear(found?.[name] ?? [], wanted?.[name] ?? [], `${method} ${name}`)
    }
  })

  test('PAVE with all directions leaves the vectors as they are', async () => {
    const found = await mergedBy(base, models, stats, { method: 'pave', parameters: { share: 1 } })
    for (const [t, tensors] of found.entries())
      for (const name of names) near(tensors[name], models[t]?.[name] as Dense, name)
  })
})
