// The leak check: what was planted is found, exactly or to the eye, nothing else is, and it takes no comparison of all
// with all.
import { createHash } from 'node:crypto'
import { join } from 'node:path'

import sharp, { type Sharp } from 'sharp'
import { beforeAll, describe, expect, test } from 'vitest'

import { fingerprintOf, looksAlike } from '../../../../src-main/engine/datasets/leaks/fingerprint.ts'
import { type HashedImages, twinsOf } from '../../../../src-main/engine/datasets/leaks/leaks.ts'
import { evaluationPixels } from '../../../../src-main/engine/datasets/pixels/transform.ts'
import { readImages } from '../../../../src-main/engine/datasets/tensor-images.ts'
import { openSource } from '../../../../src-main/files/source.ts'
import { philox } from '../../../../src-main/numbers/random.ts'
import { decoded } from '../../../../src-main/worker/images/decode.ts'

const size = 64
type Pixels = Uint8Array
type Hashed = HashedImages & { pixels: Pixels[] }

function hashed(pixels: Pixels[]): Hashed {
  const sha = pixels.map((p) => createHash('sha256').update(p).digest())
  const fingerprints = pixels.map((p) => fingerprintOf(p, size))
  return {
    count: pixels.length,
    pixels,
    sha256: (i) => sha[i] as Uint8Array,
    fingerprint: (i) => fingerprints[i] as Uint8Array,
  }
}
const confirmed = (here: Hashed, there: Hashed) => ({
  isAlike: async (i: number, j: number) => looksAlike(here.pixels[i] as Pixels, there.pixels[j] as Pixels, size),
})

/** The first images of a split of the sample project, 28 pixels wide. */
async function sample(split: string, count: number): Promise<Uint8Array[]> {
  const images = await readImages(
    join(import.meta.dirname, `../../../../resources/sample/tasks.safetensors#${split}`),
    openSource,
  )
  const plane = images.size ** 2
  return Array.from({ length: count }, (_, i) => {
    const planes = images.pixels.subarray(i * images.channels * plane, (i + 1) * images.channels * plane) as Uint8Array
    return Uint8Array.from(
      { length: 3 * plane },
      (_, k) => planes[images.channels === 3 ? (k % 3) * plane + Math.floor(k / 3) : Math.floor(k / 3)] as number,
    )
  })
}
const side = 28
const wide = (rgb: Uint8Array): Pixels => {
  const pixels = evaluationPixels({ pixels: rgb, width: side, height: side, channels: 3 }, size)
  return pixels
}
const through = async (encoded: Buffer): Promise<Pixels> => evaluationPixels(await decoded({ encoded }), size)
const picture = (rgb: Uint8Array) => sharp(rgb, { raw: { width: side, height: side, channels: 3 } })

describe.each(['emoji', 'glyphs', 'fashion', 'mnist', 'digits'])('%s', (set) => {
  let images: Uint8Array[]
  let others: Uint8Array[]
  let train: Hashed
  beforeAll(async () => {
    images = await sample(`${set}.learning`, 80)
    others = await sample(`${set}.test`, 80)
    train = hashed(images.map(wide))
  })

  test('an exact copy is found as one, with its original', async () => {
    const here = hashed([wide(others[0] as Uint8Array), wide(images[17] as Uint8Array)])
    const twins = await twinsOf(here, train, confirmed(here, train))
    expect(twins.find((t) => t.here === 1)).toEqual({ here: 1, there: 17, distance: 0, exact: true })
  })

  test.each([
    ['brighter', (p: Sharp) => p.linear(0.9, 20).png()],
    ['darker', (p: Sharp) => p.linear(0.85, 0).png()],
    ['coded as JPEG', (p: Sharp) => p.jpeg({ quality: 75 })],
  ])('copies that are %s are found to the eye: at least 19 of 20', async (_, change) => {
    const here = hashed(
      await Promise.all(images.slice(0, 40).map(async (rgb) => through(await change(picture(rgb)).toBuffer()))),
    )
    const twins = await twinsOf(here, train, confirmed(here, train))
    expect(twins.length).toBeGreaterThanOrEqual(38)
  })

  test('copies of another size are found to the eye: at least 19 of 20', async () => {
    const here = hashed(
      images.slice(0, 40).map((rgb) => {
        const planes = evaluationPixels({ pixels: rgb, width: side, height: side, channels: 3 }, 40)
        const larger = Uint8Array.from(
          { length: 3 * 1600 },
          (_, k) => planes[planes.length === 1600 ? Math.floor(k / 3) : (k % 3) * 1600 + Math.floor(k / 3)] as number,
        )
        return evaluationPixels({ pixels: larger, width: 40, height: 40, channels: 3 }, size)
      }),
    )
    expect((await twinsOf(here, train, confirmed(here, train))).length).toBeGreaterThanOrEqual(38)
  })

  test('of images that are no copies few are taken for one', async () => {
    const here = hashed(others.map(wide))
    expect((await twinsOf(here, train, confirmed(here, train))).length).toBeLessThanOrEqual(3)
  })
})

test('of random hashes none is found, of 30,000 in either split, and every planted one at any distance up to the bound', async () => {
  const random = (n: number, key: number): Uint8Array[] =>
    Array.from(
      { length: n },
      (_, i) => new Uint8Array(Uint32Array.from(philox([i, 0, 0, 0], [key, 1]).slice(0, 2)).buffer),
    )
  const split = (fingerprints: Uint8Array[], key: number): HashedImages => ({
    count: fingerprints.length,
    sha256: (i) => Uint8Array.of(key, i, i >> 8, i >> 16),
    fingerprint: (i) => fingerprints[i] as Uint8Array,
  })
  const [a, b] = [random(30_000, 1), random(30_000, 2)]
  expect(await twinsOf(split(b, 2), split(a, 1))).toEqual([])
  for (let bits = 0; bits <= 7; bits++) {
    const near = (a[bits * 100] as Uint8Array).slice()
    for (let k = 0; k < bits; k++) near[k % 8] = (near[k % 8] as number) ^ (1 << ((3 * k) % 8))
    b[1000 + bits] = near
  }
  const planted = await twinsOf(split(b, 2), split(a, 1))
  expect(planted.map((t) => [t.here, t.there, t.distance])).toEqual(
    [0, 1, 2, 3, 4, 5, 6, 7].map((bits) => [1000 + bits, bits * 100, bits]),
  )
  expect((await twinsOf(split(b, 2), split(a, 1), { bits: 3 })).map((t) => t.distance)).toEqual([0, 1, 2, 3])
})
