// Images of a data set, decoded and transformed for a model while it computes. Before a split is used every image of it
// has been looked at once: what is kept on disk and whole is taken, the rest is prepared by the host's threads and
// kept; an image that cannot be read is listed with its reason and left out, or the split is refused. No more than a
// few images are in memory at any time.

import { createHash } from 'node:crypto'

import { BasilError, recordOf } from '../../contract/errors.ts'
import type { Progress } from '../../contract/run/run.ts'
import { at, taken } from '../../numbers/vectors.ts'
import type { ImageCache, ImageFile } from '../formats/image-cache.ts'
import type { OpenFiles } from '../formats/source.ts'
import type { Coming, LabelledImages, Picture } from './images.ts'
import { type Identified, type SplitFacts, splitFacts } from './manifest.ts'
import { type Draw, transformVersion } from './pixels/transform.ts'
import type { EncodedImage, PixelImage } from './raw.ts'
import { type ImagesSpec, specText } from './spec.ts'
import { type DrawnSplit, type Found, openSplit } from './splits/open.ts'

/** What the host does for images: it has the disk, the threads and the cache. */
export interface ImageHost {
  files: OpenFiles
  /** What a path is. Throws data-invalid where no source knows it. */
  find(path: string): Promise<Found>
  threads: number
  /** Throws an Error that says what is wrong with the image. */
  prepare(
    image: EncodedImage | PixelImage,
    size: number,
    draw: Draw | null,
  ): Promise<{ pixels: Uint8Array; fingerprint: Uint8Array }>
  cache: ImageCache | null
  /**
   * SHA-256 that is another one when a file of the data set is; names: of its images, where it may be a list of files.
   */
  stamp(path: string, names?: { count: number; name(i: number): string }): Promise<string>
}

export interface WantedImages {
  spec: ImagesSpec
  size: number
  augment: { seed: number; task: number } | null // training images are cropped and flipped anew in each pass
  onUnreadable: 'skip' | 'refuse'
  signal: AbortSignal
}

export interface PreparedImages extends LabelledImages, Identified {
  classes: string[] | null
  facts: SplitFacts
  /** Of image i, perceptual. */
  fingerprint(i: number): Uint8Array
}

const betweenWords = 100 // milliseconds

/** Gives progress with an estimate while images are prepared. The result is the caller's to close. */
export async function* openPrepared(wanted: WantedImages, host: ImageHost): AsyncGenerator<Progress, PreparedImages> {
  const found = await host.find(wanted.spec.path)
  const drawn = await openSplit(found, wanted.spec, host.files)
  let file: ImageFile | null = null
  let isOpen = false
  const close = async (): Promise<void> => {
    await Promise.all([file?.close(), drawn.raw.close()])
  }
  try {
    const fits = host.cache && host.cache.bytesFor(drawn.indices.length, wanted.size) <= host.cache.capBytes
    if (host.cache && fits) {
      const identity = await identityOf(found, drawn, host)
      file = await host.cache.open(identity, drawn.raw.count, wanted.size, drawn.indices.length)
    }
    const looked = yield* lookAtAll(wanted, drawn, file, host)
    const images = imagesOf(wanted, found, drawn, looked, file, host)
    isOpen = true
    return { ...images, close }
  } finally {
    if (!isOpen) await close() // an error, or nobody listens any more
  }
}

async function identityOf({ source, place }: Found, { raw, of }: DrawnSplit, host: ImageHost): Promise<string> {
  return JSON.stringify([transformVersion, source.name, place.path, of, await host.stamp(place.path, raw)])
}

interface SurveyedImages {
  hashes: Map<number, Uint8Array> // of the pixels of each image that can be read
  fingerprints: Map<number, Uint8Array>
  unreadable: Map<number, string>
}

/** Every image once, as many at a time as keep the threads busy. */
async function* lookAtAll(
  wanted: WantedImages,
  { raw, indices }: DrawnSplit,
  file: ImageFile | null,
  host: ImageHost,
): AsyncGenerator<Progress, SurveyedImages> {
  const looked: SurveyedImages = { hashes: new Map(), fingerprints: new Map(), unreadable: new Map() }
  const missing: number[] = []
  for (const i of indices) {
    const kept = file?.kept(i)
    if (kept) {
      looked.hashes.set(i, kept.sha256)
      looked.fingerprints.set(i, kept.fingerprint)
    } else missing.push(i)
  }
  let fault: unknown
  const one = async (i: number): Promise<void> => {
    try {
      const { pixels, fingerprint } = await prepared(raw, i, wanted.size, host)
      looked.hashes.set(i, createHash('sha256').update(pixels).digest())
      looked.fingerprints.set(i, fingerprint)
      await file?.write(i, pixels, fingerprint)
    } catch (error) {
      if (error instanceof Unusable) looked.unreadable.set(i, error.message)
      else fault ??= error
    }
  }
  const began = performance.now()
  let told = Number.NEGATIVE_INFINITY
  const atWork = new Set<Promise<void>>()
  let next = 0
  while (next < missing.length || atWork.size > 0) {
    for (; next < missing.length && atWork.size < 4 * host.threads; next++) {
      const work: Promise<void> = one(at(missing, next)).finally(() => atWork.delete(work))
      atWork.add(work)
    }
    await Promise.race(atWork)
    wanted.signal.throwIfAborted()
    if (fault !== undefined) throw fault
    if (performance.now() - told < betweenWords && atWork.size > 0) continue
    told = performance.now()
    const made = next - atWork.size
    const seconds = (performance.now() - began) / 1000
    yield {
      type: 'progress',
      what: `Preparing images of ${raw.where}`,
      done: indices.length - missing.length + made,
      total: indices.length,
      remainingSeconds: (seconds / made) * (missing.length - made),
    }
  }
  looked.unreadable = inOrder(looked.unreadable, indices)
  if (looked.unreadable.size > 0 && wanted.onUnreadable === 'refuse') throw refused(raw.where, raw, looked.unreadable)
  return looked
}

