// The sample project's images: one .npz a task (uint8 (n, 56, 56, 3), int64 labels, class names) to 28 x 28 pictures,
// one channel where all three are equal. The learning and validation
// splits are the source's own plus images held out of all training.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

import { unzipSync } from 'fflate'

export const size = 28
const wide = 56

export interface Images {
  pixels: Uint8Array // (n, 56, 56, 3)
  labels: Int32Array
  count: number
}

export interface Source {
  name: string
  splits: Record<'train' | 'learning' | 'validation' | 'test', Images>
  classNames: string[]
  grey: boolean
}

/** held: how many of the training images go to other splits instead. */
export function readSource(folder: string, name: string, held: { learning: number; validation: number }): Source {
  const { files, images } = opened(folder, name)
  const test = images('test')
  const inTest = picturesOf(test)
  const validation = without(images('ves'), inTest)
  const learning = without(images('vtr'), inTest)
  const all = without(images('train'), new Set([...inTest, ...picturesOf(validation), ...picturesOf(learning)]))
  const forLearning = all.count - held.learning - held.validation
  const forValidation = all.count - held.validation
  const classes = npy(files['classes.npy'])
  const width = Number(/\d+/.exec(classes.type)?.[0])
  const points = new Uint32Array(classes.data.buffer)
  const nameAt = (i: number): string =>
    String.fromCodePoint(...points.subarray(i * width, (i + 1) * width)).replaceAll('\0', '')
  return {
    name,
    splits: {
      train: part(all, 0, forLearning),
      learning: joined(learning, part(all, forLearning, forValidation)),
      validation: joined(validation, part(all, forValidation, all.count)),
      test,
    },
    classNames: Array.from({ length: classes.shape[0] ?? 0 }, (_, i) => nameAt(i)),
    grey: isGrey(all.pixels),
  }
}

/** A task's .npz, and any of its splits as it lies there. */
export function opened(folder: string, name: string) {
  const files = unzipSync(readFileSync(join(folder, `${name}.npz`)))
  const images = (split: string): Images => {
    const x = npy(files[`x_${split}.npy`])
    const y = npy(files[`y_${split}.npy`])
    return { pixels: x.data, labels: Int32Array.from(new BigInt64Array(y.data.buffer), Number), count: x.shape[0] ?? 0 }
  }
  return { files, images }
}

/**
 * (56, 56, 3) to (3, 28, 28): the mean of 2 x 2 pixels, shifted by whole source pixels; what lies outside repeats the
 * border.
 */
export function picture(pixels: Uint8Array, index: number, dx = 0, dy = 0): Uint8Array {
  const out = new Uint8Array(3 * size * size)
  const at = (y: number, x: number, c: number): number =>
    pixels[((index * wide + inside(y)) * wide + inside(x)) * 3 + c] as number
  for (let c = 0; c < 3; c++)
    for (let y = 0; y < size; y++)
      for (let x = 0; x < size; x++) {
        const sy = 2 * y + dy
        const sx = 2 * x + dx
        out[(c * size + y) * size + x] = Math.round(
          (at(sy, sx, c) + at(sy, sx + 1, c) + at(sy + 1, sx, c) + at(sy + 1, sx + 1, c)) / 4,
        )
      }
  return out
}

/** (n, channels, 28, 28) of a split. */
export function pictures({ pixels, count }: Images, channels: number): Uint8Array {
  const each = channels * size * size
  const out = new Uint8Array(count * each)
  for (let i = 0; i < count; i++) out.set(picture(pixels, i).subarray(0, each), i * each)
  return out
}

function inside(v: number): number {
  return Math.max(0, Math.min(wide - 1, v))
}

/**
 * The pictures of a split, as text: sources hold equal images under two names, and no test image may be learned from.
 */
function picturesOf({ pixels, count }: Images): Set<string> {
  return new Set(Array.from({ length: count }, (_, i) => Buffer.from(picture(pixels, i)).toString('latin1')))
}

function without(images: Images, taken: Set<string>): Images {
  const kept = [...images.labels.keys()].filter(
    (i) => !taken.has(Buffer.from(picture(images.pixels, i)).toString('latin1')),
  )
  const each = wide * wide * 3
  const pixels = new Uint8Array(kept.length * each)
  kept.forEach((from, to) => {
    pixels.set(images.pixels.subarray(from * each, (from + 1) * each), to * each)
  })
  return { pixels, labels: Int32Array.from(kept, (i) => images.labels[i] as number), count: kept.length }
}

function part({ pixels, labels }: Images, from: number, to: number): Images {
  const each = wide * wide * 3
  return { pixels: pixels.subarray(from * each, to * each), labels: labels.slice(from, to), count: to - from }
}

function joined(a: Images, b: Images): Images {
  const pixels = new Uint8Array(a.pixels.length + b.pixels.length)
  pixels.set(a.pixels)
  pixels.set(b.pixels, a.pixels.length)
  return { pixels, labels: Int32Array.of(...a.labels, ...b.labels), count: a.count + b.count }
}

function isGrey(pixels: Uint8Array): boolean {
  for (let i = 0; i < pixels.length; i += 3)
    if (pixels[i] !== pixels[i + 1] || pixels[i] !== pixels[i + 2]) return false
  return true
}

function npy(bytes: Uint8Array | undefined): { data: Uint8Array; shape: number[]; type: string } {
  if (!bytes) throw new Error('the .npz lacks an array')
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint16(8, true)
  const header = new TextDecoder('latin1').decode(bytes.subarray(10, 10 + length))
  const shape = (/'shape': \(([^)]*)\)/.exec(header)?.[1] ?? '')
    .split(',')
    .filter((s) => s.trim())
    .map(Number)
  return {
    data: new Uint8Array(bytes.subarray(10 + length)),
    shape,
    type: /'descr': '([^']*)'/.exec(header)?.[1] ?? '',
  }
}
