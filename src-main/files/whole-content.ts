// What a study is made of, as it is carried to another machine: a file, a checkpoint with all its shards, or a folder
// of images, each with one hash. Of a file it is that of its bytes; of several that of the lines "SHA-256, two spaces,
// name" of its files in the order of their names, as sha256sum prints them, so that anyone can make it by hand.
// Hashes of a large folder are kept by the stamps of its files.
import { createHash } from 'node:crypto'
import { basename, dirname, extname, join, relative, sep } from 'node:path'

import pMap from 'p-map'
import { z } from 'zod'

import { type Sha256, sha256, sha256Schema } from '../contract/branded.ts'
import { BasilError } from '../contract/errors.ts'
import { adapterSettingsName, isAdapterName, isIndexName } from '../contract/file-names.ts'
import { hashFile } from './hash.ts'
import { kind, list } from './listing.ts'
import { makeFolder } from './made-folder.ts'
import { readStart } from './open.ts'
import { stampOf } from './stamp.ts'
import { writeAtomic } from './write-atomic.ts'

export interface FileOfContent {
  name: string // with slashes, below the content's path
  bytes: number
  sha256: Sha256
}

export interface WholeContent {
  kind: 'file' | 'folder'
  path: string // of the file or the folder
  sha256: Sha256
  bytes: number
  files: FileOfContent[]
}

interface Options {
  signal?: AbortSignal
  /** Files hashed, of so many. */
  tell?: (done: number, total: number) => void
  /** Folder of this machine's own in which hashes are kept. */
  cache?: string
}

/** A file, all of a folder, or of a folder these names alone. */
export interface Carrier {
  path: string
  only?: string[]
}

/**
 * What has to be carried for a path of a configuration, without its "#name": a checkpoint goes with its shards, a list
 * of images with the folder that its paths are relative to, and a pattern of files stands for their folder. Throws
 * file-missing.
 */
export async function carrierOf(path: string): Promise<Carrier> {
  const is = await kind(path)
  if (is === 'folder') return { path }
  if (is === 'missing') {
    if ((await kind(dirname(path))) === 'missing') throw missing(path)
    return { path: dirname(path) }
  }
  const lists = /\.(csv|tsv|json|jsonl|ndjson|txt)$/i.test(extname(path)) && !isIndexName(path)
  if (lists || /-ubyte(\.gz)?$/i.test(path)) return { path: dirname(path) }
  const others = await namesBeside(path)
  return others.length === 0 ? { path } : { path: dirname(path), only: [basename(path), ...others].sort() }
}

const indexSchema = z.object({ weight_map: z.record(z.string(), z.string()) })
const longestIndex = 64 * 2 ** 20 // bytes

/** Of the files that a checkpoint is nothing without: shards that its index names, an adapter's settings. */
async function namesBeside(path: string): Promise<string[]> {
  if (isAdapterName(basename(path)))
    return (await kind(join(dirname(path), adapterSettingsName))) === 'file' ? [adapterSettingsName] : []
  if (!isIndexName(path)) return []
  const { bytes } = await readStart(path, longestIndex)
  const read = indexSchema.safeParse(parsedOrNull(bytes.toString('utf8')))
  const shards = [...new Set(Object.values(read.data?.weight_map ?? {}))]
  if (read.success && shards.every((name) => !/^\.{0,2}$|[/\\:\0]/.test(name))) return shards
  throw new BasilError({
    code: 'file-damaged',
    what: 'An index of shards cannot be carried',
    where: path,
    why: read.success ? 'it names a file outside of its folder' : 'it has no "weight_map" of tensors to files',
    next: 'check the file, or use the checkpoint in one piece',
  })
}

function parsedOrNull(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

/** Throws file-missing and file-unreadable. */
export async function wholeContent({ path, only }: Carrier, options: Options = {}): Promise<WholeContent> {
  if ((await kind(path)) === 'file') {
    const { sha256, bytes } = await hashed(path, options, new Map())
    return { kind: 'file', path, sha256, bytes, files: [{ name: basename(path), bytes, sha256 }] }
  }
  const names = only ?? (await namesBelow(path))
  const known = await readKnown(path, options.cache)
  let done = 0
  const files = await pMap(
    names,
    async (name): Promise<FileOfContent> => {
      options.signal?.throwIfAborted()
      const found = { name, ...(await hashed(join(path, name), options, known, name)) }
      options.tell?.(++done, names.length)
      return found
    },
    { concurrency: 8 },
  )
  await keepKnown(path, options.cache, known)
  return {
    kind: 'folder',
    path,
    sha256: hashOfFiles(files),
    bytes: files.reduce((n, { bytes }) => n + bytes, 0),
    files,
  }
}

/** Of files in the order of their names. */
function hashOfFiles(files: readonly FileOfContent[]): Sha256 {
  const hash = createHash('sha256')
  for (const { name, sha256 } of files) hash.update(`${sha256}  ${name}\n`)
  return sha256(hash.digest('hex'))
}

/** In the order of their bytes. Links are followed; a folder that is met again within itself is not. */
async function namesBelow(folder: string): Promise<string[]> {
  const found: string[] = []
  const walk = async (at: string, depth: number): Promise<void> => {
    if (depth > 64) throw tooDeep(at)
    for (const { name, isFolder, leadsNowhere } of await list(at)) {
      if (leadsNowhere) continue
      const path = join(at, name)
      if (isFolder) await walk(path, depth + 1)
      else found.push(relative(folder, path).split(sep).join('/'))
    }
  }
  await walk(folder, 0)
  return found.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
}

const knownSchema = z.record(z.string(), z.tuple([z.string(), sha256Schema, z.number()]))
type Known = Map<string, z.infer<typeof knownSchema>[string]>

async function hashed(path: string, { cache }: Options, known: Known, name = ''): Promise<Omit<FileOfContent, 'name'>> {
  const stamp = await stampOf(path)
  const before = known.get(name)
  if (before?.[0] === stamp) return { sha256: before[1], bytes: before[2] }
  const found = await hashFile(path)
  if (cache !== undefined && (await stampOf(path)) === stamp) known.set(name, [stamp, found.sha256, found.bytes])
  return found
}

const fileOf = (cache: string, path: string): string =>
  join(cache, `${createHash('sha256').update(path).digest('hex').slice(0, 32)}.json`)
const longest = 2 ** 28 // bytes

async function readKnown(path: string, cache: string | undefined): Promise<Known> {
  if (cache === undefined) return new Map()
  try {
    const { bytes } = await readStart(fileOf(cache, path), longest)
    return new Map(Object.entries(knownSchema.parse(JSON.parse(bytes.toString('utf8')))))
  } catch {
    return new Map() // hashed again
  }
}

async function keepKnown(path: string, cache: string | undefined, known: Known): Promise<void> {
  if (cache === undefined) return
  makeFolder(cache)
  await writeAtomic(fileOf(cache, path), [Buffer.from(JSON.stringify(Object.fromEntries(known)))], { overwrite: true })
}

function missing(path: string): BasilError {
  return new BasilError({
    code: 'file-missing',
    what: 'A file of the study is missing',
    where: path,
    why: 'neither it nor its folder is there',
    next: 'correct its path',
  })
}

function tooDeep(path: string): BasilError {
  return new BasilError({
    code: 'file-unreadable',
    what: 'A folder is nested too deep',
    where: path,
    why: 'it lies more than 64 folders deep; a link may lead back to a folder above it',
    next: 'take the link away',
  })
}
