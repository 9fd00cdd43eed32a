// Images of kinds that libvips does not read here, or reads in another way than Pillow: small files of known pixels,
// written byte by byte. Files as Pillow writes and reads them are compared in test/interop.
import sharp from 'sharp'
import { expect, test } from 'vitest'

import { isImageName } from '../../../src-main/engine/datasets/sources/listed.ts'
import { decoded } from '../../../src-main/worker/images/decode.ts'

interface Bitmap {
  bits: number
  width: number
  height: number // negative: the highest row first
  data: number[]
  palette?: number[] // four bytes a colour: blue, green, red, 0
  compression?: number
  masks?: number[]
}

function bmp({ bits, width, height, data, palette = [], compression = 0, masks = [] }: Bitmap): Uint8Array {
  const head = Buffer.alloc(54 + 4 * masks.length)
  head.write('BM')
  head.writeUInt32LE(head.length + palette.length, 10)
  head.writeUInt32LE(40, 14)
  head.writeInt32LE(width, 18)
  head.writeInt32LE(height, 22)
  head.writeUInt16LE(1, 26)
  head.writeUInt16LE(bits, 28)
  head.writeUInt32LE(compression, 30)
  head.writeUInt32LE(palette.length / 4, 46)
  for (const [i, mask] of masks.entries()) head.writeUInt32LE(mask, 54 + 4 * i)
  return Buffer.concat([head, Uint8Array.from([...palette, ...data])])
}

const [red, green, blue] = [
  [255, 0, 0],
  [0, 255, 0],
  [0, 0, 255],
] as const
const palette = [0, 0, 255, 0, 0, 255, 0, 0, 255, 0, 0, 0] // red, green, blue

/** (height, width, 3), grey as three alike. */
async function pixels(encoded: Uint8Array): Promise<number[][]> {
  const { pixels: all, channels } = await decoded({ encoded })
  return Array.from({ length: all.length / channels }, (_, i) =>
    [0, 1, 2].map((c) => all[i * channels + (channels === 1 ? 0 : c)] as number),
  )
}

test.each<[string, Bitmap, (readonly number[])[]]>([
  ['24 bits, the lowest row first', { bits: 24, width: 1, height: 2, data: [255, 0, 0, 0, 0, 0, 255, 0] }, [red, blue]],
  [
    '24 bits, the highest row first',
    { bits: 24, width: 1, height: -2, data: [255, 0, 0, 0, 0, 0, 255, 0] },
    [blue, red],
  ],
  ['32 bits, alpha dropped', { bits: 32, width: 2, height: 1, data: [0, 255, 0, 0, 255, 0, 0, 9] }, [green, blue]],
  [
    '32 bits by masks',
    { bits: 32, width: 1, height: 1, data: [0, 0, 0, 255], compression: 3, masks: [0xff000000, 0xff0000, 0xff00] },
    [red],
  ],
  ['16 bits, five each', { bits: 16, width: 2, height: 1, data: [0xe0, 0x03, 0x10, 0x40] }, [green, [131, 0, 131]]],
  [
    '16 bits, six of green',
    { bits: 16, width: 2, height: 1, data: [0x00, 0xf8, 0x00, 0x04], compression: 3, masks: [0xf800, 0x7e0, 0x1f] },
    [red, [0, 129, 0]],
  ],
  [
    '8 bits, a colour beyond the palette black',
    { bits: 8, width: 4, height: 1, data: [2, 0, 1, 9], palette },
    [blue, red, green, [0, 0, 0]],
  ],
  ['4 bits', { bits: 4, width: 3, height: 1, data: [0x21, 0x00, 0, 0], palette }, [blue, green, red]],
  ['1 bit', { bits: 1, width: 2, height: 1, data: [0x40, 0, 0, 0], palette: palette.slice(0, 8) }, [red, green]],
  [
    'RLE8',
    { bits: 8, width: 3, height: 2, data: [2, 1, 1, 2, 0, 0, 0, 3, 0, 1, 2, 0, 0, 1], palette, compression: 1 },
    [red, green, blue, green, green, blue],
  ],
  ['RLE4', { bits: 4, width: 3, height: 1, data: [3, 0x12, 0, 1], palette, compression: 2 }, [green, blue, green]],
])('a bitmap of %s', async (_, bitmap, expected) => {
  expect(await pixels(bmp(bitmap))).toEqual(expected)
})

