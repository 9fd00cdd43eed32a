// A GIF's first picture as Pillow gives it in RGB: what is transparent keeps its colour of the palette. libvips would
// make it black, so the mark of transparency, a bit of the control block before the picture, is taken out before it
// decodes.
import { byteAt } from '../../../numbers/vectors.ts'

/** The same bytes, or a copy without that mark. */
export function opaqueGif(bytes: Uint8Array): Uint8Array {
  if (bytes[0] !== 0x47 || bytes[1] !== 0x49 || bytes[2] !== 0x46) return bytes
  const flags = bytes[10] ?? 0
  let at = 13 + (flags & 0x80 ? 3 * 2 ** ((flags & 7) + 1) : 0)
  while (bytes[at] === 0x21) {
    if (bytes[at + 1] === 0xf9 && (bytes[at + 3] ?? 0) & 1) {
      const copy = new Uint8Array(bytes)
      copy[at + 3] = byteAt(copy, at + 3) & ~1
      return copy
    }
    for (at += 2; bytes[at]; ) at += byteAt(bytes, at) + 1
    at++
  }
  return bytes
}
