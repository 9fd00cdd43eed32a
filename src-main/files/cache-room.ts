// The room that caches share: folders of files that can all be made again. When their cap is reached the least recently
// used files go first, never one in use. What is used is touched, so that a file's time says when it was last used, to
// every process.
import { readdir, stat, unlink, utimes } from 'node:fs/promises'
import { dirname, join } from 'node:path'

import { BasilError } from '../contract/errors.ts'
import { makeFolder } from './made-folder.ts'

const usual = /\.(features|pixels|unpacked|measured)$/

export interface CacheRoom {
  readonly capBytes: number
  /**
   * Makes the file's folder and room for so many bytes of it, as far as other files may go; gives what ends its use.
   */
  use(path: string, bytes: number): Promise<() => Promise<void>>
  /** The file was used just now. */
  touch(path: string): Promise<void>
}

export interface CacheRoomOptions {
  capBytes?: number
  now?: () => Date
  files?: RegExp // which names are the caches'
}

/** Every use of a file at present, with what it may come to take. */
type InUse = Map<string, { bytes: number }[]>

/** folders are made when their first file is. */
export function cacheRoom(
  folders: readonly string[],
  { capBytes = cacheCap(), now = () => new Date(), files = usual }: CacheRoomOptions = {},
): CacheRoom {
  const inUse: InUse = new Map()
  const touch = (path: string): Promise<void> => utimes(path, now(), now())
  return {
    capBytes,
    touch,
    use: async (path, bytes) => {
      makeFolder(dirname(path), 0o700)
      const all = (await Promise.all(folders.map((folder) => filesIn(folder, files)))).flat()
      await makeRoom(all, path, capBytes - bytes, inUse)
      const uses = inUse.get(path) ?? []
      const mine = { bytes }
      uses.push(mine)
      inUse.set(path, uses)
      return async () => {
        if (!uses.includes(mine)) return
        uses.splice(uses.indexOf(mine), 1)
        if (uses.length === 0) inUse.delete(path)
        await touch(path)
      }
    },
  }
}

/** BASIL_CACHE_GB, else 20 GB; in bytes. */
export function cacheCap(env: NodeJS.ProcessEnv = process.env): number {
  const written = env['BASIL_CACHE_GB']
  const gigabytes = written ? Number(written) : 20
  if (gigabytes >= 0) return gigabytes * 1e9
  throw new BasilError({
    code: 'config-invalid',
    what: 'The size of the cache is not a number',
    where: 'BASIL_CACHE_GB',
    why: `it is "${written}"`,
    next: 'give gigabytes, such as 20',
  })
}

/**
 * Removes files, least recently used first and none in use, until those beside `mine` take no more than `allowed`
 * bytes.
 */
async function makeRoom(all: readonly string[], mine: string, allowed: number, inUse: InUse): Promise<void> {
  const paths = all.filter((path) => path !== mine)
  const files = (await Promise.all(paths.map((path) => sizeAndTime(path, inUse.get(path))))).flat()
  let total = files.reduce((sum, f) => sum + f.size, 0)
  for (const { path, size } of files.filter((f) => !inUse.has(f.path)).sort((a, b) => a.used - b.used)) {
    if (total <= allowed) return
    await unlink(path)
    total -= size
  }
}

async function filesIn(folder: string, wanted: RegExp): Promise<string[]> {
  const names = await readdir(folder).catch(() => [])
  return names.filter((name) => wanted.test(name)).map((name) => join(folder, name))
}

/**
 * What it takes on the disk, where parts were never written; of one in use, what it may come to take. None when it is
 * gone meanwhile.
 */
async function sizeAndTime(
  path: string,
  uses: { bytes: number }[] = [],
): Promise<{ path: string; size: number; used: number }[]> {
  const found = await stat(path).catch(() => undefined)
  if (!found) return []
  // features are always filled
  const onDisk = path.endsWith('.features') ? found.size : Math.min(found.size, found.blocks * 512)
  return [{ path, size: Math.max(onDisk, ...uses.map((use) => use.bytes)), used: found.mtimeMs }]
}

/** Work on a cache's file; what the disk refuses, in words. */
export async function cacheTold<T>(path: string, next: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof BasilError) throw error
    const code = error instanceof Error && 'code' in error ? String(error.code) : ''
    const full = code === 'ENOSPC' || code === 'EDQUOT'
    throw new BasilError(
      {
        code: full ? 'disk-full' : 'target-unwritable',
        what: full ? 'The disk is full' : 'The cache cannot be used',
        where: path,
        why: error instanceof Error ? error.message : String(error),
        next,
      },
      { cause: error },
    )
  }
}