test.each<[string, Uint8Array, RegExp]>([
  ['cut short', bmp({ bits: 24, width: 2, height: 2, data: [1, 2, 3] }), /ends too early/],
  ['of an unknown depth', bmp({ bits: 5, width: 1, height: 1, data: [0, 0, 0, 0] }), /5 bits a pixel/],
  [
    'of an unknown compression',
    bmp({ bits: 24, width: 1, height: 1, data: [0, 0, 0, 0], compression: 4 }),
    /compression is 4/,
  ],
  [
    'of unknown masks',
    bmp({ bits: 32, width: 1, height: 1, data: [0, 0, 0, 0], compression: 3, masks: [1, 2, 4] }),
    /masks 0x1, 0x2, 0x4/,
  ],
  ['of more pixels than an image has', bmp({ bits: 24, width: 60000, height: 60000, data: [] }), /too many/],
  ['of no pixels', bmp({ bits: 24, width: 0, height: 1, data: [] }), /no pixels/],
  [
    'whose RLE ends before its rows',
    bmp({ bits: 8, width: 3, height: 3, data: [2, 1, 0, 1], palette, compression: 1 }),
    /ends too early: 2 of 9/,
  ],
])('a bitmap %s is refused', async (_, encoded, why) => {
  await expect(decoded({ encoded })).rejects.toThrow(why)
})

test('portable maps as text, as bits and of any largest value, rounded to even as Python does', async () => {
  const of = (text: string): Promise<number[]> =>
    pixels(Buffer.from(text, 'latin1')).then((all) => all.map(([value]) => value as number))
  expect(await of('P2 # grey\n3 1\n6\n0 1 6')).toEqual([0, 42, 255]) // 42.5
  expect(await of('P5 3 1 6\n\x00\x01\x06')).toEqual([0, 42, 255])
  expect(await of('P1 3 1\n1 01')).toEqual([0, 255, 0])
  expect(await of('P4 3 1\n\xa0')).toEqual([0, 255, 0])
  expect(await pixels(Buffer.from('P3\n#x\r1 1 255 255 0 0'))).toEqual([red])
  await expect(of('P2 1 1 9\n10')).rejects.toThrow(/is 10, above 9/)
  await expect(of('P2 2 1 9\n1')).rejects.toThrow(/ends too early/)
})

test('what is transparent in a GIF keeps its colour of the palette', async () => {
  const gif = Buffer.from(
    '474946383961010001008000000aff14000000 21f90401000000 00 2c00000000010001000002024401 00 3b'.replaceAll(' ', ''),
    'hex',
  )
  expect(await pixels(gif)).toEqual([[10, 255, 20]])
})

test('a TIFF of a compression that libvips lacks is refused, not read as zeros', async () => {
  const tiff = await sharp(Uint8Array.of(1, 2, 3), { raw: { width: 1, height: 1, channels: 3 } })
    .tiff({ compression: 'none' })
    .toBuffer()
  expect(await pixels(tiff)).toEqual([[1, 2, 3]])
  const little = tiff[0] === 0x49
  const start = little ? tiff.readUInt32LE(4) : tiff.readUInt32BE(4)
  const count = little ? tiff.readUInt16LE(start) : tiff.readUInt16BE(start)
  const tag = (k: number): number =>
    little ? tiff.readUInt16LE(start + 2 + 12 * k) : tiff.readUInt16BE(start + 2 + 12 * k)
  const at = start + 10 + 12 * Array.from({ length: count }, (_, k) => tag(k)).indexOf(259)
  if (little) tiff.writeUInt16LE(50000, at)
  else tiff.writeUInt16BE(50000, at)
  await expect(decoded({ encoded: tiff })).rejects.toThrow(/compression, 50000, is not read/)
})

const written: Record<string, () => Promise<Uint8Array> | Uint8Array> = {
  bmp: () => bmp({ bits: 24, width: 1, height: 1, data: [1, 2, 3, 0] }),
  ppm: () => Buffer.from('P3 1 1 255 1 2 3'),
  pgm: () => Buffer.from('P2 1 1 255 1'),
  pbm: () => Buffer.from('P1 1 1 1'),
  pnm: () => Buffer.from('P5 1 1 255 1'),
  ...Object.fromEntries(
    (['jpg', 'jpeg', 'jpe', 'jfif', 'png', 'tif', 'tiff', 'webp', 'gif'] as const).map((kind) => [
      kind,
      () =>
        sharp(Uint8Array.of(1, 2, 3), { raw: { width: 1, height: 1, channels: 3 } })
          .toFormat(kind === 'tif' ? 'tiff' : /^jp|jf/.test(kind) ? 'jpeg' : (kind as 'png'))
          .toBuffer(),
    ]),
  ),
}

test('every ending that is counted as an image is read, in upper case too, and no other one is counted', async () => {
  for (const [ending, file] of Object.entries(written)) {
    expect([isImageName(`a.${ending}`), isImageName(`A.${ending.toUpperCase()}`)], ending).toEqual([true, true])
    expect(await decoded({ encoded: await file() }), ending).toMatchObject({ width: 1, height: 1 })
  }
  for (const other of ['jp2', 'heic', 'avif', 'svg', 'ico', 'tga', 'pdf', 'txt'])
    expect(isImageName(`a.${other}`), other).toBe(false)
})
