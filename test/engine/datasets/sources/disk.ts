// Data sets in miniature, written into a folder of their own as they would lie on disk, and read through the files
// room.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

import { afterEach } from 'vitest'

import type { PixelImage, RawImages } from '../../../../src-main/engine/datasets/raw.ts'
import { findSource } from '../../../../src-main/engine/datasets/sources/find.ts'
import type { OpenFiles } from '../../../../src-main/engine/formats/source.ts'
import { openFiles } from '../../../../src-main/files/folder.ts'

const made: string[] = []

afterEach(() => {
  for (const folder of made.splice(0)) rmSync(folder, { recursive: true })
})

/** The folder's path. A name that ends in "/" is an empty folder; content `true` is that of `ppm` of the name. */
export function disk(tree: Record<string, Uint8Array | string | true>): string {
  const root = mkdtempSync(join(tmpdir(), 'basil-data-'))
  made.push(root)
  for (const [name, content] of Object.entries(tree)) {
    mkdirSync(join(root, name.endsWith('/') ? name : dirname(name)), { recursive: true })
    if (!name.endsWith('/')) writeFileSync(join(root, name), content === true ? ppm(name) : content)
  }
  return root
}

/** Names as images of their own: so that a test sees which file an image came from. */
export const images = (...names: string[]): Record<string, true> =>
  Object.fromEntries(names.map((name) => [name, true]))

/** A picture of 2 x 1 pixels that says its name in a comment. */
function ppm(name: string): Uint8Array {
  return Buffer.concat([Buffer.from(`P6\n# ${name}\n2 1\n255\n`), Uint8Array.of(1, 2, 3, 4, 5, 6)])
}

export interface Listing {
  names: string[]
  labels: number[]
  classes: string[] | null
}

/** Everything of a split: names, labels and classes; each image that is a file is checked to be the one of its name. */
export async function listing(path: string, split: string): Promise<Listing> {
  return withImages(path, split, async (found) => {
    const names = Array.from({ length: found.count }, (_, i) => found.name(i))
    for (const [i, name] of names.entries()) {
      const image = await found.image(i)
      if ('encoded' in image && !name.endsWith(']') && !Buffer.from(image.encoded).toString('utf8').includes(name))
        throw new Error(`image ${i} is not ${name}`)
    }
    return { names, labels: [...found.labels], classes: found.classes }
  })
}

/** A split of the disk's; "" is the only one there is. */
export async function openSplit(path: string, split: string, files: OpenFiles): Promise<RawImages> {
  const { source, place } = await findSource(path, files)
  const splits = split === '' ? await source.splits(place, files) : [split]
  if (splits.length !== 1) throw new Error(`it has ${splits}`)
  return source.open(place, splits[0] as string, files)
}

export async function withImages<T>(path: string, split: string, use: (images: RawImages) => Promise<T>): Promise<T> {
  const found = await openSplit(path, split, openFiles)
  try {
    return await use(found)
  } finally {
    await found.close()
  }
}

export async function pixelsOf(path: string, split: string, i: number): Promise<PixelImage> {
  return withImages(path, split, async (found) => {
    const image = await found.image(i)
    if (!('pixels' in image)) throw new Error(`image ${i} is encoded`)
    return { ...image, pixels: Uint8Array.from(image.pixels) }
  })
}

/** What a reader says of a file that is not as it should be. */
export const refusal = (code: string, why: RegExp, where?: RegExp): object => ({
  record: {
    code,
    why: { asymmetricMatch: (text: string) => why.test(text) },
    ...(where && { where: { asymmetricMatch: (text: string) => where.test(text) } }),
  },
})
