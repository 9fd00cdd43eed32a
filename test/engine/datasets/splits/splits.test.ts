// Splits: torch's permutation to the bit, the field's validation split, and draws of our own that can be drawn again.
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import { parseSpec, specText } from '../../../../src-main/engine/datasets/spec.ts'
import {
  among,
  asked,
  fieldSplit,
  halves,
  randomSplit,
  sample,
  shots,
} from '../../../../src-main/engine/datasets/splits/draw.ts'
import { torchPermutation, twister } from '../../../../src-main/engine/datasets/splits/twister.ts'

interface Row {
  seed: number
  n: number
  first: number[]
  last: number[]
  sha256OfInt64LittleEndian: string
}
const rows = JSON.parse(readFileSync(join(import.meta.dirname, '../../../golden/splits.json'), 'utf8')) as Row[]

test('the twister gives the numbers its authors published for seed 5489', () => {
  const draw = twister(5489)
  const first = Array.from({ length: 10_000 }, draw)
  expect(first.slice(0, 5)).toEqual([3499211612, 581869302, 3890346734, 3586334585, 545404204])
  expect(first[9999]).toBe(4123659995)
})

test.each(rows)(
  'torch.randperm($n) of seed $seed, to the bit',
  ({ seed, n, first, last, sha256OfInt64LittleEndian }) => {
    const order = torchPermutation(n, seed)
    expect([...order.subarray(0, 12)]).toEqual(first)
    expect([...order.subarray(-4)]).toEqual(last)
    const wide = BigInt64Array.from(order, BigInt)
    expect(createHash('sha256').update(wide).digest('hex')).toBe(sha256OfInt64LittleEndian)
  },
)

test("the field's validation split has the sizes of the literature and parts torch's permutation", () => {
  // n of the training data: training and validation images (aTLAS, table 5)
  for (const [n, train, val] of [
    [8144, 7330, 814],
    [3760, 3384, 376],
    [26640, 23976, 2664],
    [60000, 55000, 5000],
    [18900, 17010, 1890],
    [19850, 17865, 1985],
    [73257, 68257, 5000],
  ] as const) {
    const drawn = fieldSplit(n)
    expect([drawn.train.length, drawn.val.length]).toEqual([train, val])
    expect([...drawn.train, ...drawn.val]).toEqual([...torchPermutation(n, 0)])
  }
  expect(fieldSplit(60000).train[0]).toBe(36044) // what the field's code asserts of MNIST
})

test('a random split is a partition', () => {
  const [a, b] = randomSplit(1000, 900, 42)
  expect([a.length, b.length, new Set([...a, ...b]).size]).toEqual([900, 100, 1000])
})

const labels = Int32Array.from({ length: 500 }, (_, i) => (i * i) % 7)

test('k shots: k of every class, fewer only where there are fewer, in order, the same for the same seed, and 4 among the 8', () => {
  const eight = shots(labels, 8, 3)
  const per = new Map<number, number>()
  for (const i of eight) per.set(labels[i] as number, (per.get(labels[i] as number) ?? 0) + 1)
  expect([...per.values()]).toEqual(Array.from(new Set(labels), () => 8))
  expect([...eight]).toEqual([...eight].sort((a, b) => a - b))
  expect(shots(labels, 8, 3)).toEqual(eight)
  expect(shots(labels, 8, 4)).not.toEqual(eight)
  expect(shots(labels, 4, 3).every((i) => eight.includes(i))).toBe(true)
  expect(shots(labels, 1000, 3)).toHaveLength(500)
})

test('n images: as many, each once, the same for the same seed, and the smaller sample among the larger', () => {
  const hundred = sample(500, 100, 1)
  expect(new Set(hundred).size).toBe(100)
  expect(sample(500, 100, 1)).toEqual(hundred)
  expect(sample(500, 100, 2)).not.toEqual(hundred)
  expect(sample(500, 10, 1).every((i) => hundred.includes(i))).toBe(true)
  expect(sample(5, 100, 1)).toEqual(Uint32Array.of(0, 1, 2, 3, 4))
  expect(among(Uint32Array.of(9, 8, 7), Uint32Array.of(2, 0))).toEqual(Uint32Array.of(7, 9))
})

test.each([2, 7, 500])('the two halves of %i images are disjoint, hold all of them, and follow the seed', (n) => {
  const [one, other] = halves(n, 4)
  expect([one.length, other.length]).toEqual([Math.ceil(n / 2), Math.floor(n / 2)])
  expect([...one, ...other].sort((a, b) => a - b)).toEqual(Array.from({ length: n }, (_, i) => i))
  expect([...one, ...other]).toEqual([...torchPermutation(n, 4)])
  if (n > 2) expect([...halves(n, 5)[0]]).not.toEqual([...one])
})

test('half, shots and n are read from a specification and taken in this order', () => {
  const text = 'data/MNIST#field-val?half=2&shots=3&seed=9'
  const spec = parseSpec(text)
  expect(spec).toEqual({ path: 'data/MNIST', split: 'field-val', half: 2, shots: 3, n: null, seed: 9 })
  expect(specText(spec)).toBe(text)
  const other = new Set(halves(labels.length, 9)[1])
  const taken = asked(labels, spec)
  expect(taken?.positions).toHaveLength(3 * new Set(labels).size)
  expect(taken?.positions.every((i) => other.has(i))).toBe(true)
  expect(taken?.words).toEqual(['half 2 of 2, by torch.random_split, seed 9', '3 images a class, seed 9'])
  expect(asked(labels, parseSpec('a#b?half=1&seed=9'))?.positions).toEqual(halves(labels.length, 9)[0])
  expect(asked(labels, parseSpec('a#b'))).toBeNull()
  for (const wrong of ['a#b?half=0', 'a#b?half=3', 'a#b?half=1.5'])
    expect(() => parseSpec(wrong)).toThrow('The data cannot be used')
})
