// The merges that look at images, given what the images say: Fisher and RegMean against what fusion_bench 0.2.33 gave
// (test/golden/merges/edge.json), all against a plain float64 reference, what has to hold whatever the models, and what
// becomes of statistics that say nothing.
import { describe, expect, test } from 'vitest'

import { mergeCard } from '../../../../src-main/contract/merges/step.ts'
import { expectNear, fixture, flat, type Nested, type Tensors } from '../../../golden/merges/models.ts'
import { noise } from '../spectral/parts.ts'
import { type Dense, eigenOf, identity, inverse, normOf, plus, polarOf, times, times1, transposed } from './dense.ts'
import { mergedBy } from './models.ts'

interface Edge {
  method: string
  inputs: Dense[]
  fisher?: Dense[]
  acts?: Dense[]
  params: { normalize_fisher_weight?: boolean; reduce_non_diagonal_ratio?: number }
  out: Nested
}
const edges = fixture<{ cases: Edge[] }>('edge.json').cases
const zeros = (like: Dense): number[][] => like.map((row) => row.map(() => 0))
const fusionBench = (name: string) => mergeCard(name).presets?.['as fusion_bench']?.parameters ?? {}
const moments = (x: Dense): number[][] => times1(times(transposed(x), x), 1 / x.length)

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

/** (m, n), to float32. */
function random(m: number, n: number, seed: number, scale = 1): number[][] {
  const values = noise(m * n, seed)
  return Array.from({ length: m }, (_, i) =>
    Array.from({ length: n }, (_, j) => Math.fround(scale * (values[i * n + j] as number))),
  )
}
const rounded = (a: Dense): number[][] => a.map((row) => row.map(Math.fround))

const [m, n] = [6, 5]
const names = ['layers.0.w', 'layers.1.w']
const base: Tensors = { ...Object.fromEntries(names.map((name, l) => [name, random(m, n, 1 + l)])), b: [0.5, -1, 2] }
const models = [1, 2, 3].map(
  (t): Tensors => ({
    ...Object.fromEntries(
      names.map((name, l) => [name, rounded(plus(base[name] as Dense, random(m, n, 10 * t + l, 0.3)))]),
    ),
    b: [0.5 + t, -1 - t, 2],
  }),
)
const stats = [1, 2, 3].map(
  (t): Tensors => Object.fromEntries(names.map((name, l) => [name, rounded(moments(random(9, n, 100 * t + l)))])),
)
const taus = (name: string): number[][][] => models.map((model) => plus(model[name] as Dense, base[name] as Dense, -1))
const at2 = (a: Dense, j: number): number => (a[j] as readonly number[])[j] as number
const meanOf = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length
const one = async (method: string, parameters: Record<string, unknown> = {}, of = { models, stats }) =>
  (await mergedBy(base, of.models, of.stats, { method, parameters }))[0] ?? {}

const near = (found: readonly number[] | undefined, wanted: Dense, what: string): void =>
  expectNear(found ?? [], wanted as Nested, what)

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

