// What the engine's process does for images of data sets: threads that prepare them, a cache on disk, and a stamp that
// tells whether the files of a data set are still those that the cache was filled from: by their names, sizes and
// times, as the file's own content would take too long to read.
import { createHash } from 'node:crypto'
import { readdir, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'

import { pMapIterable } from 'p-map'

import type { ImageHost } from '../../engine/datasets/prepared.ts'
import { findSource } from '../../engine/datasets/sources/find.ts'
import type { ImageCache } from '../../engine/formats/image-cache.ts'
import { openFiles } from '../../files/folder.ts'
import { type ImagePool, imagePool } from './pool.ts'

export function imageHost(cache: ImageCache | null, pool: ImagePool = imagePool()): ImageHost {
  return {
    files: openFiles,
    find: (path) => findSource(path, openFiles),
    threads: pool.threads,
    prepare: pool.prepare,
    cache,
    stamp,
  }
}

const atOnce = 64 // files asked about at a time

/** Of a folder with all that is in it, or of a file; of a list of files, with those. */
async function stamp(path: string, names?: { count: number; name(i: number): string }): Promise<string> {
  const isFolder = (await stat(path)).isDirectory()
  const files = isFolder ? await filesUnder(path) : [path, ...(await listedBy(path, names))]
  const hash = createHash('sha256')
  const lineOf = async (file: string): Promise<string> => {
    const found = await stat(file, { bigint: true }).catch(() => undefined) // a link to nothing, or gone meanwhile
    return `${file.slice(path.length)}\0${found?.size}\0${found?.mtimeNs}\n`
  }
  for await (const line of pMapIterable(files, lineOf, { concurrency: atOnce })) hash.update(line)
  return hash.digest('hex')
}

/** Sorted, so that the order in which a disk lists them does not count. */
async function filesUnder(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true })
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
}

/**
 * The files a list names, beside it or in folders below; none where images are named by their place in the file itself.
 */
async function listedBy(path: string, names?: { count: number; name(i: number): string }): Promise<string[]> {
  if (!names || names.count === 0) return []
  const beside = (i: number): string => join(dirname(path), names.name(i))
  const first = await stat(beside(0)).catch(() => undefined)
  return first?.isFile() ? Array.from({ length: names.count }, (_, i) => beside(i)) : []
}
