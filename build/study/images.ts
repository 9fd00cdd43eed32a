// The study's images: of every task's .npz (x_SPLIT uint8 (n, s, s, 3), y_SPLIT) one tensor file with `images.TASK.SPLIT`
// (n, 3, s, s) and its labels, each split cut to the size the study takes of it. Which images these are is drawn once,
// and the same for every seed. What equals a test image, or one that selects, is left out of what is learned on.
import { createHash } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'

import { type TensorToWrite, writeSafetensors } from '../../src-main/engine/formats/safetensors-writer.ts'
import { writeAtomic } from '../../src-main/files/write-atomic.ts'
import { permutation } from '../../src-main/numbers/random.ts'
import { opened } from '../sample/sample-data.ts'
import type { Project, Sizes } from './protocol.ts'

type Found = ReturnType<ReturnType<typeof opened>['images']>

interface Images {
  size: number
  pixels: Uint8Array // (n, s, s, 3)
  labels: Int32Array
}

/** Splits of the .npz in the order in which they keep an image that several have. */
const sources = ['test', 'ves', 'vtr', 'train'] as const

/** Tasks by the files of the folder, in their order. */
export const tasksIn = (folder: string): string[] =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.npz'))
    .map((name) => name.slice(0, -'.npz'.length))
    .sort()

/** Writes the images of all tasks, and tells how many classes each has. */
export async function writeImages(folder: string, out: string, sizes: Sizes['images']): Promise<Map<string, number>> {
  const all = new Map<string, Images>()
  const classes = new Map<string, number>()
  for (const task of tasksIn(folder)) {
    const splits = splitsOf(opened(folder, task).images, sizes)
    for (const [split, images] of splits) all.set(`${task}.${split}`, images)
    const labels = splits.get('probe')?.labels ?? new Int32Array()
    classes.set(task, 1 + labels.reduce((most, label) => Math.max(most, label), 0))
  }
  await write(out, all)
  return classes
}

function splitsOf(imagesOf: (split: string) => Found, sizes: Sizes['images']): Map<string, Images> {
  const seen = new Set<string>()
  const left = new Map<string, Images>()
  for (const split of sources) left.set(split, withoutSeen(drawn(imagesOf(split)), seen))
  const of = (split: (typeof sources)[number]): Images => left.get(split) as Images
  return new Map([
    ['probe', someOfEachClass(of('train'), sizes.probe)],
    ['train', first(of('train'), sizes.train)],
    ['learning', first(of('vtr'), sizes.learning)],
    ['validation', first(of('ves'), sizes.validation)],
    ['control', first(of('ves'), sizes.control)],
    ['test', first(of('test'), sizes.test)],
  ])
}

/** In an order of their own, so that the first of them are of all classes. */
function drawn({ pixels, labels, count }: Found): Images {
  const size = Math.sqrt(pixels.length / count / 3)
  return picked({ size, pixels, labels }, [...permutation(count, 0, 0, 0)])
}

function picked({ size, pixels, labels }: Images, indices: readonly number[]): Images {
  const each = size * size * 3
  const out = new Uint8Array(indices.length * each)
  for (const [to, from] of indices.entries()) out.set(pixels.subarray(from * each, (from + 1) * each), to * each)
  return { size, pixels: out, labels: Int32Array.from(indices, (i) => labels[i] as number) }
}

/** seen: what splits before this one have; what this one has is added. */
function withoutSeen(images: Images, seen: Set<string>): Images {
  const each = images.size ** 2 * 3
  const digest = (i: number): string =>
    createHash('sha1')
      .update(images.pixels.subarray(i * each, (i + 1) * each))
      .digest('base64')
  const kept = [...images.labels.keys()].filter((i) => {
    const isNew = !seen.has(digest(i))
    seen.add(digest(i))
    return isNew
  })
  return picked(images, kept)
}

const first = (images: Images, count: number): Images => picked(images, [...images.labels.keys()].slice(0, count))

function someOfEachClass(images: Images, each: number): Images {
  const taken = new Map<number, number>()
  const indices = [...images.labels.entries()].flatMap(([i, label]) => {
    const before = taken.get(label) ?? 0
    taken.set(label, before + 1)
    return before < each ? [i] : []
  })
  return picked(images, indices)
}

async function write(out: string, all: ReadonlyMap<string, Images>): Promise<void> {
  const tensors = [...all].flatMap(([name, { size, labels }]): TensorToWrite[] => [
    { name: `images.${name}`, dtype: 'U8', shape: [labels.length, 3, size, size] },
    { name: `labels.${name}`, dtype: 'I32', shape: [labels.length] },
  ])
  const bytes = (name: string): Uint8Array => {
    const images = all.get(name.replace(/^\w+\./, '')) as Images
    return name.startsWith('images.') ? planes(images) : new Uint8Array(images.labels.buffer)
  }
  const chunks: Uint8Array[] = []
  for await (const chunk of writeSafetensors(tensors, {}, bytes)) chunks.push(chunk)
  await writeAtomic(out, chunks, { overwrite: true })
}

/** (n, s, s, 3) to (n, 3, s, s) */
function planes({ size, pixels, labels }: Images): Uint8Array {
  const plane = size * size
  const out = new Uint8Array(pixels.length)
  for (let i = 0; i < labels.length; i++)
    for (let p = 0; p < plane; p++)
      for (let c = 0; c < 3; c++) out[(i * 3 + c) * plane + p] = pixels[(i * plane + p) * 3 + c] as number
  return out
}

/** The control is the task that the pre-trained model knows best. */
const negation = { targets: ['emoji', 'fashion', 'glyphs'], control: 'digits' }

/** A project of what was written, with heads that are still to be made. */
export function projectOf(folder: string, pretrained: string, classes: ReadonlyMap<string, number>): Project {
  const images = join(folder, 'images.safetensors')
  return {
    pretrained,
    negation,
    tasks: [...classes].map(([name, count]) => ({
      name,
      classes: count,
      probe: `${images}#${name}.probe`,
      train: `${images}#${name}.train`,
      learning: `${images}#${name}.learning`,
      validation: `${images}#${name}.validation`,
      control: `${images}#${name}.control`,
      test: `${images}#${name}.test`,
      head: `${join(folder, `head-${name}.safetensors`)}#head.${name}`,
    })),
  }
}
