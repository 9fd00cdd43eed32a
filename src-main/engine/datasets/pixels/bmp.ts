// Windows' and OS/2's bitmaps, which libvips is built without here, to the bit as Pillow reads them: a file header of
// 14 bytes, one of the image (12, 40, 52, 56, 64, 108 or 124 bytes), a palette below 16 bits, then rows of whole 32-bit
// words, the lowest first unless the height is negative.
//   1, 4, 8 bits    indices of the palette; RLE4 and RLE8 pack them
//   16, 24, 32 bits blue, green, red; BITFIELDS names other places. Alpha is dropped, as everywhere
// A palette that only counts up from black makes a grey image. Pillow takes two colours, black and white, for one bit a
// pixel, whatever the header says; so it is here, since that is what models were trained on.
import { byteAt } from '../../../numbers/vectors.ts'
import type { Image } from './resample.ts'

const headerSizes = [12, 40, 52, 56, 64, 108, 124]
const [raw, rle8, rle4, bitfields] = [0, 1, 2, 3]

/** Whether these bytes are one. */
export function isBmp(bytes: Uint8Array): boolean {
  return (
    bytes[0] === 0x42 &&
    bytes[1] === 0x4d &&
    headerSizes.includes(bytes[14] ?? 0) &&
    !bytes[15] &&
    !bytes[16] &&
    !bytes[17]
  )
}

interface Header {
  width: number
  height: number
  isTopDown: boolean
  bits: number
  compression: number
  colours: number
  colourBytes: number // of a palette's entry: 3 or 4
  start: number // of the pixels
  masks: number[] // red, green, blue and alpha
  end: number // of the header: where the palette begins
}

/** Of an image of at most `mostPixels`. Throws an Error that says what is wrong. */
export function readBmp(bytes: Uint8Array, mostPixels: number): Image {
  const header = readHeader(bytes)
  const { width, height, bits, compression } = header
  if (width === 0 || height === 0) throw new Error('it has no pixels')
  if (width * height > mostPixels) throw new Error(`it has ${width} x ${height} pixels, too many`)
  if (bits <= 8) return ofPalette(bytes, header)
  if (compression === rle8 || compression === rle4) throw new Error(`its ${bits} bits a pixel are packed by RLE`)
  const places = compression === bitfields ? byMasks(header) : [2, 1, 0]
  return { pixels: bits === 16 ? of16Bits(bytes, header) : ofBytes(bytes, header, places), width, height, channels: 3 }
}

function readHeader(bytes: Uint8Array): Header {
  const size = bytes[14] ?? 0
  if (bytes.length < 14 + size) throw new Error('it ends in its header')
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const word = (at: number): number => view.getUint32(at, true)
  const start = word(10)
  const end = 14 + size
  if (size === 12) {
    const [width, height, bits] = [18, 20, 24].map((at) => view.getUint16(at, true)) as [number, number, number]
    return placed({
      width,
      height,
      isTopDown: false,
      bits,
      compression: raw,
      colours: 0,
      colourBytes: 3,
      start,
      masks: [],
      end,
    })
  }
  const isTopDown = bytes[25] === 0xff
  const height = isTopDown ? 2 ** 32 - word(22) : word(22)
  const [width, bits, compression, colours] = [word(18), view.getUint16(28, true), word(30), word(46)]
  const masks: number[] = []
  if (compression === bitfields) {
    if (bytes.length < 54 + 12) throw new Error('it ends in its header')
    for (let at = 54; at < 66; at += 4) masks.push(word(at)) // in the header, or right behind one of 40 bytes
    masks.push(size >= 56 ? word(66) : 0)
  }
  return placed({
    width,
    height,
    isTopDown,
    bits,
    compression,
    colours,
    colourBytes: 4,
    start,
    masks,
    end: masks.length > 0 && size === 40 ? end + 12 : end,
  })
}

/** Checks what the rest relies on, and finds the palette's length and the pixels' beginning. */
function placed(header: Header): Header {
  const { bits, compression, colourBytes, end } = header
  if (![1, 4, 8, 16, 24, 32].includes(bits)) throw new Error(`it has ${bits} bits a pixel`)
  if (compression > bitfields) throw new Error(`its compression is ${compression}`)
  if (compression === bitfields && bits <= 8) throw new Error(`its ${bits} bits a pixel have masks`)
  const colours = header.colours || 2 ** Math.min(bits, 16)
  if (bits <= 8 && colours > 256) throw new Error(`its palette has ${colours} colours`)
  const palette = bits <= 8 ? colours * colourBytes : 0
  // some writers forget the palette
  const start = header.start === end || header.start === 0 ? end + palette : header.start
  return { ...header, colours, start }
}

