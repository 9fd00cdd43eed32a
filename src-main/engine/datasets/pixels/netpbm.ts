// The portable bitmap, graymap and pixmap (P1 to P6), which libvips is built without here and in which GTSRB comes: a
// header of words and comments, then samples, to the bit as Pillow reads them: as text (P1 to P3), as bits (P4), or in
// one byte, or two, the more significant first, up to a largest value (P5, P6). In a bitmap 1 is black.
import { byteAt } from '../../../numbers/vectors.ts'
import type { Image } from './resample.ts'

/** Whether these bytes are one of them. */
export function isNetpbm(bytes: Uint8Array): boolean {
  const kind = (bytes[1] ?? 0) - 0x30
  return bytes[0] === 0x50 && kind >= 1 && kind <= 6 && isSpace(bytes[2])
}

/** Of an image of at most `mostPixels`. Throws an Error that says what is wrong. */
export function readNetpbm(bytes: Uint8Array, mostPixels: number): Image {
  const kind = (bytes[1] ?? 0) - 0x30
  const words = new Words(bytes, 2)
  const isBitmap = kind === 1 || kind === 4
  const [width, height, most] = [words.number(), words.number(), isBitmap ? 1 : words.number()]
  const channels = kind === 3 || kind === 6 ? 3 : 1
  if (most > 65535 || Math.min(width, height, most) < 1) throw new Error('its header is damaged')
  if (width * height > mostPixels) throw new Error(`it has ${width} x ${height} pixels, too many`)
  if (kind === 4) return { pixels: ofBits(bytes.subarray(words.at + 1), width, height), width, height, channels: 1 }
  const pixels = new Uint8Array(width * height * channels)
  const top = most > 255 && channels === 1 ? 65535 : 255 // grey of more than a byte is cut off, as Pillow does
  if (kind <= 3) {
    for (let i = 0; i < pixels.length; i++) {
      const value = kind === 1 ? 1 - words.bit() : words.number()
      if (value > most) throw new Error(`one of its values is ${value}, above ${most}`)
      pixels[i] = stretched(value, most, top)
    }
    return { pixels, width, height, channels }
  }
  const data = bytes.subarray(words.at + 1)
  const wide = most > 255 ? 2 : 1
  if (data.length < pixels.length * wide)
    throw new Error(`it ends too early: ${data.length} of ${pixels.length * wide} bytes are there`)
  if (most === 255) return { pixels: data.subarray(0, pixels.length), width, height, channels }
  for (let i = 0; i < pixels.length; i++)
    pixels[i] = stretched(wide === 2 ? byteAt(data, 2 * i) * 256 + byteAt(data, 2 * i + 1) : byteAt(data, i), most, top)
  return { pixels, width, height, channels }
}

/** Python's round, to even where it lies between two. */
function stretched(value: number, most: number, top: number): number {
  const exact = (value / most) * top
  const down = Math.floor(exact)
  const rest = exact - down
  return Math.min(255, rest > 0.5 || (rest === 0.5 && down % 2 !== 0) ? down + 1 : down)
}

/** Rows of whole bytes, the highest bit first. */
function ofBits(data: Uint8Array, width: number, height: number): Uint8Array {
  const stride = Math.ceil(width / 8)
  if (data.length < stride * height)
    throw new Error(`it ends too early: ${data.length} of ${stride * height} bytes are there`)
  const bit = (i: number): number =>
    (byteAt(data, Math.floor(i / width) * stride + ((i % width) >> 3)) >> (7 - ((i % width) & 7))) & 1
  return Uint8Array.from({ length: width * height }, (_, i) => (bit(i) ? 0 : 255))
}

/** Whole numbers between spaces; from a "#" to the end of its line is comment. */
class Words {
  at: number // behind the last word
  readonly #bytes: Uint8Array

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes
    this.at = at
  }

  number(): number {
    this.#pass()
    let [value, from] = [0, this.at]
    for (; this.at < this.#bytes.length && !isSpace(this.#bytes[this.at]) && this.#bytes[this.at] !== 0x23; this.at++) {
      const digit = byteAt(this.#bytes, this.at) - 0x30
      if (digit < 0 || digit > 9 || this.at - from >= 10) throw new Error('one of its numbers is none')
      value = value * 10 + digit
    }
    if (this.at === from) throw new Error('it ends too early')
    return value
  }

  /** "0" or "1", with or without space between. */
  bit(): number {
    this.#pass()
    const digit = this.#bytes[this.at++]
    if (digit === undefined) throw new Error('it ends too early')
    if (digit !== 0x30 && digit !== 0x31) throw new Error('one of its bits is none')
    return digit - 0x30
  }

  #pass(): void {
    for (let byte = this.#bytes[this.at]; isSpace(byte) || byte === 0x23; byte = this.#bytes[++this.at])
      if (byte === 0x23) while (this.at < this.#bytes.length && !isLineEnd(this.#bytes[this.at])) this.at++
  }
}

const isLineEnd = (byte: number | undefined): boolean => byte === 0x0a || byte === 0x0d

function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || (byte !== undefined && byte >= 0x09 && byte <= 0x0d)
}
