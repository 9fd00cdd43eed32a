// Task vectors as rows on the float64 device against plain loops: every number has the same bits, in slices of one
// element and of several pieces, with one thread and with three.
import { afterAll, describe, expect, test } from 'vitest'

import { DoubleDevice, type Matrix } from '../../../../src-main/engine/devices/double/device.ts'
import * as on from '../../../../src-main/engine/devices/double/rows.ts'
import { masks, nameWords, uniforms } from '../../../../src-main/engine/merging/sparse/mask.ts'
import { noise } from '../../merging/spectral/parts.ts'

const devices = [new DoubleDevice(1), new DoubleDevice(3)]
afterAll(() => {
  for (const device of devices) device.close()
})

/** Some are 0, and many are of one size. */
const rowOf = (n: number, seed: number): Float64Array =>
  noise(n, seed).map((v, i) => (i % 5 === 0 ? 0 : i % 3 === 0 ? 0.25 * Math.sign(v) : v))

const floats = (n: number, seed: number): Float32Array => Float32Array.from(noise(n, seed))
const halves = (n: number, seed: number): Uint16Array =>
  Uint16Array.from(new Uint32Array(floats(n, seed).buffer), (word) => word >>> 16)
const widened = (x: Uint16Array): Float32Array => new Float32Array(Uint32Array.from(x, (half) => half << 16).buffer)

describe.each([1, 2, 17, 4097, 9000])('rows of %i elements', (n) => {
  const rows = [1, 2, 3].map((seed) => rowOf(n, seed))
  const after = (work: (device: DoubleDevice, taus: Matrix) => void): Float64Array[][] =>
    devices.map((device) =>
      device.scope(() => {
        const taus = device.matrix(
          rows.length,
          n,
          rows.flatMap((row) => [...row]),
        )
        work(device, taus)
        return rows.map((_, t) => Float64Array.from(on.rowAt(device, taus, t)))
      }),
    )
  const expectAll = (found: unknown[], expected: unknown): void => {
    for (const one of found) expect(one).toEqual(expected)
  }

  test('differences, of float32 and of bfloat16, and where they lead to', () => {
    const base = halves(n, 4)
    const theirs = [floats(n, 5), halves(n, 6)]
    const [still, models] = [widened(base), theirs.map((x) => (x instanceof Float32Array ? x : widened(x)))]
    const taus = models.map((x) => Float64Array.from(x, (v, i) => v - (still[i] as number)))
    for (const device of devices)
      device.scope(() => {
        const row = on.floatRow(device, base)
        const found = on.differences(device, row, n, theirs) as Matrix
        for (const [t, tau] of taus.entries()) expect(Float64Array.from(on.rowAt(device, found, t))).toEqual(tau)
        on.scaleRows(device, found, [0.3, 1])
        expect(on.movedBy(device, row, found)).toEqual(
          taus.map((tau, t) => Float32Array.from(tau, (v, i) => (still[i] as number) + (t ? v : v * 0.3))),
        )
        const wrong = floats(n, 5)
        wrong[n - 1] = Number.NaN
        expect(on.differences(device, row, n, [wrong])).toBeNull()
      })
  })

  test('magnitudes are counted by the halves of their bits, and those of one size are found', () => {
    const words = rows.map((row) => new Uint32Array(Float32Array.from(row, Math.abs).buffer))
    const upper = 0.25 // the half that many have
    const half = (new Uint32Array(new Float32Array([upper]).buffer)[0] as number) >>> 16
    for (const device of devices)
      for (const asked of [null, half]) {
        const counts = rows.map(() => new Int32Array(2 ** 16))
        device.scope(() =>
          on.countMagnitudes(
            device,
            device.matrix(
              3,
              n,
              rows.flatMap((row) => [...row]),
            ),
            rows.map(() => asked),
            counts,
          ),
        )
        for (const [t, own] of words.entries()) {
          const plain = new Int32Array(2 ** 16)
          for (const word of own) {
            const bin = asked === null ? word >>> 16 : word & 0xffff
            if (asked === null || word >>> 16 === asked) plain[bin] = (plain[bin] as number) + 1
          }
          expect(counts[t]).toEqual(plain)
        }
      }
    const places = rows.map((row) => [...row.keys()].filter((i) => Math.abs(row[i] as number) === 0.25))
    after((device, taus) =>
      expect(
        on.tied(
          device,
          taus,
          rows.map(() => ({ size: 0.25, most: 3 })),
        ),
      ).toEqual(places.map((own) => ({ seen: Math.min(3, own.length), place: own[2] ?? -1 }))),
    )
  })

  test('what is above a size, and as large up to a place, stays or goes', () => {
    const among = [0, n >> 1, -1].map((last) => ({ least: 0.25, last }))
    for (const isDropped of [false, true])
      expectAll(
        after((device, taus) => on.trim(device, taus, among, isDropped)),
        rows.map((row, t) =>
          row.map((v, i) => {
            const size = Math.fround(Math.abs(v))
            return (size > 0.25 || (size === 0.25 && i <= (among[t]?.last as number))) !== isDropped ? v : 0
          }),
        ),
      )
  })

  test('signs are elected, and what agrees is added up, averaged, or the largest', () => {
    for (const byZero of [0, 1, -1]) {
      const elected = rows.map((row) =>
        row.map((v, i) => {
          const sum = rows.reduce((all, other) => all + (other[i] as number), 0)
          return v * (sum || byZero) <= 0 ? 0 : v
        }),
      )
      expectAll(
        after((device, taus) => on.elect(device, taus, byZero)),
        elected,
      )
    }
    const weights = [1, 0.5, 2]
    const column = (i: number): number[] => rows.map((row) => row[i] as number)
    const plain = {
      sum: (x: number[]) => x.reduce((a, b) => a + b, 0),
      mean: (x: number[]) => {
        const by = x.reduce((all, v, t) => all + (v === 0 ? 0 : (weights[t] as number)), 0)
        return by === 0 ? 0 : x.reduce((a, b) => a + b, 0) / by
      },
      largest: (x: number[]) => x.reduce((most, v) => (Math.abs(v) > Math.abs(most) ? v : most), 0),
    }
    for (const how of ['sum', 'mean', 'largest'] as const)
      after((device, taus) =>
        expect(Float64Array.from(device.values(on.agreed(device, taus, weights, how)))).toEqual(
          Float64Array.from({ length: n }, (_, i) => plain[how](column(i))),
        ),
      )
  })

  test('sizes are summed from the first to the last', () => {
    const plain = rows.map((row) => row.reduce((sum, v) => sum + Math.abs(v), 0))
    after((device, taus) => expect(on.sizesOf(device, taus)).toEqual(plain))
  })

  test.each([0, 5, 16, 2 ** 34 - 3])('masks from element %i on are those of the numbers by element', (first) => {
    const names = ['one', 'two', 'three'].map((model) => nameWords(model, 'w'))
    for (const density of [0.1, 0.5, 1 - 2 ** -40])
      expectAll(
        after((device, taus) => {
          for (const [t, name] of names.entries())
            on.keepByChance(device, taus, t, { seed: 7, stream: masks, name, first, density, by: 1 / density })
        }),
        rows.map((row, t) => {
          const chances = uniforms(7, ['one', 'two', 'three'][t] as string, 'w', first, n)
          return row.map((v, i) => ((chances[i] as number) < density ? (1 / density) * v : 0))
        }),
      )
  })
})