/**
 * Where the image's row y begins in the file: rows are whole 32-bit words, the lowest first unless the image is top
 * down. each: bits read of a pixel.
 */
function rowsOf(
  bytes: Uint8Array,
  { width, height, isTopDown, bits, start }: Header,
  each = bits,
): (y: number) => number {
  const stride = (Math.ceil((width * bits) / 8) + 3) & ~3
  if (start + stride * (height - 1) + Math.ceil((width * each) / 8) > bytes.length)
    throw new Error(`it ends too early: ${Math.max(0, bytes.length - start)} of ${stride * height} bytes are there`)
  return (y) => start + stride * (isTopDown ? y : height - 1 - y)
}

function ofBytes(bytes: Uint8Array, header: Header, places: readonly number[]): Uint8Array {
  const { width, height, bits } = header
  const step = bits / 8
  const out = new Uint8Array(width * height * 3)
  const [red, green, blue] = places as [number, number, number]
  const rowAt = rowsOf(bytes, header)
  for (let y = 0, to = 0; y < height; y++)
    for (let x = 0, from = rowAt(y); x < width; x++, from += step, to += 3) {
      out[to] = byteAt(bytes, from + red)
      out[to + 1] = byteAt(bytes, from + green)
      out[to + 2] = byteAt(bytes, from + blue)
    }
  return out
}

/** 5 bits each, or 6 of green, stretched to 0 to 255 and cut off. */
function of16Bits(bytes: Uint8Array, header: Header): Uint8Array {
  const { width, height, masks, compression } = header
  const wide = compression === bitfields && masks[0] === 0xf800 && masks[1] === 0x7e0 && masks[2] === 0x1f
  if (compression === bitfields && !wide && !(masks[0] === 0x7c00 && masks[1] === 0x3e0 && masks[2] === 0x1f))
    throw unknownMasks(header)
  const out = new Uint8Array(width * height * 3)
  const rowAt = rowsOf(bytes, header)
  for (let y = 0, to = 0; y < height; y++)
    for (let x = 0, from = rowAt(y); x < width; x++, from += 2, to += 3) {
      const value = byteAt(bytes, from) | (byteAt(bytes, from + 1) << 8)
      out[to] = Math.trunc((((value >> (wide ? 11 : 10)) & 31) * 255) / 31)
      out[to + 1] = wide ? Math.trunc((((value >> 5) & 63) * 255) / 63) : Math.trunc((((value >> 5) & 31) * 255) / 31)
      out[to + 2] = Math.trunc(((value & 31) * 255) / 31)
    }
  return out
}

/** Which masks of 24 and 32 bits are known: [red, green, blue, alpha]; of 24 bits alpha does not count. */
const knownMasks: Record<number, readonly number[][]> = {
  24: [[0xff0000, 0xff00, 0xff]],
  32: [
    [0xff0000, 0xff00, 0xff, 0],
    [0xff000000, 0xff0000, 0xff00, 0],
    [0xff000000, 0xff00, 0xff, 0],
    [0xff000000, 0xff0000, 0xff00, 0xff],
    [0xff, 0xff00, 0xff0000, 0xff000000],
    [0xff0000, 0xff00, 0xff, 0xff000000],
    [0xff000000, 0xff00, 0xff, 0xff0000],
    [0, 0, 0, 0],
  ],
}

/** The bytes of red, green and blue in a pixel. */
function byMasks(header: Header): number[] {
  const { bits, masks } = header
  if (bits === 16) return []
  const known = knownMasks[bits]?.find((each) => each.every((mask, i) => mask === masks[i]))
  if (!known) throw unknownMasks(header)
  return known[0] === 0 ? [2, 1, 0] : known.slice(0, 3).map((mask) => Math.log2(mask / 0xff) / 8)
}

function unknownMasks({ bits, masks }: Header): Error {
  return new Error(
    `its ${bits} bits a pixel have the masks ${masks.map((mask) => `0x${mask.toString(16)}`).join(', ')}`,
  )
}

