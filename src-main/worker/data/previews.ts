// Images of a split as small pictures for a page: decoded as a run decodes them, shrunk to fit a square, WebP. A few at
// a time and nothing kept; an image that cannot be read is told with its reason.

import sharp from 'sharp'

import type { Preview, Previews, WantedPreviews } from '../../contract/api/data.ts'
import type { Told } from '../../contract/engine-api.ts'
import { BasilError } from '../../contract/errors.ts'
import type { RawImages } from '../../engine/datasets/raw.ts'
import { findSource } from '../../engine/datasets/sources/find.ts'
import { parseSpec } from '../../engine/datasets/spec.ts'
import { openSplit } from '../../engine/datasets/splits/open.ts'
import { openFiles } from '../../files/folder.ts'
import { at } from '../../numbers/vectors.ts'
import { decoded } from '../images/decode.ts'

const side = 112 // pixels
const atOnce = 4 // images in memory

export async function* previewsOf(images: string, wanted: WantedPreviews): AsyncGenerator<Told<Previews>> {
  const spec = parseSpec(images)
  const { raw, indices } = await openSplit(await findSource(spec.path, openFiles), spec, openFiles)
  try {
    const all = 'names' in wanted ? named(raw, indices, wanted.names) : ofLabel(raw, indices, wanted.label)
    const chosen = 'names' in wanted ? all : all.slice(wanted.from, wanted.from + wanted.count)
    const found: Preview[] = []
    for (let at = 0; at < chosen.length; at += atOnce) {
      found.push(...(await Promise.all(Array.from(chosen.slice(at, at + atOnce), (i) => previewOf(raw, i)))))
      yield { type: 'progress', what: 'Reading images', done: found.length, total: chosen.length }
    }
    yield { type: 'result', result: { total: all.length, images: found } }
  } finally {
    await raw.close()
  }
}

function ofLabel(raw: RawImages, indices: Uint32Array, label: number | null): Uint32Array {
  return label === null ? indices : indices.filter((i) => raw.labels[i] === label)
}

/** In the order of the names, those that are there. */
function named(raw: RawImages, indices: Uint32Array, names: readonly string[]): Uint32Array {
  const wanted = new Set(names)
  const place = new Map<string, number>()
  for (const i of indices) if (wanted.has(raw.name(i))) place.set(raw.name(i), i)
  return Uint32Array.from(names.flatMap((name) => place.get(name) ?? []))
}

async function previewOf(raw: RawImages, i: number): Promise<Preview> {
  const told = { name: raw.name(i), label: at(raw.labels, i) }
  try {
    return { ...told, picture: await picture(raw, i), reason: null }
  } catch (error) {
    return { ...told, picture: null, reason: error instanceof BasilError ? error.record.why : firstLine(error) }
  }
}

async function picture(raw: RawImages, i: number): Promise<string> {
  const { pixels, width, height, channels } = await decoded(await raw.image(i))
  const image = sharp(pixels, { raw: { width, height, channels: channels === 1 ? 1 : 3 } })
  const small = image.resize(side, side, {
    fit: 'inside',
    kernel: width < side && height < side ? 'nearest' : 'lanczos3',
  })
  return `data:image/webp;base64,${(await small.webp({ quality: 78 }).toBuffer()).toString('base64')}`
}

const firstLine = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? ''
