// Data sets as today's programs write them, read as those programs read them: WebDataset's samples by webdataset's own
// grouping, Parquet of pyarrow and datasets, and images to the bit as Pillow has them.
import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import type { BasilError } from '../../src-main/contract/errors.ts'
import type { RawImages } from '../../src-main/engine/datasets/raw.ts'
import type { OpenFiles } from '../../src-main/engine/formats/source.ts'
import { cacheRoom } from '../../src-main/files/cache-room.ts'
import { openFiles } from '../../src-main/files/folder.ts'
import { unpackInto } from '../../src-main/files/unpacked.ts'
import { decoded } from '../../src-main/worker/images/decode.ts'
import { openSplit } from '../engine/datasets/sources/disk.ts'
import { generated, pythonWith } from './python.ts'

const root = mkdtempSync(join(tmpdir(), 'basil-interop-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))
const unpackedTo = join(root, 'cache')
const files: OpenFiles = { ...openFiles, unpacked: unpackInto(unpackedTo, cacheRoom([unpackedTo])) }
const expectedIn = <T>(folder: string): T => JSON.parse(readFileSync(join(folder, 'expected.json'), 'utf8')) as T

async function hashOf(images: RawImages, i: number): Promise<string> {
  const image = await images.image(i)
  return createHash('sha256')
    .update('encoded' in image ? image.encoded : image.pixels)
    .digest('hex')
}

const webdataset = pythonWith('newest', 'webdataset', 'PIL')
describe.skipIf(!webdataset)('WebDataset', () => {
  const folder = join(root, 'webdataset')
  let expected: Record<string, [key: string, sha256: string, label: number][]>
  beforeAll(() => {
    expected = expectedIn(generated(webdataset as string, 'shards.py', folder))
  })

  test('every sample that webdataset reads is an image with its label, in its order', async () => {
    const counts = Object.fromEntries(Object.entries(expected).map(([name, samples]) => [name, samples.length]))
    expect(counts).toMatchObject({ mixed: 10, all: 6, columns: 6, mac: 6, dsstore: 2, packed: 6 })
    for (const [name, samples] of Object.entries(expected)) {
      const found = await openSplit(join(folder, name), 'train', files)
      const read: [string, number][] = []
      for (let i = 0; i < found.count; i++) read.push([await hashOf(found, i), found.labels[i] as number])
      await found.close()
      expect(read, name).toEqual(samples.map(([_, sha256, label]) => [sha256, label]))
    }
  })
})

const arrow = pythonWith('newest', 'pyarrow', 'datasets', 'PIL')
describe.skipIf(!arrow)('Parquet', () => {
  const folder = join(root, 'parquet')
  let expected: Record<string, number[] | string>
  beforeAll(() => {
    expected = expectedIn(generated(arrow as string, 'parquet.py', folder))
  })

  test('of whatever encoding, compression and kind of label, 40 images, or the row that has none', async () => {
    for (const [name, labels] of Object.entries(expected)) {
      const opened = openSplit(join(folder, name), 'train', files)
      if (typeof labels === 'string') {
        const { record } = await opened.then(Promise.reject, (error: BasilError) => error)
        expect(record.why, name).toContain(labels)
        continue
      }
      const found = await opened
      expect([...found.labels], name).toEqual(labels)
      for (let i = 0; i < 40; i++) {
        const { pixels } = await decoded(await found.image(i))
        expect([...pixels.slice(0, 3)], `${name} ${i}`).toEqual([(20 * i) % 256, (7 * i) % 256, 99])
      }
      await found.close()
    }
  })

  test('one that only names its images is read from their files, or says that it holds no pixels', async () => {
    const found = await openSplit(folder, 'paths', files)
    expect([found.count, found.name(39), found.labels[39], found.classes]).toEqual([
      40,
      'pictures/39.png',
      3,
      ['a', 'b', 'c', 'd'],
    ])
    expect([...(await decoded(await found.image(39))).pixels.slice(0, 3)]).toEqual([
      (20 * 39) % 256,
      (7 * 39) % 256,
      99,
    ])
    const alone = openSplit(join(folder, 'paths'), 'train', files)
    await expect(alone).rejects.toMatchObject({
      record: { why: expect.stringMatching(/holds no pixels, but 40 paths.*outside of what was opened/) },
    })
    await expect(openSplit(join(folder, 'saved'), 'all', files)).rejects.toMatchObject({
      record: { code: 'not-supported' },
    })
  })
})

const pillow = pythonWith('newest', 'PIL', 'numpy')
describe.skipIf(!pillow)('Images', () => {
  test('of every kind that is counted are, to the bit, what Pillow reads, or refused', async () => {
    const folder = generated(pillow as string, 'images.py', join(root, 'images'))
    const expected = expectedIn<Record<string, [width: number, height: number, hex: string] | null>>(folder)
    const refused: string[] = []
    for (const [name, pillows] of Object.entries(expected)) {
      const image = await decoded({ encoded: readFileSync(join(folder, name)) }).catch(() => null)
      if (!image || !pillows) {
        expect([name, image], 'what Pillow refuses').toEqual([name, null])
        if (pillows) refused.push(name)
        continue
      }
      const { pixels, width, height, channels } = image
      const rgb =
        channels === 3
          ? pixels
          : Uint8Array.from({ length: 3 * pixels.length }, (_, i) => pixels[Math.floor(i / 3)] as number)
      expect([name, width, height, Buffer.from(rgb).toString('hex')]).toEqual([name, ...pillows])
    }
    // libvips is built without these two.
    expect(refused.filter((name) => !/-(zstd|lzma)\.tif$/.test(name))).toEqual([])
    expect(Object.values(expected).filter((found) => found !== null).length).toBeGreaterThan(200)
  })
})
