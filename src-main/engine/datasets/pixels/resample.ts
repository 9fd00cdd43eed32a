// Pillow's bicubic resampling of 8-bit images, to the bit: the filter (a = -0.5) widens with the scale when an image
// shrinks,
//   out(x) = sum_i k_i in(x_min + i),   k_i ~ bicubic((x_min + i - center + 0.5) / max(scale, 1)),   sum_i k_i = 1,
// its coefficients are fixed-point numbers of 22 bits, rows are resampled before columns, and in between values are 8
// bits again. Only the part of the result that is wanted is computed: (height, width, channels) in, (channels, size,
// size) out.
import { at } from '../../../numbers/vectors.ts'

/** (height, width, channels), row-major. */
export interface Image {
  pixels: Uint8Array
  width: number
  height: number
  channels: number
}

export interface Area {
  left: number
  top: number
  width: number
  height: number
}

const precision = 22 // bits of a coefficient behind the point: 32 - 8 of a value - 2 for sums beyond 1
const support = 2 // of the filter, in its own pixels

function bicubic(distance: number): number {
  const x = Math.abs(distance)
  if (x < 1) return (1.5 * x - 2.5) * x * x + 1
  return x < 2 ? (((x - 5) * x + 8) * x - 4) * -0.5 : 0
}

/** Which pixels along one side make the outputs from `first` on, and how much of each. */
interface Taps {
  most: number // taps an output has room for
  starts: Int32Array // (outputs)
  counts: Int32Array // (outputs)
  weights: Int32Array // (outputs, most)
}

function tapsOf(length: number, resized: number, first: number, outputs: number): Taps {
  const scale = length / resized
  const stretch = Math.max(scale, 1)
  const reach = support * stretch
  const most = Math.ceil(reach) * 2 + 1
  const taps = {
    most,
    starts: new Int32Array(outputs),
    counts: new Int32Array(outputs),
    weights: new Int32Array(outputs * most),
  }
  const exact = new Float64Array(most)
  for (let o = 0; o < outputs; o++) {
    const center = (first + o + 0.5) * scale
    const start = Math.max(0, Math.trunc(center - reach + 0.5))
    const count = Math.min(length, Math.trunc(center + reach + 0.5)) - start
    let sum = 0
    for (let i = 0; i < count; i++) {
      const w = bicubic((i + start - center + 0.5) * (1 / stretch))
      exact[i] = w
      sum += w
    }
    taps.starts[o] = start
    taps.counts[o] = count
    taps.weights.set(
      exact.subarray(0, count).map((w) => toFixed(w / sum)),
      o * most,
    )
  }
  return taps
}

function toFixed(weight: number): number {
  const fixed = weight * 2 ** precision
  return Math.trunc(fixed < 0 ? fixed - 0.5 : fixed + 0.5)
}

/** A square of the resized image. */
export interface Square {
  left: number
  top: number
  size: number
}

/** The area `from` of the image resized to (to.width, to.height), and of that the square: (channels, size, size). */
export function resample(image: Image, from: Area, to: { width: number; height: number }, square: Square): Uint8Array {
  const { size } = square
  const columns = tapsOf(from.width, to.width, square.left, size)
  const rows = tapsOf(from.height, to.height, square.top, size)
  const top = at(rows.starts, 0)
  const bottom = at(rows.starts, size - 1) + at(rows.counts, size - 1)
  return downColumns(acrossRows(image, from, top, bottom, columns), rows, top, bottom, image.channels)
}

/**
 * An area of one plane (size, size) of numbers at the full size again, by the same filter, without rounding to 8 bits.
 */
export function resampledFloats(plane: Float32Array, size: number, from: Area): Float32Array {
  const [columns, rows] = [tapsOf(from.width, size, 0, size), tapsOf(from.height, size, 0, size)]
  const tapped = ({ starts, counts, weights, most }: Taps, o: number, valueAt: (i: number) => number): number => {
    const [start, count] = [starts[o] as number, counts[o] as number]
    let sum = 0
    for (let i = 0; i < count; i++) sum += (weights[o * most + i] as number) * valueAt(start + i)
    return sum / 2 ** precision
  }
  const across = new Float64Array(from.height * size)
  for (let y = 0; y < from.height; y++) {
    const row = (from.top + y) * size + from.left
    for (let x = 0; x < size; x++) across[y * size + x] = tapped(columns, x, (i) => plane[row + i] as number)
  }
  return Float32Array.from({ length: size * size }, (_, to) =>
    tapped(rows, Math.floor(to / size), (i) => across[i * size + (to % size)] as number),
  )
}

/** Planes (channels, bottom - top, outputs) of the rows top..bottom of `from`. */
function acrossRows(
  { pixels, width, channels }: Image,
  from: Area,
  top: number,
  bottom: number,
  taps: Taps,
): Uint8Array {
  const { most, starts, counts, weights } = taps
  const outputs = starts.length
  const out = new Uint8Array(channels * (bottom - top) * outputs)
  let to = 0
  for (let c = 0; c < channels; c++)
    for (let y = top; y < bottom; y++) {
      const row = ((from.top + y) * width + from.left) * channels + c
      for (let o = 0; o < outputs; o++) {
        const [start, count] = [starts[o] as number, counts[o] as number]
        let sum = half
        for (let w = o * most, p = row + start * channels; w < o * most + count; w++, p += channels)
          sum += (pixels[p] as number) * (weights[w] as number)
        out[to++] = clipped(sum)
      }
    }
  return out
}

/** planes (channels, bottom - top, size) to (channels, size, size). */
function downColumns(planes: Uint8Array, taps: Taps, top: number, bottom: number, channels: number): Uint8Array {
  const { most, starts, counts, weights } = taps
  const size = starts.length
  const out = new Uint8Array(channels * size * size)
  const sums = new Int32Array(size)
  for (let c = 0; c < channels; c++)
    for (let o = 0; o < size; o++) {
      const [start, count] = [starts[o] as number, counts[o] as number]
      sums.fill(half)
      for (let i = 0; i < count; i++) {
        const weight = weights[o * most + i] as number
        const row = (c * (bottom - top) + start - top + i) * size
        for (let x = 0; x < size; x++) sums[x] = (sums[x] as number) + (planes[row + x] as number) * weight
      }
      const to = (c * size + o) * size
      for (let x = 0; x < size; x++) out[to + x] = clipped(sums[x] as number)
    }
  return out
}

const half = 1 << (precision - 1)

/**
 * A fixed-point sum to 8 bits. Sums stay within 32 bits: the weights of one output add up to 1, their sizes to less
 * than 2.
 */
function clipped(sum: number): number {
  const value = sum >> precision
  return value < 0 ? 0 : value > 255 ? 255 : value
}
