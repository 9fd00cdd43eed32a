// A perceptual hash of 64 bits: the image's brightness on 32 x 32 fields, its cosine transform (DCT-II), and of the 64
// lowest frequencies but the mean one bit each: whether it is above a fifth of their root mean square. That margin
// keeps the many that are about 0 from being decided by noise. Images that look alike differ in few bits: brightness,
// contrast, size and JPEG quality move hardly any.
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
    Float64Array.from({ length: fields }, (_, y) =>
      cosine.reduce((sum, c, x) => sum + c * (bright[y * fields + x] as number), 0),
    ),
  ) // (frequencies, fields)
  const found = Float64Array.from(frequencies, ([u, v]) =>
    (cosines[v] as Float64Array).reduce((sum, c, y) => sum + c * (across[u]?.[y] as number), 0),
  )
  const least = margin * Math.sqrt(found.reduce((sum, value) => sum + value * value, 0) / found.length)
  const bits = new Uint8Array(8)
  found.forEach((value, i) => {
    if (value > least) bits[i >> 3] = (bits[i >> 3] as number) | (1 << (i & 7))
  })
  return bits
}

/**
 * Whether two images are one picture but for brightness, contrast and coding: their fields' brightness is correlated.
 * (channels, size, size) each.
 */
export function looksAlike(a: Uint8Array, b: Uint8Array, size: number): boolean {
  const [x, y] = [centred(brightness(a, size)), centred(brightness(b, size))]
  const product = (p: Float64Array, q: Float64Array): number => p.reduce((sum, v, i) => sum + v * (q[i] as number), 0)
  const spread = Math.sqrt(product(x, x) * product(y, y))
  return spread === 0 ? product(x, x) === product(y, y) : product(x, y) / spread >= correlated
}

const correlated = 0.98

function centred(values: Float64Array): Float64Array {
  const mean = values.reduce((sum, v) => sum + v, 0) / values.length
  return values.map((v) => v - mean)
}

/** (fields, fields): each the mean of its own pixels; of an image smaller than that, its nearest one. */
function brightness(pixels: Uint8Array, size: number): Float64Array {
  const plane = size * size
  const weights = pixels.length === plane ? [1] : [0.299, 0.587, 0.114]
  const out = new Float64Array(fields * fields)
  const bounds = Array.from({ length: fields + 1 }, (_, i) => Math.floor((i * size) / fields))
  for (let y = 0; y < fields; y++)
    for (let x = 0; x < fields; x++) {
      const [top, left] = [bounds[y] as number, bounds[x] as number]
      const [bottom, right] = [Math.max(top + 1, bounds[y + 1] as number), Math.max(left + 1, bounds[x + 1] as number)]
      let sum = 0
      for (const [c, weight] of weights.entries())
        for (let j = top; j < bottom; j++)
          for (let i = left; i < right; i++) sum += weight * (pixels[c * plane + j * size + i] as number)
      out[y * fields + x] = sum / ((bottom - top) * (right - left))
    }
  return out
}
