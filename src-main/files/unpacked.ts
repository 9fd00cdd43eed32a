// Files that gzip packed, unpacked once into a folder of the caches' room, so that any part of them can be read: gzip
// itself is only read from its beginning. A file is known by its place, size and time. One that grows to far more than
// it was is stopped, as is one that the cache cannot hold; nothing is left of either.
import { createHash } from 'node:crypto'
import { stat } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { createGunzip } from 'node:zlib'

import { BasilError } from '../contract/errors.ts'
import { type ByteSource, damaged } from '../engine/formats/source.ts'
import type { CacheRoom } from './cache-room.ts'
import { cachesIn } from './caches.ts'
import { openRegular } from './open.ts'
import { openSource } from './source.ts'
import { writeAtomic } from './write-atomic.ts'

const mostGrowth = 100 // times its size; a tar of tiny files is mostly zeros
const always = 2 ** 28 // bytes that any may grow to

export const unpacked = (path: string): Promise<ByteSource> => {
  const { room, unpacked: folder } = cachesIn()
  return unpackInto(folder, room)(path)
}

export function unpackInto(folder: string, room: CacheRoom): (path: string) => Promise<ByteSource> {
  const atIt = new Map<string, Promise<void>>() // by target
  return async (path) => {
    const packed = await openSource(path)
    try {
      const { size, mtimeNs } = await stat(packed.path, { bigint: true })
      const key = JSON.stringify([packed.path, String(size), String(mtimeNs)])
      const target = join(folder, `${createHash('sha256').update(key).digest('hex')}.unpacked`)
      const ended = await room.use(target, await claimed(packed, room.capBytes))
      try {
        const work = atIt.get(target) ?? write(packed, target, room.capBytes).finally(() => atIt.delete(target))
        atIt.set(target, work)
        await work
        await room.touch(target)
        return inside(await openSource(target), packed.path, ended)
      } catch (error) {
        await ended().catch(() => undefined)
        throw error
      }
    } finally {
      await packed.close()
    }
  }
}

/** As the packed file, so that messages and names are of what the person has. */
function inside(source: ByteSource, path: string, ended: () => Promise<void>): ByteSource {
  return { ...source, path: resolve(path), name: basename(path), close: () => source.close().then(ended) }
}

/** What its last four bytes say of its size, modulo 2^32: that of its last part, which is most often its only one. */
async function claimed(packed: ByteSource, capBytes: number): Promise<number> {
  if (packed.size < 18) throw damaged(packed, 'gzip', `it has ${packed.size} bytes`)
  const end = await packed.read(packed.size - 4, 4)
  let bytes = new DataView(end.buffer, end.byteOffset, 4).getUint32(0, true)
  while (bytes < 0.9 * packed.size) bytes += 2 ** 32
  // it is of several parts, or makes this up
  const rest = bytes - packed.size * mostGrowth > always ? packed.size : bytes
  if (rest > capBytes) throw tooLarge(packed, `it unpacks to about ${rest} bytes`, capBytes)
  return rest
}

async function write(packed: ByteSource, target: string, capBytes: number): Promise<void> {
  const there = await stat(target).catch(() => undefined)
  if (there?.isFile()) return
  await writeAtomic(target, content(packed, Math.max(always, packed.size * mostGrowth), capBytes), { overwrite: true })
}

async function* content(packed: ByteSource, most: number, capBytes: number): AsyncGenerator<Uint8Array> {
  const { handle } = await openRegular(packed.path)
  const read = handle.createReadStream({ highWaterMark: 2 ** 20 })
  const gunzip = createGunzip({ chunkSize: 2 ** 18 })
  read.on('error', (error) => gunzip.destroy(error))
  let bytes = 0
  try {
    for await (const chunk of read.pipe(gunzip) as AsyncIterable<Uint8Array>) {
      bytes += chunk.length
      if (bytes > most)
        throw damaged(
          packed,
          'gzip',
          `it unpacks to more than ${most} bytes, ${Math.floor(most / packed.size)} times its own`,
        )
      if (bytes > capBytes) throw tooLarge(packed, `it unpacks to more than ${bytes} bytes`, capBytes)
      yield chunk
    }
  } catch (error) {
    throw error instanceof BasilError
      ? error
      : damaged(packed, 'gzip', error instanceof Error ? error.message : String(error))
  } finally {
    read.destroy()
    gunzip.destroy()
  }
}

function tooLarge(packed: ByteSource, what: string, capBytes: number): BasilError {
  return new BasilError({
    code: 'not-supported',
    what: 'A packed file is larger than the cache may be',
    where: packed.path,
    why: `${what}, the cache holds at most ${capBytes}`,
    next: 'unpack it beside itself with gunzip, or raise BASIL_CACHE_GB',
  })
}