/** What is wrong with one image, and with no other. */
class Unusable extends Error {}

async function prepared(
  raw: DrawnSplit['raw'],
  i: number,
  size: number,
  host: ImageHost,
  draw: Draw | null = null,
): Promise<{ pixels: Uint8Array; fingerprint: Uint8Array }> {
  try {
    return await host.prepare(await raw.image(i), size, draw)
  } catch (error) {
    throw new Unusable(
      error instanceof BasilError ? recordOf(error).why : error instanceof Error ? error.message : String(error),
      {
        cause: error,
      },
    )
  }
}

/** As the split has them, whichever thread was done first: what is told and kept of them repeats. */
const inOrder = (reasons: ReadonlyMap<number, string>, indices: Iterable<number>): Map<number, string> =>
  new Map(
    Array.from(indices).flatMap((i): [number, string][] => {
      const reason = reasons.get(i)
      return reason === undefined ? [] : [[i, reason]]
    }),
  )

function refused(where: string, raw: DrawnSplit['raw'], unreadable: ReadonlyMap<number, string>): BasilError {
  const [[i, reason]] = [...unreadable] as [[number, string]]
  return new BasilError({
    code: 'data-invalid',
    what: `${unreadable.size} of the images cannot be read`,
    where,
    why: `the first is ${raw.name(i)}: ${reason}`,
    next: 'correct or remove them, or set "onUnreadable" to "skip"',
  })
}

function imagesOf(
  wanted: WantedImages,
  { source }: Found,
  drawn: DrawnSplit,
  looked: SurveyedImages,
  file: ImageFile | null,
  host: ImageHost,
): Omit<PreparedImages, 'close'> {
  const { raw } = drawn
  const { size, augment } = wanted
  const usable = drawn.indices.filter((i) => !looked.unreadable.has(i))
  if (usable.length === 0) throw empty(drawn, looked)
  const placed = (n: number): number => at(usable, n)
  const again = async (i: number, draw: Draw | null = null): Promise<Uint8Array> => {
    const made = await prepared(raw, i, size, host, draw).catch((error: Error) => {
      throw lost(raw, i, error)
    })
    if (!draw) await file?.write(i, made.pixels, made.fingerprint)
    return made.pixels
  }
  const pictureOf = (pixels: Uint8Array): Picture => ({ pixels, channels: pixels.length === size * size ? 1 : 3 })
  return {
    where: raw.where,
    count: usable.length,
    size,
    labels: taken(raw.labels, usable),
    groups: raw.groups && Array.from(usable, (i) => raw.groups?.[i] as string),
    classes: raw.classes,
    name: (n) => raw.name(placed(n)),
    fingerprint: (n) => looked.fingerprints.get(placed(n)) as Uint8Array,
    sha256: (n) => looked.hashes.get(placed(n)) as Uint8Array,
    facts: factsOf(wanted, source.name, drawn, usable, looked, file !== null),
    fetch: async (indices, pass) => {
      const coming = Array.from(indices, (n) => {
        const i = placed(n)
        if (augment && pass !== undefined) return again(i, { ...augment, epoch: pass, image: i })
        return file ? file.read(i).then((kept) => kept ?? again(i)) : again(i)
      })
      return handedOut(coming, pictureOf)
    },
  }
}

function handedOut(coming: readonly Promise<Uint8Array>[], pictureOf: (pixels: Uint8Array) => Picture): Coming {
  for (const one of coming) one.catch(() => undefined) // told to whoever asks for the pictures
  return async () => (await Promise.all(coming)).map(pictureOf)
}

function factsOf(
  wanted: WantedImages,
  source: string,
  { raw, of, drawn }: DrawnSplit,
  positions: Uint32Array,
  { hashes, unreadable }: SurveyedImages,
  cached: boolean,
): SplitFacts {
  const { count: available, classes, leftOut = [] } = raw
  return splitFacts(
    {
      images: specText(wanted.spec),
      source,
      of,
      drawn,
      available,
      classes,
      cached,
      ...(leftOut.length > 0 && { leftOut: [...leftOut] }),
    },
    {
      positions,
      label: (i) => at(raw.labels, i),
      name: (i) => raw.name(i),
      sha256: (i) => hashes.get(i) as Uint8Array,
      unreadable,
    },
  )
}

function empty({ raw, indices }: DrawnSplit, { unreadable }: SurveyedImages): BasilError {
  const [first] = unreadable
  return new BasilError({
    code: 'split-empty',
    what: first ? 'A split holds no image that can be read' : 'A split holds no images',
    where: raw.where,
    why: first
      ? `none of its ${indices.length} can be read; the first is ${raw.name(first[0])}: ${first[1]}`
      : 'it has 0 images',
    next: first ? 'get the images again, or give other data' : 'give data with at least one image',
  })
}

function lost(raw: DrawnSplit['raw'], i: number, cause: Error): BasilError {
  return new BasilError(
    {
      code: 'file-damaged',
      what: 'An image can no longer be read',
      where: `${raw.where}: ${raw.name(i)}`,
      why: cause.message,
      next: 'put the data back as it was when the run began, then resume the run',
    },
    { cause },
  )
}
