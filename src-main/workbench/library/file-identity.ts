// Where a checkpoint lies, as the disk tells it, without reading it: size, time, where its links lead, the shards an
// index names, and the quick key, which with size and time stands for the content until its SHA-256 is known:
//   quick = SHA-256(first 64 KiB, last 64 KiB), of every part one after the other; of a short file the two overlap.

import { createHash, type Hash } from 'node:crypto'
import type { Stats } from 'node:fs'
import { realpath, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'

import { bytes } from '../../contract/branded.ts'
import { BasilError } from '../../contract/errors.ts'
import { isIndexName } from '../../contract/file-names.ts'
import { kindOf, openRegular, readStart } from '../../files/open.ts'
import type { Place } from '../../history/library/entries.ts'
import { unreadable } from '../reading/refusals.ts'

/** A network disk takes its time for each, and thousands at once hold up everything else. */
export const filesAtOnce = 8

const end = 64 * 2 ** 10 // bytes
const longestIndex = 4 * 2 ** 20 // bytes; parsed in one go on the main side
const mostParts = 1000

/** Throws file-missing or file-unreadable. */
export async function measure(path: string): Promise<Place> {
  const { files, ...place } = await look(path)
  return { path, ...place, quick: await quickKey(files) }
}

/** Of a link whose file is not there: a row that waits for it, and says so when it is read. */
export function nowhere(path: string): Place {
  return { path, target: path, parts: [], bytes: bytes(0), modified: 0, quick: null }
}

/** What a look at the disk is enough for: whether it is still what it was. */
export async function isAsBefore({ path, target, parts, bytes: size, modified }: Place): Promise<boolean> {
  const now = await look(path)
  return now.bytes === size && now.modified === modified && now.target === target && now.parts.join() === parts.join()
}

interface MeasuredFile extends Omit<Place, 'path' | 'quick'> {
  files: string[] // those that are there
}

async function look(path: string): Promise<MeasuredFile> {
  const info = await existing(path)
  const files = [path]
  const parts = isIndexName(path) ? await partsOf(path, info.size) : []
  let { size, mtimeMs: modified } = info
  for (const file of parts.map((part) => join(dirname(path), part))) {
    const part = await stat(file).catch(() => null) // a shard that is not there is told when the checkpoint is read
    if (!part?.isFile()) continue
    files.push(file)
    size += part.size
    modified = Math.max(modified, part.mtimeMs)
  }
  return { target: await realpath(path).catch(() => path), parts, bytes: bytes(size), modified, files }
}

async function existing(path: string): Promise<Stats> {
  let info: Stats
  try {
    info = await stat(path)
  } catch (error) {
    throw refusal(path, error)
  }
  if (info.isFile()) return info
  throw unreadable(path, kindOf(info))
}

/** Names of the shards an index lists, in its own folder; none where it makes no sense, which reading it then tells. */
async function partsOf(path: string, size: number): Promise<string[]> {
  if (size > longestIndex) return []
  try {
    const { bytes } = await readStart(path, longestIndex)
    const map = (JSON.parse(bytes.toString('utf8')) as { weight_map?: unknown } | null)?.weight_map
    const names = Object.values(map ?? {}).filter(
      (name): name is string => typeof name === 'string' && name === basename(name),
    )
    return [...new Set(names)].sort().slice(0, mostParts)
  } catch {
    return []
  }
}

async function quickKey(files: string[]): Promise<string | null> {
  const hash = createHash('sha256')
  try {
    for (const file of files) await addEnds(hash, file)
    return hash.digest('hex')
  } catch {
    return null // reading it tells why
  }
}

async function addEnds(hash: Hash, file: string): Promise<void> {
  const { handle, info } = await openRegular(file)
  await using _ = handle
  const { size } = info
  for (const at of [0, Math.max(0, size - end)]) {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(Math.min(end, size)), 0, Math.min(end, size), at)
    hash.update(buffer.subarray(0, bytesRead))
  }
}

export function refusal(path: string, error: unknown): BasilError {
  const code = (error as NodeJS.ErrnoException).code ?? ''
  if (code !== 'ENOENT' && code !== 'ENOTDIR')
    return unreadable(path, error instanceof Error ? error.message : String(error))
  return new BasilError({
    code: 'file-missing',
    what: 'A file is missing',
    where: path,
    why: 'there is nothing at this place',
    next: 'connect its disk, or add the file or folder where it is now: it is known again by its content',
  })
}
