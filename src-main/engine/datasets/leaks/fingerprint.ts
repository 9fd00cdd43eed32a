// A perceptual hash of 64 bits: the image's brightness on 32 x 32 fields, its cosine transform (DCT-II), and of the 64
// lowest frequencies but the mean one bit each: whether it is above a fifth of their root mean square. That margin
// keeps the many that are about 0 from being decided by noise. Images that look alike differ in few bits: brightness,
// contrast, size and JPEG quality move hardly any.
import { mean } from '../../../numbers/statistics/paired.ts'
import { at, byteAt, dot } from '../../../numbers/vectors.ts'

const fields = 32
const margin = 0.2
const pairs = Array.from({ length: 81 }, (_, i): [number, number] => [Math.floor(i / 9), i % 9])
const frequencies = pairs
  .slice(1)
  .sort(([a, b], [c, d]) => a + b - (c + d) || a - c)
  .slice(0, 64) // [across, down], (0, 0) left out

// cosines[u][x] = cos(pi (2 x + 1) u / 64)
const cosines = Array.from({ length: 9 }, (_, u) =>
  Float64Array.from({ length: fields }, (_x, x) => Math.cos((Math.PI * (2 * x + 1) * u) / (2 * fields))),
)

/** Of pixels (channels, size, size), 1 or 3 channels; 8 bytes. */
export function fingerprintOf(pixels: Uint8Array, size: number): Uint8Array {
  const bright = brightness(pixels, size)
  const across = cosines.map((cosine) =>
    Float64Array.from({ length: fields }, (_, y) => dot(cosine, bright.subarray(y * fields, (y + 1) * fields))),
  ) // (frequencies, fields)
  const found = Float64Array.from(frequencies, ([u, v]) => dot(at(cosines, v), at(across, u)))
  const least = margin * Math.sqrt(dot(found, found) / found.length)
  const bits = new Uint8Array(8)
  found.forEach((value, i) => {
    if (value > least) bits[i >> 3] = byteAt(bits, i >> 3) | (1 << (i & 7))
  })
  return bits
}

/**
 * Whether two images are one picture but for brightness, contrast and coding: their fields' brightness is correlated.
 * (channels, size, size) each.
 */
export function looksAlike(a: Uint8Array, b: Uint8Array, size: number): boolean {
  const [x, y] = [centred(brightness(a, size)), centred(brightness(b, size))]
  const spread = Math.sqrt(dot(x, x) * dot(y, y))
  return spread === 0 ? dot(x, x) === dot(y, y) : dot(x, y) / spread >= correlated
}

const correlated = 0.98

function centred(values: Float64Array): Float64Array {
  const middle = mean(values)
  return values.map((v) => v - middle)
}

/** (fields, fields): each the mean of its own pixels; of an image smaller than that, its nearest one. */
function brightness(pixels: Uint8Array, size: number): Float64Array {
  const plane = size * size
  const weights = pixels.length === plane ? [1] : [0.299, 0.587, 0.114]
  const out = new Float64Array(fields * fields)
  const spans = Array.from({ length: fields }, (_, i) => {
    const first = Math.floor((i * size) / fields)
    return { first, end: Math.max(first + 1, Math.floor(((i + 1) * size) / fields)) }
  })
  for (const [y, rows] of spans.entries())
    for (const [x, columns] of spans.entries()) {
      let sum = 0
      for (const [c, weight] of weights.entries())
        for (let j = rows.first; j < rows.end; j++)
          for (let i = columns.first; i < columns.end; i++) sum += weight * byteAt(pixels, c * plane + j * size + i)
      out[y * fields + x] = sum / ((rows.end - rows.first) * (columns.end - columns.first))
    }
  return out
}
