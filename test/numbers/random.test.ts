// The counter-based generator against the published vectors of Philox4x32-10 (Random123, kat_vectors), and what is
// drawn from it.
import { expect, test } from 'vitest'

import { normal, permutation, philox, uniform } from '../../src-main/numbers/random.ts'

test.each([
  [
    [0, 0, 0, 0],
    [0, 0],
    [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8],
  ],
  [
    [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff],
    [0xffffffff, 0xffffffff],
    [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
  ],
  [
    [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
    [0xa4093822, 0x299f31d0],
    [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
  ],
] as const)('counter %j, key %j', (counter, key, words) => {
  expect(philox(counter, key)).toEqual(words)
})

test('a permutation holds every index once, and draws and streams differ', () => {
  const a = permutation(500, 7, 1, 0)
  expect([...a].sort((x, y) => x - y)).toEqual([...Array(500).keys()])
  expect(permutation(500, 7, 1, 0)).toEqual(a)
  for (const other of [permutation(500, 7, 1, 1), permutation(500, 7, 2, 0), permutation(500, 8, 1, 0)])
    expect(other).not.toEqual(a)
})

test('uniform and normal numbers have their means and variances', () => {
  const n = 20_000
  const u = Array.from({ length: n }, (_, i) => uniform(1, 2, 3, i))
  const z = Array.from({ length: n }, (_, i) => normal(1, 2, 3, i))
  const mean = (v: number[]): number => v.reduce((a, b) => a + b, 0) / n
  expect(Math.min(...u)).toBeGreaterThanOrEqual(0)
  expect(Math.max(...u)).toBeLessThan(1)
  expect(Math.abs(mean(u) - 0.5)).toBeLessThan(0.01)
  expect(Math.abs(mean(z))).toBeLessThan(0.03)
  expect(Math.abs(mean(z.map((v) => v * v)) - 1)).toBeLessThan(0.05)
})
