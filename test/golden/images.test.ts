// Images as cameras and data sets have them, decoded and transformed, against what Pillow and torchvision made of the
// same files.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import { evaluationPixels } from '../../src-main/engine/datasets/pixels/transform.ts'
import { openTensorFile } from '../../src-main/engine/formats/open.ts'
import { openSource } from '../../src-main/files/source.ts'
import { decoded } from '../../src-main/worker/images/decode.ts'

const folder = join(import.meta.dirname, 'formats', 'images')
const size = 224

const bars: Record<string, { most: number; mean: number }> = {
  'gray.png': { most: 0, mean: 0 },
  'landscape.png': { most: 0, mean: 0 },
  'palette.png': { most: 0, mean: 0 },
  'portrait.png': { most: 0, mean: 0 },
  'rgba.png': { most: 0, mean: 0 },
  'tiny-gray.png': { most: 0, mean: 0 },
  'tiny.png': { most: 0, mean: 0 },
  'landscape.jpg': { most: 255, mean: 1 }, // another JPEG decoder may round another way
  'exif-rotated.jpg': { most: 255, mean: 1 },
  'cmyk.jpg': { most: 255, mean: 2 },
}

test.each(Object.entries(bars))("%s gets the pixels of CLIP's evaluation transform", async (name, bar) => {
  const source = await openSource(join(folder, 'expected.safetensors'))
  const expected = await (await openTensorFile(source)).read(name)
  await source.close()
  const pixels = evaluationPixels(await decoded({ encoded: await readFile(join(folder, name)) }), size)
  const plane = size * size
  let [most, sum] = [0, 0]
  for (let i = 0; i < 3 * plane; i++) {
    const difference = Math.abs((pixels[pixels.length === plane ? i % plane : i] as number) - (expected[i] as number))
    most = Math.max(most, difference)
    sum += difference
  }
  expect(expected).toHaveLength(3 * plane)
  expect(most).toBeLessThanOrEqual(bar.most)
  expect(sum / (3 * plane)).toBeLessThanOrEqual(bar.mean)
})

test('every expected image is looked at', async () => {
  const source = await openSource(join(folder, 'expected.safetensors'))
  expect([...(await openTensorFile(source)).tensors.keys()].sort()).toEqual(Object.keys(bars).sort())
  await source.close()
})
