// What becomes of a decoded image: sizes and crops as torchvision computes them, and random crops whose draws repeat.
import { expect, test } from 'vitest'

import { isNetpbm, readNetpbm } from '../../../../src-main/engine/datasets/pixels/netpbm.ts'
import { type Image, resample } from '../../../../src-main/engine/datasets/pixels/resample.ts'
import {
  augmentationOf,
  evaluationPixels,
  trainingPixels,
} from '../../../../src-main/engine/datasets/pixels/transform.ts'

/** Each value says where it is. */
const ramp = (width: number, height: number, channels = 1): Image => ({
  pixels: Uint8Array.from(
    { length: width * height * channels },
    (_, i) => (Math.floor(i / channels) * 7 + i * 3) % 256,
  ),
  width,
  height,
  channels,
})

test('an image of the right size stays as it is, to the bit', () => {
  expect(evaluationPixels(ramp(32, 32), 32)).toEqual(ramp(32, 32).pixels)
})

test('the centre is cut out where one side is longer, an odd rest rounded half to even as in Python', () => {
  for (const [height, top] of [
    [32, 0],
    [33, 0], // 0.5
    [35, 2], // 1.5
    [37, 2], // 2.5
    [39, 4], // 3.5
  ] as const) {
    const image = ramp(32, height)
    expect(evaluationPixels(image, 32)).toEqual(image.pixels.slice(top * 32, (top + 32) * 32))
  }
})

test('one colour stays one colour, at any scale; three equal planes are one', () => {
  for (const [width, height] of [
    [1, 1],
    [7, 3],
    [500, 333],
    [224, 225],
  ] as const) {
    const pixels = evaluationPixels(
      { pixels: new Uint8Array(width * height * 3).fill(201), width, height, channels: 3 },
      64,
    )
    expect(pixels).toEqual(new Uint8Array(64 * 64).fill(201))
  }
})

test('bicubic overshoot is cut off at 0 and 255', () => {
  const step: Image = {
    pixels: Uint8Array.from({ length: 16 }, (_, i) => (i % 4 < 2 ? 0 : 255)),
    width: 4,
    height: 4,
    channels: 1,
  }
  const pixels = resample(
    step,
    { left: 0, top: 0, width: 4, height: 4 },
    { width: 16, height: 16 },
    { left: 0, top: 0, size: 16 },
  )
  expect([Math.min(...pixels), Math.max(...pixels)]).toEqual([0, 255])
})

test('random crops keep 90 to 100 % of the area, a ratio of 3/4 to 4/3, and lie within the image; half of them are mirrored', () => {
  let flips = 0
  for (let image = 0; image < 2000; image++) {
    const size = { width: 500, height: 400 + (image % 100) }
    const { crop, flip } = augmentationOf(size, { seed: 1, task: 0, epoch: image % 5, image })
    const share = (crop.width * crop.height) / (size.width * size.height)
    expect(share).toBeGreaterThan(0.895)
    expect(share).toBeLessThanOrEqual(1)
    expect(crop.width / crop.height).toBeGreaterThan(0.745)
    expect(crop.width / crop.height).toBeLessThan(1.34)
    expect(
      crop.left >= 0 && crop.top >= 0 && crop.left + crop.width <= size.width && crop.top + crop.height <= size.height,
    ).toBe(true)
    flips += flip ? 1 : 0
  }
  expect(flips).toBeGreaterThan(900)
  expect(flips).toBeLessThan(1100)
})

test('an image too long for any crop gets the largest central one with an allowed ratio', () => {
  expect(augmentationOf({ width: 1000, height: 100 }, { seed: 1, task: 0, epoch: 0, image: 0 }).crop).toEqual({
    left: 433,
    top: 0,
    width: 133,
    height: 100,
  })
})

test('a draw is a function of seed, task, epoch and image, and of each of them', () => {
  const draw = { seed: 1, task: 0, epoch: 3, image: 17 }
  const size = { width: 640, height: 480 }
  expect(augmentationOf(size, draw)).toEqual(augmentationOf(size, draw))
  for (const other of [{ seed: 2 }, { task: 1 }, { epoch: 4 }, { image: 18 }])
    expect(augmentationOf(size, { ...draw, ...other })).not.toEqual(augmentationOf(size, draw))
})

test('a mirrored crop is the mirrored crop', () => {
  const image = ramp(40, 40, 3)
  const crop = { left: 3, top: 1, width: 36, height: 38 }
  const [plain, mirrored] = [false, true].map((flip) => trainingPixels(image, 32, { crop, flip }))
  for (let row = 0; row < 3 * 32; row++)
    expect(mirrored?.slice(row * 32, (row + 1) * 32)).toEqual(plain?.slice(row * 32, (row + 1) * 32).reverse())
})

test('portable pixmaps and graymaps are read, with comments and two bytes a sample, and damaged ones refused', () => {
  const file = (header: string, ...bytes: number[]): Uint8Array =>
    Uint8Array.of(...Buffer.from(header, 'latin1'), ...bytes)
  expect(readNetpbm(file('P6\n# made by hand\n2 1\n255\n', 1, 2, 3, 4, 5, 6), 100)).toEqual({
    pixels: Uint8Array.of(1, 2, 3, 4, 5, 6),
    width: 2,
    height: 1,
    channels: 3,
  })
  expect(readNetpbm(file('P5 2 1 100 ', 50, 100), 100).pixels).toEqual(Uint8Array.of(128, 255))
  expect(readNetpbm(file('P6 1 1 65535 ', 255, 255, 128, 0, 0, 0), 100).pixels).toEqual(Uint8Array.of(255, 128, 0))
  expect(isNetpbm(file('P7 1 1 '))).toBe(false)
  for (const wrong of ['P6 2 2 255 ', 'P6 2', 'P5 0 1 255 ', 'P5 x 1 255 ', 'P5 1000 1000 255 '])
    expect(() => readNetpbm(file(wrong, 1, 2, 3), 100)).toThrow()
})
