// Elements that stay by chance, in one go, against plain loops over float64 and the masks of merging/sparse/mask.ts:
// norms, thetas and what is drawn have the same bits, wherever a stretch begins and however many threads there are.
import { afterAll, describe, expect, test } from 'vitest'

import { movedByChance, sizesByChance } from '../../../../src-main/engine/devices/double/chances.ts'
import { DoubleDevice } from '../../../../src-main/engine/devices/double/device.ts'
import type { Raw } from '../../../../src-main/engine/devices/double/rows.ts'
import { masks, nameWords, uniforms } from '../../../../src-main/engine/merging/sparse/mask.ts'
import { noise } from '../../merging/spectral/parts.ts'

const devices = [new DoubleDevice(1), new DoubleDevice(3)]
afterAll(() => {
  for (const device of devices) device.close()
})

const floats = (n: number, seed: number): Float32Array => Float32Array.from(noise(n, seed))
const halves = (n: number, seed: number): Uint16Array =>
  Uint16Array.from(new Uint32Array(floats(n, seed).buffer), (word) => word >>> 16)
const widened = (x: Raw): Float32Array =>
  x instanceof Float32Array ? x : new Float32Array(Uint32Array.from(x, (half) => half << 16).buffer)

const densities = [0.3, 0, 1, 0.75]
const scalings = [1, -0.4, 2, 0.5].map((weight, t) => ({ factor: 1 + t / 7, weight, divisor: t % 2 ? 1 : 3 }))

describe.each([0, 5, 16, 2 ** 34 + 3])('from element %i on', (first) => {
  test.each([1, 15, 16, 17, 4097, 9000])('%i elements', (n) => {
    const still = halves(n, 1)
    const theirs = [floats(n, 2), halves(n, 3), halves(n, 4), floats(n, 5)]
    const chances = densities.map((density, t) => ({ density, by: 1 / density, name: nameWords(`m${t}`, 'w') }))
    const base = widened(still)
    const kept = theirs.map((model, t) => {
      const { density, by } = chances[t] as (typeof chances)[number]
      const draws = uniforms(7, `m${t}`, 'w', first, n)
      const times = density > 0 && density < 1 ? by : 1
      return Float64Array.from(widened(model), (v, i) =>
        (draws[i] as number) < density ? (v - (base[i] as number)) * times : 0,
      )
    })
    const size = (values: ArrayLike<number>): number => Array.from(values).reduce((sum, v) => sum + Math.abs(v), 0)
    const sizes = theirs.map((model, t) => [
      size(Float64Array.from(widened(model), (v, i) => v - (base[i] as number))),
      size(kept[t] as Float64Array),
    ])
    const thetas = kept.map((tau, t) => {
      const { factor, weight, divisor } = scalings[t] as (typeof scalings)[number]
      return Float32Array.from(tau, (v, i) => (base[i] as number) + (v * factor * weight) / divisor)
    })
    const stretch = { still, theirs, first, seed: 7, stream: masks }
    const rows = chances.map((chance, t) => ({ ...chance, ...(scalings[t] as (typeof scalings)[number]) }))
    for (const device of devices) {
      const found = sizesByChance(device, stretch, chances)
      expect(found?.sizes).toEqual(sizes)
      for (const drawn of [undefined, found?.drawn]) {
        const out = thetas.map(() => new Float32Array(n))
        expect(movedByChance(device, stretch, rows, out, drawn)).toBe(true)
        expect(out).toEqual(thetas)
      }
    }
  })
})

test('what is drawn is what the thetas are made by', () => {
  const [n, first] = [500, 3]
  const stretch = { still: floats(n, 1), theirs: [floats(n, 2)], first, seed: 7, stream: masks }
  const chance = { density: 0.5, by: 1, name: nameWords('m', 'w') }
  const row = { ...chance, factor: 1, weight: 1, divisor: 1 }
  for (const device of devices) {
    const drawn = sizesByChance(device, stretch, [chance])?.drawn
    const none = new Uint16Array(drawn?.length ?? 0)
    const out = new Float32Array(n)
    movedByChance(device, stretch, [row], [out], none)
    expect(out).toEqual(stretch.still)
  }
})

test('a number that is not finite is told, whether it stays or not', () => {
  const n = 4100
  for (const place of [0, 1, n - 1]) {
    const wrong = floats(n, 2)
    wrong[place] = Number.POSITIVE_INFINITY
    const stretch = { still: floats(n, 1), theirs: [floats(n, 3), wrong], first: 1, seed: 7, stream: masks }
    const chances = [0.5, 1e-9].map((density, t) => ({ density, by: 1, name: nameWords(`m${t}`, 'w') }))
    const rows = chances.map((chance) => ({ ...chance, factor: 1, weight: 1, divisor: 1 }))
    const out = rows.map(() => new Float32Array(n))
    for (const device of devices) {
      expect(sizesByChance(device, stretch, chances)).toBeNull()
      expect(movedByChance(device, stretch, rows, out)).toBe(false)
    }
  }
})
