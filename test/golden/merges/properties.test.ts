// What the mathematics says of merges without training, whatever the models: end points, means, order, and an answer
// that is a number for models that are zero, equal, opposite or tiny.
import { describe, expect, test } from 'vitest'

import { merges as cards } from '../../../src-main/contract/merges/index.ts'
import { ratioOf } from '../../../src-main/engine/merging/averages/model-stock.ts'
import { clippedMean } from '../../../src-main/engine/merging/federated/centred-clipping.ts'
import { objective, redundancy } from '../../../src-main/engine/merging/vectors/awd.ts'
import { greedySoup } from '../../../src-main/numbers/greedy-soup.ts'
import { expectNear, fixture, flat, merged, type Nested, type Tensors } from './models.ts'

const { base, tasks } = fixture<{ inputs: { base: Tensors; tasks: Tensors[] } }>('golden.json').inputs
const [one, two, three] = tasks as [Tensors, Tensors, Tensors]
const zero: Tensors = {
  w: [
    [0, 0, 0],
    [0, 0, 0],
  ],
  b: [0, 0],
}
const of = (by: number): Tensors => ({
  w: [
    [by, 2 * by, 0],
    [0, -by, by],
  ],
  b: [by, -by],
})

const same = (found: Record<string, number[]>, wanted: Tensors): void => {
  for (const [name, values] of Object.entries(wanted)) expectNear(found[name] ?? [], values, name)
}

describe.each(cards.filter(({ needs }) => !needs.statistics).map((card) => ({ name: card.name, card })))(
  '$name',
  ({ card }) => {
    const step = { method: card.name }
    const most = card.needs.most ?? 3
    const hasBase = typeof card.needs.base === 'function' ? card.needs.base(card.parameters.parse({})) : card.needs.base
    const start = (models: Tensors): Tensors | null => (hasBase ? models : null)

    test.each([
      ['all zero', [zero, zero, zero]],
      ['equal', [of(1), of(1), of(1)]],
      ['opposite', [of(1), of(-1), of(-1)]],
      ['tiny', [of(1e-30), of(2e-30), of(-1e-30)]],
      ['one of them zero', [of(1), zero, of(0.5)]],
    ])('gives numbers of models that are %s', async (_, models) => {
      const found = await merged(start(zero), models.slice(0, most), step)
      for (const values of Object.values(found)) expect(values.every(Number.isFinite)).toBe(true)
    })

    const isOfPlaces = ['slerp', 'nuslerp', 'nearswap', 'arcee-fusion', 'tall-masks', 'emr'].includes(card.name)
    if (!isOfPlaces && !('seed' in card.parameters.shape))
      test('does not depend on the order of the models', async () => {
        const there = await merged(start(base), [one, two, three], step)
        const back = await merged(start(base), [three, one, two], step)
        for (const [name, values] of Object.entries(there)) expectNear(back[name] ?? [], values, name)
      })

    for (const [preset, { parameters }] of Object.entries(card.presets ?? {}))
      test(`takes its preset "${preset}"`, async () => {
        const wants = typeof card.needs.base === 'function' ? card.needs.base(parameters) : card.needs.base
        const found = await merged(wants ? base : null, [one, two, three].slice(0, most), { ...step, parameters })
        for (const values of Object.values(found)) expect(values.every(Number.isFinite)).toBe(true)
      })
  },
)

test('task arithmetic is linear in its coefficient', async () => {
  const [half, whole] = [
    await merged(base, tasks, { method: 'task-arithmetic', coefficient: 0.5 }),
    await merged(base, tasks, { method: 'task-arithmetic', coefficient: 1 }),
  ]
  for (const [name, values] of Object.entries(whole)) {
    const still = flat(base[name] as Nested)
    expectNear(
      half[name] ?? [],
      values.map((v, i) => (v + (still[i] as number)) / 2),
      name,
    )
  }
})

test('TIES of one vector is its trim', async () => {
  const found = await merged({ x: [0, 0, 0, 0] }, [{ x: [1, -4, 3, 2] }], {
    method: 'ties',
    parameters: { density: 0.5 },
  })
  expect(found['x']).toEqual([0, -4, 3, 0])
})

