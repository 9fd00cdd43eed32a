// What the merges of matrices keep to whatever they are given: of one task that task, a flat spectrum, no order of the
// models, no direction that no task has, and numbers where tasks are zero, equal, opposite, tiny or more than there are
// directions.
import { describe, expect, test } from 'vitest'

import { merges } from '../../../../src-main/engine/merging/index.ts'
import type { Merge } from '../../../../src-main/engine/merging/merge.ts'
import { sum } from '../../../../src-main/numbers/vectors.ts'
import { farthest, merged, noise, product, transposed } from './parts.ts'

const mergeNamed = (name: string): Merge => merges.find(({ card }) => card.name === name) as Merge
const names = ['tsv-m', 'iso-c', 'iso-cts', 'wudi', 'wudi-closed', 'knots', 'dc-merge']
const three = [1, 2, 3].map((seed) => noise(12 * 20, seed))

describe.each(names)('%s', (name) => {
  const merge = mergeNamed(name)
  const parameters = name === 'wudi' ? { steps: 5 } : name === 'knots' ? { scope: 'tensor' } : {}
  const of = (shape: number[], taus: Float64Array[]) => merged(merge, shape, taus, parameters)

  test('does not look at the order of the models', async () => {
    const backwards = await of([12, 20], [...three].reverse())
    expect(farthest(await of([12, 20], three), backwards)).toBeLessThan(1e-9)
  })

  test('does to a matrix what it does to the same one turned round, if it has no side of its own', async () => {
    if (!['tsv-m', 'iso-c', 'dc-merge'].includes(name)) return
    const turned = await of(
      [20, 12],
      three.map((tau) => transposed(tau, 12, 20)),
    )
    expect(farthest(transposed(turned, 20, 12), await of([12, 20], three))).toBeLessThan(1e-9)
  })

  test.each([
    ['zero', () => [0, 1, 2].map(() => new Float64Array(240))],
    ['zero but for one', () => [three[0] as Float64Array, new Float64Array(240), new Float64Array(240)]],
    ['equal', () => [0, 1, 2].map(() => three[0] as Float64Array)],
    ['opposite', () => [three[0] as Float64Array, (three[0] as Float64Array).map((v) => -v)]],
    ['tiny', () => three.map((tau) => tau.map((v) => v * 1e-38))],
    ['many', () => Array.from({ length: 15 }, (_, t) => noise(240, t + 1))],
    ['of rank one', () => [1, 2, 3].map((seed) => product(noise(12, seed), noise(20, seed + 9), 12, 1, 20))],
  ])('gives numbers where the tasks are %s', async (_, taus) => {
    expect([...(await of([12, 20], taus()))].filter((v) => !Number.isFinite(v))).toEqual([])
  })

  test('of zeros gives zeros', async () => {
    expect([...(await of([12, 20], [new Float64Array(240), new Float64Array(240)]))].every((v) => v === 0)).toBe(true)
  })

  test('takes of what is no matrix the mean, nothing or the sum', async () => {
    const taus = [Float64Array.of(1, 2), Float64Array.of(3, 5)]
    const rest = async (kind: string) => [...(await merged(merge, [2], taus, { ...parameters, rest: kind }))]
    expect([await rest('mean'), await rest('zero'), await rest('sum')]).toEqual([
      [2, 3.5],
      [0, 0],
      [4, 7],
    ])
  })
})

test.each(['tsv-m', 'wudi-closed'])('%s of one task is that task', async (name) => {
  const tau = three[0] as Float64Array
  expect(farthest(await merged(mergeNamed(name), [12, 20], [tau]), tau)).toBeLessThan(name === 'tsv-m' ? 1e-10 : 1e-4)
})

test('KnOTS of one task that is not trimmed is that task', async () => {
  const tau = three[0] as Float64Array
  const found = await merged(mergeNamed('knots'), [12, 20], [tau], { scope: 'tensor', density: 1 })
  expect(farthest(found, tau)).toBeLessThan(1e-10)
})

test('Iso-C has one singular value, the mean of the sum of the tasks', async () => {
  const delta = await merged(mergeNamed('iso-c'), [12, 20], three)
  const square = product(delta, transposed(delta, 12, 20), 12, 20, 12)
  const value = square[0] as number
  const flat = square.map((v, i) => v - (i % 13 ? 0 : value))
  expect(Math.max(...flat.map(Math.abs))).toBeLessThan(1e-9 * value)
})

test('Iso-C of a low rank has that rank', async () => {
  const taus = [1, 2].map((seed) => product(noise(12, seed), noise(20, seed + 9), 12, 1, 20).map(Math.fround))
  const delta = await merged(mergeNamed('iso-c'), [12, 20], taus)
  const square = product(delta, transposed(delta, 12, 20), 12, 20, 12)
  const trace = square.reduce((sum, v, i) => sum + (i % 13 ? 0 : v), 0)
  const squares = product(square, square, 12, 12, 12).reduce((sum, v, i) => sum + (i % 13 ? 0 : v), 0)
  expect(trace ** 2 / squares).toBeCloseTo(2, 6) // the rank, of a flat spectrum
})

test('WUDI in closed form is a minimum, the same by its tasks and by its columns', async () => {
  const merge = mergeNamed('wudi-closed')
  const wide = [1, 2].map((seed) => noise(3 * 20, seed)) // T m < n
  const found = await merged(merge, [3, 20], wide)
  const loss = (m: Float64Array): number =>
    sum(
      wide.map((tau) => {
        const apart = m.map((v, i) => v - (tau[i] as number))
        const seen = product(apart, transposed(tau, 3, 20), 3, 20, 3)
        return seen.reduce((a, v) => a + v * v, 0) / tau.reduce((a, v) => a + v * v, 0)
      }),
    )
  expect(loss(found)).toBeLessThan(1e-12)
  const tall = three.map((tau) => tau.slice(0, 200)) // (20, 10)
  const best = await merged(merge, [20, 10], tall)
  const lossOf = (m: Float64Array): number =>
    sum(
      tall.map((tau) => {
        const apart = m.map((v, i) => v - (tau[i] as number))
        const seen = product(apart, transposed(tau, 20, 10), 20, 10, 20)
        return seen.reduce((a, v) => a + v * v, 0) / tau.reduce((a, v) => a + v * v, 0)
      }),
    )
  for (let seed = 1; seed < 6; seed++)
    expect(lossOf(best.map((v, i) => v + 1e-3 * (noise(200, seed)[i] as number)))).toBeGreaterThan(lossOf(best))
})
