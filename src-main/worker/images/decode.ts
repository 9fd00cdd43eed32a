// An encoded image to 8-bit RGB or grey pixels, as Pillow's Image.open(...).convert('RGB') has them: alpha dropped
// before anything is resized, palettes and grey expanded, colour profiles and EXIF rotation ignored, CMYK by its plain
//   rgb = max(0, (255 - k) - (255 - k) cmy / 255),
// 16-bit colour by its upper byte, and 16-bit grey, as Pillow has it, by what fits into a byte. libvips decodes
// (sharp); it is asked for the five kinds it reads as Pillow does, told by their first bytes, and never for what else
// it could open. Bitmaps and the portable kinds it lacks.

import sharp, { type Sharp } from 'sharp'

import { isBmp, readBmp } from '../../engine/datasets/pixels/bmp.ts'
import { opaqueGif } from '../../engine/datasets/pixels/gif.ts'
import { isNetpbm, readNetpbm } from '../../engine/datasets/pixels/netpbm.ts'
import type { Image } from '../../engine/datasets/pixels/resample.ts'
import { unreadTiff } from '../../engine/datasets/pixels/tiff.ts'
import type { Box, EncodedImage, PixelImage } from '../../engine/datasets/raw.ts'
import { byteAt } from '../../numbers/vectors.ts'

sharp.cache(false) // each image is decoded once
sharp.concurrency(1) // many images at a time, one thread each

const mostPixels = 178_956_970 // beyond, Pillow refuses too

/** (height, width, 1 or 3). Throws an Error that says what is wrong with the image. */
export async function decoded(image: EncodedImage | PixelImage): Promise<Image> {
  if (!('encoded' in image)) return withoutAlpha(image)
  const whole = await whole8Bit(image.encoded)
  return image.crop ? cropped(whole, image.crop) : whole
}

async function whole8Bit(encoded: Uint8Array): Promise<Image> {
  if (isNetpbm(encoded)) return readNetpbm(encoded, mostPixels)
  return isBmp(encoded) ? readBmp(encoded, mostPixels) : byLibvips(encoded)
}

async function byLibvips(encoded: Uint8Array): Promise<Image> {
  if (!isKnown(encoded)) throw new Error('it is no JPEG, PNG, GIF, WebP, TIFF, BMP, PPM or PGM image')
  const unread = unreadTiff(encoded)
  if (unread) throw new Error(unread)
  const file = sharp(opaqueGif(encoded), { ignoreIcc: true, failOn: 'truncated', limitInputPixels: mostPixels })
  const { space, depth } = await file.metadata()
  if (space === 'grey16') return clippedTo8(await raw(file.toColourspace('grey16').raw({ depth: 'ushort' })))
  if (space === 'cmyk') return fromCmyk(await raw(file.pipelineColourspace('cmyk').toColourspace('cmyk').raw()))
  if (space === 'b-w' && depth === 'uchar') return withoutAlpha(await raw(file.toColourspace('b-w').raw()))
  return withoutAlpha(await raw(file.raw()))
}

async function raw(pipeline: Sharp): Promise<Image> {
  const { data, info } = await pipeline.toBuffer({ resolveWithObject: true })
  return { pixels: data, width: info.width, height: info.height, channels: info.channels }
}

const kinds = [
  'ffd8ff',
  '89504e470d0a1a0a',
  '474946383761',
  '474946383961',
  '49492a00',
  '4d4d002a',
  '49492b00',
  '4d4d002b',
]

function isKnown(bytes: Uint8Array): boolean {
  const start = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 12))
  const hex = start.toString('hex')
  return (
    kinds.some((kind) => hex.startsWith(kind)) ||
    (start.toString('latin1', 0, 4) === 'RIFF' && start.toString('latin1', 8) === 'WEBP')
  )
}

/** 1 or 3 of 1 to 4 channels. */
function withoutAlpha(image: Image): Image {
  const { pixels, width, height, channels } = image
  if (channels === 1 || channels === 3) return image
  const kept = channels === 2 ? 1 : 3
  const out = new Uint8Array(width * height * kept)
  for (let from = 0, to = 0; to < out.length; from += channels, to += kept)
    for (let c = 0; c < kept; c++) out[to + c] = byteAt(pixels, from + c)
  return { pixels: out, width, height, channels: kept }
}

function fromCmyk({ pixels, width, height }: Image): Image {
  const out = new Uint8Array(width * height * 3)
  for (let i = 0; i < width * height; i++) {
    const light = 255 - byteAt(pixels, 4 * i + 3)
    for (let c = 0; c < 3; c++) {
      const product = byteAt(pixels, 4 * i + c) * light + 128
      out[3 * i + c] = Math.max(0, light - (((product >> 8) + product) >> 8)) // Pillow's division by 255
    }
  }
  return { pixels: out, width, height, channels: 3 }
}

/** 16-bit samples, in the machine's order, of one channel or more; the first is kept. */
function clippedTo8({ pixels, width, height, channels }: Image): Image {
  const values = new Uint16Array(pixels.buffer, pixels.byteOffset, pixels.byteLength / 2)
  const out = new Uint8Array(width * height)
  for (let i = 0; i < out.length; i++) out[i] = Math.min(255, values[i * channels] as number)
  return { pixels: out, width, height, channels: 1 }
}

/** As Pillow's crop: what lies beyond the image is black. */
function cropped({ pixels, width, height, channels }: Image, { left, top, right, bottom }: Box): Image {
  const [w, h] = [right - left, bottom - top]
  if (!(w > 0 && h > 0 && w * h <= mostPixels))
    throw new Error(`its box (${left}, ${top}, ${right}, ${bottom}) holds nothing`)
  const out = new Uint8Array(w * h * channels)
  const [first, last] = [Math.max(0, left), Math.min(width, right)]
  for (let y = Math.max(0, top); y < Math.min(height, bottom) && first < last; y++)
    out.set(
      pixels.subarray((y * width + first) * channels, (y * width + last) * channels),
      ((y - top) * w + first - left) * channels,
    )
  return { pixels: out, width: w, height: h, channels }
}
