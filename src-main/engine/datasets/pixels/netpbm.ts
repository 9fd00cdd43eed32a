// The portable pixmap and graymap (P6 and P5), which libvips is built without here and in which GTSRB comes: a header of words and comments,
// then samples of one byte, or of two, the more significant first, up to a largest value.
import type { Image } from './resample.ts'

/** Whether these bytes are one of the two. */
export function isNetpbm(bytes: Uint8Array): boolean {
  return bytes[0] === 0x50 && (bytes[1] === 0x35 || bytes[1] === 0x36) && isSpace(bytes[2])
}

/** Of an image of at most `mostPixels`. Throws an Error that says what is wrong. */
export function readNetpbm(bytes: Uint8Array, mostPixels: number): Image {
  const words: number[] = []
  let at = 2
  while (words.length < 3) {
    while (isSpace(bytes[at]) || bytes[at] === 0x23) {
      if (bytes[at] === 0x23) while (at < bytes.length && bytes[at] !== 0x0a) at++
      at++
    }
    const from = at
    while (at < bytes.length && !isSpace(bytes[at]) && at - from < 10) at++
    const word = Number(new TextDecoder().decode(bytes.subarray(from, at)) || Number.NaN)
    if (!Number.isInteger(word) || word < 1) throw new Error('its header is damaged')
    words.push(word)
  }
  const [width, height, most] = words as [number, number, number]
  const channels = bytes[1] === 0x36 ? 3 : 1
  const wide = most > 255 ? 2 : 1
  const samples = width * height * channels
  if (most > 65535) throw new Error('its header is damaged')
  if (width * height > mostPixels) throw new Error(`it has ${width} x ${height} pixels, too many`)
  const data = bytes.subarray(at + 1)
  if (data.length < samples * wide) throw new Error(`it ends too early: ${data.length} of ${samples * wide} bytes are there`)
  if (most === 255) return { pixels: data.subarray(0, samples), width, height, channels }
  const pixels = new Uint8Array(samples)
  const top = wide === 2 && channels === 1 ? 65535 : 255 // grey of two bytes is cut off, as Pillow does
  for (let i = 0; i < samples; i++) {
    const value = wide === 2 ? (data[2 * i] as number) * 256 + (data[2 * i + 1] as number) : (data[i] as number)
    pixels[i] = Math.min(255, Math.round((value * top) / most))
  }
  return { pixels, width, height, channels }
}

function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || (byte !== undefined && byte >= 0x09 && byte <= 0x0d)
}