test('DARE has the vector as its mean over seeds, and in L1 its norm', async () => {
  const [n, seeds, density] = [64, 200, 0.3]
  const tau = Array.from({ length: n }, (_, i) => (i % 2 ? 1 : -1) * (1 + i / n))
  const [still, model]: [Tensors, Tensors] = [{ x: tau.map(() => 0) }, { x: tau }]
  const sums = new Float64Array(n)
  for (let seed = 0; seed < seeds; seed++) {
    const { x = [] } = await merged(still, [model], { method: 'dare', parameters: { density, seed } })
    for (const [i, v] of x.entries()) sums[i] = (sums[i] as number) + v / seeds
  }
  const far = sums.filter((v, i) => {
    const deviation = Math.abs(tau[i] as number) * Math.sqrt((1 - density) / density / seeds)
    return Math.abs(v - (tau[i] as number)) > 3 * deviation
  })
  expect(far.length).toBeLessThanOrEqual(2)
  const l1 = (values: readonly number[]): number => values.reduce((sum, v) => sum + Math.abs(v), 0)
  for (const method of ['dare', 'della', 'breadcrumbs']) {
    const parameters = { density: 0.5, rescale: 'l1' }
    const { x = [] } = await merged(still, [model], { method, parameters })
    expect(Math.abs(l1(x) / l1(tau) - 1)).toBeLessThan(1e-6)
    expect(x.filter((v) => v === 0).length).toBeGreaterThan(10)
  }
})

test('a mask depends neither on other tensors nor on other models', async () => {
  for (const method of ['dare', 'della']) {
    const all = await merged(base, [one, two], { method, parameters: { consensus: 'none' }, weights: [0, 1] })
    const alone = await merged({ w: base['w'] as Nested }, [{ w: one['w'] as Nested }, { w: two['w'] as Nested }], {
      method,
      weights: [0, 1],
    })
    expect(alone['w']).toEqual(all['w'])
  }
})

test('DELLA keeps the largest of a row more often than the smallest', async () => {
  const row = Array.from({ length: 101 }, (_, i) => i + 1)
  const kept = new Float64Array(101)
  for (let seed = 0; seed < 200; seed++) {
    const { x = [] } = await merged({ x: row.map(() => 0) }, [{ x: row }], {
      method: 'della',
      parameters: { density: 0.5, epsilon: 0.4, rescale: 'none', seed },
    })
    for (const [i, v] of x.entries()) if (v !== 0) kept[i] = (kept[i] as number) + 1 / 200
  }
  for (const [i, share] of kept.entries()) {
    const p = 0.1 + (0.8 * i) / 100
    expect(Math.abs(share - p)).toBeLessThan(5 * Math.sqrt((p * (1 - p)) / 200) + 1e-9)
  }
})

test('arcs end in the models, and means of equal models are the model', async () => {
  same(await merged(null, [one, two], { method: 'slerp', parameters: { t: 0 } }), one)
  same(await merged(null, [one, two], { method: 'slerp', parameters: { t: 1 } }), two)
  same(await merged(null, [one, two], { method: 'nuslerp', weights: [1, 0] }), one)
  same(await merged(base, [one], { method: 'wise-ft', parameters: { alpha: 1 } }), one)
  same(await merged(base, [one], { method: 'wise-ft', parameters: { alpha: 0 } }), base)
  for (const method of ['karcher', 'multi-slerp', 'weighted-average'])
    same(await merged(null, [one, one, one], { method }), one)
  for (const method of ['model-stock', 'coordinate-median', 'fednova', 'fedgma', 'centred-clipping', 'magmax'])
    same(await merged(base, [one, one, one], { method }), one)
})

test('Model Stock goes to the mean of parallel vectors, and nowhere of orthogonal ones', () => {
  expect(ratioOf(1, 4)).toBe(1)
  expect(ratioOf(0, 4)).toBe(0)
  expect(ratioOf(-1 / 3, 4)).toBe(0)
})

test('EMR of one task is its vector, TALL of one task too', async () => {
  same(await merged(base, [one], { method: 'emr' }), one)
  same(await merged(base, [one], { method: 'tall-masks' }), one)
})

