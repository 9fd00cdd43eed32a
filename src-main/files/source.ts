// A file on disk as the engine sees it: ranges on demand, and its content hash. Nothing is ever written here.
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'

import { bytes, type Sha256, sha256 } from '../contract/branded.ts'
import { BasilError } from '../contract/errors.ts'
import { adapterSettingsName, isAdapterName, isIndexName } from '../contract/file-names.ts'
import { shardNames } from '../engine/formats/sharded.ts'
import type { ByteSource } from '../engine/formats/source.ts'
import { type Hashed, hashFile } from './hash.ts'
import { openRegular } from './open.ts'

export async function openSource(path: string): Promise<ByteSource> {
  const absolute = resolve(path)
  const name = basename(absolute)
  const { handle, info } = await openRegular(absolute)
  const opened: ByteSource[] = []
  return {
    path: absolute,
    name,
    size: info.size,
    read: (offset, length, into) => readExactly(handle, name, offset, length, into),
    beside: async (other) => {
      const source = await openSource(join(dirname(absolute), plainName(other, name)))
      opened.push(source)
      return source
    },
    close: async () => {
      await Promise.all([handle.close(), ...opened.map((source) => source.close())])
    },
  }
}

/** A file names others only by a name in its own folder: files come from strangers. */
function plainName(other: string, from: string): string {
  if (other !== '' && other !== '.' && other !== '..' && !/[/\\:\0]/.test(other)) return other
  throw new BasilError({
    code: 'not-allowed',
    what: 'A file points to another outside of its folder',
    where: from,
    why: `it names ${JSON.stringify(other.slice(0, 120))}`,
    next: 'keep the files of one checkpoint together in one folder',
  })
}

/** What a checkpoint is made of, and its SHA-256 by theirs. */
export interface Content {
  files: string[] // the checkpoint's own, and the shards that an index names
  sha256(ofFiles: readonly Sha256[]): Sha256
}

/**
 * Identity is content: a file's hash, or over an index's bytes followed by the hexadecimal hashes of its shards in the
 * order of their sorted names; of an adapter over those of its factors and of the page that says how they are scaled.
 */
export async function contentOf(path: string): Promise<Content> {
  const settings = join(dirname(path), adapterSettingsName)
  if (isAdapterName(basename(path)) && existsSync(settings))
    return {
      files: [path, settings],
      sha256: (ofFiles) => sha256(createHash('sha256').update(ofFiles.join('')).digest('hex')),
    }
  if (!isIndexName(path)) return { files: [path], sha256: ([own]) => own as Sha256 }
  const source = await openSource(path)
  try {
    const shards: string[] = []
    for (const name of await shardNames(source)) shards.push((await source.beside(name)).path)
    const index = await source.read(0, source.size)
    return {
      files: [path, ...shards],
      sha256: ([_, ...ofShards]) => sha256(createHash('sha256').update(index).update(ofShards.join('')).digest('hex')),
    }
  } finally {
    await source.close()
  }
}

/** SHA-256 of a checkpoint's content and the bytes of all its files. Throws what opening it throws. */
export async function hashCheckpoint(path: string): Promise<Hashed> {
  const content = await contentOf(path)
  const hashed: Hashed[] = []
  for (const file of content.files) hashed.push(await hashFile(file))
  const size = hashed.reduce((sum, file) => sum + file.bytes, 0)
  return { sha256: content.sha256(hashed.map((file) => file.sha256)), bytes: bytes(size) }
}

async function readExactly(
  handle: FileHandle,
  name: string,
  offset: number,
  length: number,
  into?: Uint8Array,
): Promise<Uint8Array> {
  const buffer = into?.subarray(0, length) ?? new Uint8Array(length)
  let done = 0
  while (done < length) {
    const { bytesRead } = await handle.read(buffer, done, length - done, offset + done)
    if (bytesRead === 0)
      throw new BasilError({
        code: 'file-damaged',
        what: 'A file ends too early',
        where: name,
        why: `${length} bytes were expected at ${offset}, ${done} are there`,
        next: 'get the file again; it may still be being copied',
      })
    done += bytesRead
  }
  return buffer
}
