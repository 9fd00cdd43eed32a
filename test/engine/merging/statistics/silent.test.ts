// What merges that look at images answer where the statistics say nothing, or too little, or are none of theirs:
// numbers, and as near to the mean as can be; or a sentence.
import { describe, expect, test } from 'vitest'

import { expectNear, flat, type Nested, type Tensors } from '../../../golden/merges/models.ts'
import { type Dense, identity } from './dense.ts'
import { base, meanOf, mergedBy, models, moments, n, names, one, stats, zeros } from './models.ts'

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