function ofPalette(bytes: Uint8Array, header: Header): Image {
  const { width, height, compression } = header
  const palette = paletteOf(bytes, header)
  const isRle = compression !== raw
  const indices = isRle ? ofRle(bytes, header) : indicesOf(bytes, header, palette)
  if (palette.isGrey) {
    const pixels = palette.isTwoTone ? indices.map((value) => (value ? 255 : 0)) : indices
    return { pixels, width, height, channels: 1 }
  }
  const pixels = new Uint8Array(width * height * 3)
  for (let i = 0; i < indices.length; i++)
    for (let c = 0; c < 3; c++) pixels[3 * i + c] = byteAt(palette.rgb, 3 * byteAt(indices, i) + c)
  return { pixels, width, height, channels: 3 }
}

interface Palette {
  rgb: Uint8Array // (256, 3)
  isGrey: boolean
  isTwoTone: boolean // grey, black and white
}

function paletteOf(bytes: Uint8Array, { colours, colourBytes, end }: Header): Palette {
  if (end + colours * colourBytes > bytes.length) throw new Error('it ends in its palette')
  const rgb = new Uint8Array(3 * 256) // black beyond its colours
  let isGrey = true
  for (let k = 0; k < colours; k++)
    for (let c = 0; c < 3; c++) {
      const value = byteAt(bytes, end + k * colourBytes + 2 - c)
      rgb[3 * k + c] = value
      isGrey &&= value === (colours === 2 ? 255 * k : k)
    }
  return { rgb, isGrey, isTwoTone: isGrey && colours <= 2 }
}

function indicesOf(bytes: Uint8Array, header: Header, { isGrey, isTwoTone }: Palette): Uint8Array {
  const { width, height, bits } = header
  const each = isTwoTone ? 1 : isGrey ? 8 : bits // as Pillow takes them apart
  if (each > bits) throw new Error(`its ${bits} bits a pixel have a grey palette of another depth`)
  const out = new Uint8Array(width * height)
  const mask = 2 ** each - 1
  const rowAt = rowsOf(bytes, header, each)
  for (let y = 0, to = 0; y < height; y++)
    for (let x = 0, from = rowAt(y); x < width; x++) {
      const at = x * each
      out[to++] = (byteAt(bytes, from + (at >> 3)) >> (8 - each - (at & 7))) & mask
    }
  return out
}

/** RLE, as Pillow's decoder runs through it: runs that leave their row are cut, what is skipped is 0. */
function ofRle(bytes: Uint8Array, { width, height, start, isTopDown, compression }: Header): Uint8Array {
  const all = width * height
  const out = new Uint8Array(all)
  const four = compression === rle4
  let [at, done, x] = [start, 0, 0]
  const put = (value: number): void => {
    if (done < all) out[done] = value
    done++
  }
  while (done < all && at + 2 <= bytes.length) {
    const [count, value] = [byteAt(bytes, at), byteAt(bytes, at + 1)]
    at += 2
    if (count > 0) {
      const run = x + count > width ? Math.max(0, width - x) : count
      for (let i = 0; i < run; i++) put(four ? (i % 2 === 0 ? value >> 4 : value & 15) : value)
      x += run
    } else if (value === 0) {
      while (done % width !== 0) put(0)
      x = 0
    } else if (value === 1) break
    else if (value === 2) {
      if (at + 2 > bytes.length) break
      const skip = Math.min(all - done, byteAt(bytes, at) + byteAt(bytes, at + 1) * width)
      at += 2
      done += skip
      x = done % width
    } else {
      const pixels = Math.min(all - done, value)
      const length = four ? (pixels + 1) >> 1 : pixels
      if (at + length > bytes.length) break
      for (let i = 0; i < pixels; i++) {
        const byte = byteAt(bytes, at + (four ? i >> 1 : i))
        put(four ? (i % 2 === 0 ? byte >> 4 : byte & 15) : byte)
      }
      at += length
      x += value
      if (at % 2 !== 0) at++
    }
  }
  if (done < all) throw new Error(`it ends too early: ${done} of ${all} pixels are there`)
  return isTopDown ? out : flipped(out, width, height)
}

/** The rows in the other order. */
function flipped(rows: Uint8Array, width: number, height: number): Uint8Array {
  const out = new Uint8Array(rows.length)
  for (let y = 0; y < height; y++) out.set(rows.subarray(y * width, (y + 1) * width), (height - 1 - y) * width)
  return out
}
