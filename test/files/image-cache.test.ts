// The image cache's promises: pixels come back as they were written, or not at all, whatever became of the file; it
// shares its room.
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import fc from 'fast-check'
import { expect, onTestFinished, test } from 'vitest'

import type { ImageFile } from '../../src-main/engine/formats/image-cache.ts'
import { cacheRoom } from '../../src-main/files/cache-room.ts'
import { featureCache } from '../../src-main/files/feature-cache.ts'
import { imageCache } from '../../src-main/files/image-cache.ts'

const size = 5
const count = 4

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'basil-images-'))
  onTestFinished(() => rmSync(made, { recursive: true, force: true }))
  return made
}
/** Image 2 is grey. */
const pixels = (image: number): Uint8Array =>
  Uint8Array.from({ length: (image === 2 ? 1 : 3) * size * size }, (_, i) => (i * 7 + image * 31) % 256)
const fingerprint = (image: number): Uint8Array => Uint8Array.from({ length: 8 }, (_, i) => image + i)
const opened = (home: string, identity = 'one'): Promise<ImageFile> =>
  imageCache(home, cacheRoom([home])).open(identity, count, size, count)

async function fill(home: string, images = [0, 1, 2, 3], identity = 'one'): Promise<string> {
  const before = new Set(existsSync(home) ? readdirSync(home) : [])
  const file = await opened(home, identity)
  for (const image of images) await file.write(image, pixels(image), fingerprint(image))
  await file.close()
  return join(home, readdirSync(home).find((name) => !before.has(name)) as string)
}

/** What each image gives; none gives anything but its own pixels. */
async function readAll(home: string, identity = 'one'): Promise<boolean[]> {
  const file = await opened(home, identity)
  const found: boolean[] = []
  for (let image = 0; image < count; image++) {
    const read = await file.read(image)
    if (read) expect(read).toEqual(pixels(image))
    found.push(read !== undefined)
  }
  await file.close()
  return found
}

test('gives what was written, and what is known of it, to the next process', async () => {
  const home = join(folder(), 'cache', 'images')
  await fill(home, [0, 2])
  expect(await readAll(home)).toEqual([true, false, true, false])
  const file = await opened(home)
  expect(file.kept(2)).toMatchObject({ channels: 1, fingerprint: fingerprint(2) })
  expect(file.kept(0)?.channels).toBe(3)
  expect(file.kept(1)).toBeUndefined()
  await file.close()
  expect(await readAll(home, 'two')).toEqual([false, false, false, false])
})

test('cut short or damaged at any byte: no image gives anything but its pixels, and those before the cut are there', async () => {
  const home = folder()
  const path = await fill(home)
  const whole = readFileSync(path)
  const table = count * 64
  const change = fc.record({ at: fc.nat(whole.length - 1), cut: fc.boolean(), byte: fc.integer({ min: 1, max: 255 }) })
  await fc.assert(
    fc.asyncProperty(change, async ({ at, cut, byte }) => {
      const bytes = Buffer.from(whole)
      bytes[at] = (bytes[at] as number) ^ byte
      writeFileSync(path, cut ? whole : bytes)
      if (cut) truncateSync(path, at)
      const record = Math.floor((at - table) / (3 * size * size))
      const isUnused = record === 2 && (at - table) % (3 * size * size) >= size * size // of the grey image's place
      const isThere = (image: number): boolean =>
        cut
          ? at >= table && (record > image || (record === 2 && image === 2 && isUnused))
          : isUnused || image !== (at < table ? Math.floor(at / 64) : record)
      expect(await readAll(home)).toEqual([0, 1, 2, 3].map(isThere))
    }),
    { seed: 5, numRuns: 300 },
  )
})

test('killed between the pixels and their entry: the image is not there, and can be written again', async () => {
  const home = folder()
  const path = await fill(home)
  const whole = readFileSync(path)
  whole.fill(0, 64, 128) // image 1 has pixels and no entry
  writeFileSync(path, whole)
  expect(await readAll(home)).toEqual([true, false, true, true])
  await fill(home, [1]).catch(() => undefined) // no new file: the path is not found
  expect(await readAll(home)).toEqual([true, true, true, true])
})

test("another file's whole content, or a record in another's place, is not given", async () => {
  const home = folder()
  const path = await fill(home)
  const whole = readFileSync(path)
  const other = await fill(home, [0], 'two')
  writeFileSync(other, whole)
  expect(await readAll(home, 'two')).toEqual([false, false, false, false])
  const swapped = Buffer.concat([whole.subarray(64, 128), whole.subarray(0, 64), whole.subarray(128)])
  writeFileSync(path, swapped)
  expect(await readAll(home)).toEqual([false, false, true, true])
})

test('two at once on one file: each sees whole images only, and afterwards all are there', async () => {
  const home = folder()
  const [a, b] = [await opened(home), await opened(home)]
  await Promise.all(
    [0, 1, 2, 3].flatMap((image) => [a, b].map((file) => file.write(image, pixels(image), fingerprint(image)))),
  )
  await Promise.all([a.close(), b.close()])
  expect(await readAll(home)).toEqual([true, true, true, true])
})

test('images and features share one cap: the least recently used goes first, of either kind, and nothing in use', async () => {
  const home = folder()
  const [features, images] = [join(home, 'features'), join(home, 'images')]
  let clock = 1_000_000
  const bytes = count * (64 + 3 * size * size)
  const room = cacheRoom([features, images], { capBytes: 3 * bytes, now: () => new Date(clock++ * 1000) })
  const [f, i] = [featureCache(features, { room }), imageCache(images, room)]
  await (await f.open('old', 1, bytes / 4 - 8)).close()
  const used = await i.open('used', count, size, count)
  for (let image = 0; image < count; image++) await used.write(image, pixels(0), fingerprint(0))
  const second = await i.open('second', count, size, count)
  for (let image = 0; image < count; image++) await second.write(image, pixels(0), fingerprint(0))
  await second.close()
  await (await i.open('third', count, size, count)).close()
  expect(readdirSync(features)).toEqual([])
  expect(readdirSync(images)).toHaveLength(3)
  expect(await used.read(3)).toEqual(pixels(0))
  await used.close()
})

test('of a large split only what is written takes room', async () => {
  const home = folder()
  const file = await imageCache(home, cacheRoom([home])).open('large', 10_000, 224, 1)
  await file.write(9_999, new Uint8Array(3 * 224 * 224).fill(9), fingerprint(1))
  await file.close()
  const { size: apparent, blocks } = statSync(join(home, readdirSync(home)[0] as string))
  expect(apparent).toBeGreaterThan(1.4e9)
  expect(blocks * 512).toBeLessThan(2e6)
})