describe('statistics that say nothing', () => {
  const mean = (name: string): number[] =>
    flat(models[0]?.[name] as Nested).map((_, i) => meanOf(models.map((w) => flat(w[name] as Nested)[i] as number)))
  const zeroed = models.map((): Tensors => Object.fromEntries(names.map((name) => [name, zeros(identity(n))])))

  test.each(['regmean', 'regmean-plus-plus'])('%s: zero moments, or none at all, are the mean', async (method) => {
    for (const own of [zeroed, models.map((): Tensors => ({ other: [1] }))]) {
      const found = await one(method, {}, { models, stats: own })
      for (const name of [...names, 'b']) expectNear(found[name] ?? [], mean(name), name)
    }
  })

  test('Fisher of zeros is the mean, also with nothing added', async () => {
    const own = models.map((): Tensors => Object.fromEntries(names.map((name) => [name, zeros(base[name] as Dense)])))
    for (const parameters of [{}, { least: 0 }, { least: 0, normalize: false }]) {
      const found = await one('fisher', parameters, { models, stats: own })
      for (const name of [...names, 'b']) expectNear(found[name] ?? [], mean(name), name)
    }
  })

  test('a singular matrix has an answer: what no image brings out stays the mean', async () => {
    const row = [1, 2, 0, 0, 0]
    const own = models.map(
      (_, t): Tensors => Object.fromEntries(names.map((name) => [name, moments([row.map((v) => v * (t + 1))])])),
    )
    for (const parameters of [{ alpha: 1, ridge: 0 }, { alpha: 0.95 }, { alpha: 0.95, ridge: 0 }]) {
      const found = await one('regmean', parameters, { models, stats: own })
      for (const name of names)
        for (const [i, v] of (found[name] ?? []).entries())
          if (i % n > 1) expect(Math.abs(v - (mean(name)[i] as number))).toBeLessThan(1e-5)
          else expect(Math.abs(v)).toBeLessThan(10)
    }
  })

  test.each(['regmean', 'pave', 'esm', 'fisher'])(
    '%s of one task without images is made of numbers',
    async (method) => {
      const own =
        method === 'fisher'
          ? models.map((of, t): Tensors => (t ? of : { b: [0, 0, 0] }))
          : stats.map((of, t) => (t ? of : (zeroed[0] as Tensors)))
      for (const tensors of await mergedBy(base, models, own, { method }))
        for (const values of Object.values(tensors)) expect(values.every(Number.isFinite)).toBe(true)
    },
  )

  test.each(['regmean', 'pave', 'esm', 'fisher', 'hierarchical-ot'])(
    '%s of the pre-trained model itself is it',
    async (method) => {
      const still = models.map(() => base)
      const own = method === 'fisher' ? models : stats
      const all = await mergedBy(base, still, own, { method, parameters: method === 'pave' ? { share: 1 } : {} })
      for (const tensors of all)
        for (const [name, values] of Object.entries(base)) expectNear(tensors[name] ?? [], values, name)
    },
  )

  test('bfloat16 models are merged in float64 and rounded once', async () => {
    const cut = (x: number): number => {
      const bits = new Uint32Array(Float32Array.of(x).buffer)
      return new Float32Array(Uint32Array.of(((bits[0] as number) >>> 16) << 16).buffer)[0] as number
    }
    const coarse = (of: Tensors): Tensors =>
      Object.fromEntries(
        Object.entries(of).map(([name, v]) => [
          name,
          (v as Dense).map((row) => (Array.isArray(row) ? row.map(cut) : cut(row as unknown as number))),
        ]),
      ) as Tensors
    for (const method of ['regmean', 'fisher', 'pave', 'esm']) {
      const own = method === 'fisher' ? models : stats
      const [narrow] = await mergedBy(base, models, own, { method }, 'BF16')
      const [wide] = await mergedBy(coarse(base), models.map(coarse), own, { method })
      expect(narrow, method).toEqual(wide)
    }
  })

  test.each(['regmean', 'fisher', 'pave', 'esm'])('%s without statistics is refused in a sentence', async (method) => {
    await expect(mergedBy(base, models, [], { method })).rejects.toMatchObject({
      record: { code: 'config-invalid', why: 'there are 3 models, and statistics of 0' },
    })
  })

  test('statistics of other models are refused by name', async () => {
    const own = stats.map((): Tensors => Object.fromEntries(names.map((name) => [name, identity(n + 1)])))
    await expect(one('regmean', {}, { models, stats: own })).rejects.toMatchObject({ record: { code: 'tensor-shape' } })
  })
})

describe('hierarchical optimal transport', () => {
  const attention = 'layers.0.attn.out_proj.weight'
  const still: Tensors = { [attention]: random(8, 8, 5), other: [3, 4], rest: [1, 1] }
  const step = { method: 'hierarchical-ot' }

  test('finds back neurons that are in another order', async () => {
    const rows = still[attention] as Dense
    const order = [3, 0, 7, 1, 2, 6, 5, 4]
    const moved: Tensors = { ...still, [attention]: order.map((i) => rows[i] as number[]) }
    const [found] = await mergedBy(still, [moved, still], [], { ...step, parameters: { blur: 0.002, iterations: 200 } })
    expectNear(found?.[attention] ?? [], still[attention] as Nested, attention)
  })

  test('weighs what is no attention by cosines', async () => {
    const two: Tensors[] = [
      { ...still, other: [6, 8] },
      { ...still, other: [8, -6] },
      { ...still, other: [4, 3] },
    ]
    const [found] = await mergedBy(still, two, [], step)
    const shares = [1, 0, 0.96].map((c) => c / 1.96) // of cosines 1, 0 and 24 / 25
    expectNear(
      found?.['other'] ?? [],
      [0, 1].map((i) =>
        two.reduce((sum, of, t) => sum + (shares[t] as number) * ((of['other'] as number[])[i] as number), 0),
      ),
      'other',
    )
  })
})