test('MagMax takes the later of two as large', async () => {
  const found = await merged({ x: [0, 0] }, [{ x: [1, 3] }, { x: [-1, 2] }], { method: 'magmax' })
  expect(found['x']).toEqual([-1, 3])
})

test('Consensus leaves out what one task alone needs', async () => {
  const models: Tensors[] = [{ x: [1, 1, 0] }, { x: [1, 0, 0] }, { x: [1, 0, 0] }]
  expect((await merged({ x: [0, 0, 0] }, models, { method: 'consensus-ta' }))['x']).toEqual([3, 0, 0])
})

test('LiNeS scales up with the layer', async () => {
  const name = (l: number): string => `blocks.${l}.w`
  const ones = (by: number): Tensors => ({ [name(0)]: [by], [name(1)]: [by], [name(2)]: [by], head: [by] })
  const found = await merged(ones(0), [ones(1)], { method: 'lines', parameters: { alpha: 0.4, beta: 0.6 } })
  expectNear(
    [0, 1, 2].flatMap((l) => found[name(l)] ?? []),
    [0.4, 0.7, 1],
    'layers',
  )
  expectNear(found['head'] ?? [], [0.4], 'head')
})

test('FedNova divides by steps, FedGMA by agreement, the median by nothing', async () => {
  const models: Tensors[] = [{ x: [1, 1] }, { x: [4, -4] }]
  const still: Tensors = { x: [0, 0] }
  const nova = await merged(still, models, { method: 'fednova', parameters: { steps: [1, 4] } })
  expectNear(nova['x'] ?? [], [2.5, 0], 'FedNova')
  expectNear((await merged(still, models, { method: 'fedgma' }))['x'] ?? [], [2.5, 0], 'FedGMA')
  expectNear((await merged(still, models, { method: 'coordinate-median' }))['x'] ?? [], [2.5, -1.5], 'median')
  await expect(merged(still, models, { method: 'fednova', parameters: { steps: [1] } })).rejects.toThrow()
})

test('centred clipping holds an outlier to the radius', () => {
  const gram = [1, 1, 100].map((a, i) => Float64Array.from([1, 1, 100], (b, j) => (i === j ? a * b : 0)))
  const c = clippedMean(gram, [1 / 3, 1 / 3, 1 / 3], { radius: 1, iterations: 1 })
  expectNear(c, [1 / 3, 1 / 3, 1 / 300], 'shares')
})

test('AWD descends its objective, whose gradient is that of differences', () => {
  const vectors = [
    [1, 0.5, 0],
    [0.8, -0.2, 0.4],
    [0.9, 0.1, -0.5],
  ]
  const dot = (a: readonly number[], b: readonly number[]): number => a.reduce((s, v, i) => s + v * (b[i] as number), 0)
  const gram = vectors.map((a) => Float64Array.from(vectors, (b) => dot(a, b)))
  const d = [0.1, -0.2, 0.3]
  const { value, gradient } = objective(gram, d, 0.1)
  const step = 1e-6
  const toward = [0.3, 0.5, -0.7]
  const moved = objective(
    gram,
    d.map((v, t) => v + step * (toward[t] as number)),
    0.1,
  ).value
  const slope = gram.reduce((s, row, i) => s + (gradient[i] as number) * dot([...row], toward), 0)
  expect(Math.abs((moved - value) / step - slope)).toBeLessThan(1e-4)
  const found = redundancy(gram, { alpha: 0.1, rate: 0.01, steps: 300 })
  expect(objective(gram, found, 0.1).value).toBeLessThan(0.8 * objective(gram, [0, 0, 0], 0.1).value)
})

test('a greedy soup takes in what does not lower the score', async () => {
  const worth = [3, 5, -9, 4]
  const asked: string[] = []
  const score = async (members: readonly number[]): Promise<number> => {
    asked.push(members.join())
    return members.reduce((sum, i) => sum + (worth[i] as number), 0)
  }
  const soup = await greedySoup(4, score, (a, b) => a - b)
  expect(soup).toEqual({ members: [0, 1, 3], score: 12, scores: worth })
  expect(asked).toEqual(['0', '1', '2', '3', '1,3', '0,1,3', '0,1,2,3'])
})
