// Images as a configuration names them, opened for a model of some image size: a tensor file's as they are, a data
// set's decoded and transformed. Of both a half, some images a class, or some in all, may be asked for (spec.ts).

import { createHash } from 'node:crypto'

import { isCheckpointName } from '../../contract/file-names.ts'
import type { Progress } from '../../contract/run/run.ts'
import { at } from '../../numbers/vectors.ts'
import type { OpenSource } from '../formats/source.ts'
import { chosen, type LabelledImages, type PixelsInMemory } from './images.ts'
import { type Identified, type SplitFacts, splitFacts } from './manifest.ts'
import { type ImageHost, openPrepared, type WantedImages } from './prepared.ts'
import { invalid } from './raw.ts'
import { type ImagesSpec, parseSpec, specText } from './spec.ts'
import { asked } from './splits/draw.ts'
import { openSplit } from './splits/open.ts'
import { describeImages, readImages } from './tensor-images.ts'

export interface DataHost {
  open: OpenSource
  images?: ImageHost | undefined // without, tensor files alone are read
}

export interface OpenedImages {
  images: LabelledImages & Identified
  facts: SplitFacts
}

type Wanted = Omit<WantedImages, 'spec'>

const betweenWords = 100 // milliseconds

/** The images are the caller's to close. */
export async function* openImages(
  path: string,
  wanted: Wanted,
  host: DataHost,
): AsyncGenerator<Progress, OpenedImages> {
  const spec = parseSpec(path)
  if (host.images && !(await isTensorFile(spec, host.images))) {
    const images = yield* openPrepared({ ...wanted, spec }, host.images)
    return { images, facts: images.facts }
  }
  if (wanted.augment)
    throw invalid(
      path,
      'a tensor file holds images that are already prepared; only those of a data set can be cropped and flipped',
      'set "augment" to false',
    )
  return yield* identified(await readImages(inFile(spec), host.open), spec, wanted.signal)
}

/** Images of a tensor file, those that are asked for, each known by the SHA-256 of its pixels as they are stored. */
async function* identified(
  images: LabelledImages & PixelsInMemory,
  spec: ImagesSpec,
  signal: AbortSignal,
): AsyncGenerator<Progress, OpenedImages> {
  const { where, count: available } = images
  const some = asked(images.labels, spec)
  const positions = some?.positions ?? Uint32Array.from({ length: available }, (_, i) => i)
  const each = images.pixels.length / available
  const hashes = new Map<number, Uint8Array>()
  let told = performance.now()
  for (const [n, i] of positions.entries()) {
    const pixels = images.pixels.subarray(i * each, (i + 1) * each)
    hashes.set(
      i,
      createHash('sha256')
        .update(new Uint8Array(pixels.buffer, pixels.byteOffset, pixels.byteLength))
        .digest(),
    )
    if (performance.now() - told < betweenWords) continue
    told = performance.now()
    signal.throwIfAborted()
    yield { type: 'progress', what: `Hashing images of ${where}`, done: n + 1, total: positions.length }
  }
  const sha256 = (i: number): Uint8Array => hashes.get(i) as Uint8Array
  const facts = splitFacts(
    {
      images: specText(spec),
      source: 'tensor file',
      of: spec.split,
      drawn: some?.words.join('; ') ?? '',
      available,
      classes: null,
      cached: false,
    },
    { positions, label: (i) => at(images.labels, i), name: (i) => `image ${i}`, sha256, unreadable: new Map() },
  )
  const taken = some ? chosen(images, positions) : images
  return { images: { ...taken, sha256: (n) => sha256(at(positions, n)) }, facts }
}

/** By headers, lists and names alone. size: of the images of a tensor file; null: as the model needs them. */
export interface SomeImages {
  where: string
  count: number
  size: number | null
  bytes: number // in memory
  diskBytes: number // of the cache, at most
}

/** What images would take, where they are prepared at modelSize pixels a side. Throws what opening them throws. */
export async function describeSomeImages(path: string, modelSize: number, host: DataHost): Promise<SomeImages> {
  const spec = parseSpec(path)
  if (host.images && !(await isTensorFile(spec, host.images))) {
    const { raw, indices } = await openSplit(await host.images.find(spec.path), spec, host.images.files)
    await raw.close()
    const diskBytes = host.images.cache?.bytesFor(indices.length, modelSize) ?? 0
    return {
      where: raw.where,
      count: indices.length,
      size: null,
      bytes: 0,
      diskBytes: diskBytes <= (host.images.cache?.capBytes ?? 0) ? diskBytes : 0,
    }
  }
  const { where, size, bytes, count } = await describeImages(inFile(spec), host.open)
  return {
    where,
    size,
    bytes,
    diskBytes: 0,
    count: Math.min(spec.half === null ? count : Math.ceil(count / 2), spec.n ?? count),
  }
}

/** Whether images lie as a tensor file has them: at a model's size, neither cropped nor flipped any more. */
export async function preparedAlready(path: string, { images }: DataHost): Promise<boolean> {
  return !images || isTensorFile(parseSpec(path), images)
}

const inFile = ({ path, split }: ImagesSpec): string => (split ? `${path}#${split}` : path)

/**
 * A path that is not there is told by what reads tensor files, as ever. "x.safetensors.index.json" is a tensor file in shards; any
 * other JSON a list of images.
 */
async function isTensorFile({ path }: ImagesSpec, { files }: ImageHost): Promise<boolean> {
  return isCheckpointName(path) && (await files.kind(path)) !== 'folder'
}
