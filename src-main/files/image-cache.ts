// Preprocessed images on disk, one file for each split of a data set and size: a table of entries, then records of (3,
// size, size) bytes.
//   entry (64): SHA-256 of the pixels 32 | fingerprint 8 | channels 1 | 0 ... | SHA-256 of (the file's name, the
//   image's number, all before) 16
// Pixels are written before their entry, in place and in any order; an entry that its checksum does not prove, and
// pixels that its hash does not, are not there. So whatever a kill, a full disk or a bad sector left costs those images
// alone. A grey image writes its one plane only, and what was never written takes no room on the disk.
import { createHash } from 'node:crypto'
import { constants, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'

import type { ImageCache, ImageFile, KeptImage } from '../engine/formats/image-cache.ts'
import { type CacheRoom, cacheTold } from './cache-room.ts'
import { openRegular } from './open.ts'

const form = 1 // of a file; another one makes all that is kept strange
const entryBytes = 64
const provenBytes = 48 // of an entry, before its checksum
const next = 'free some space, or lower BASIL_CACHE_GB'

/** folder is one of the room's, and made when the first file is opened. */
export function imageCache(folder: string, room: CacheRoom): ImageCache {
  return {
    capBytes: room.capBytes,
    bytesFor,
    open: async (identity, count, size, wanted) => {
      const hash = createHash('sha256').update(JSON.stringify([form, identity, count, size]))
      const name = `${hash.digest('hex')}.pixels`
      const path = join(folder, name)
      return cacheTold(path, next, async () => {
        const ended = await room.use(path, bytesFor(wanted, size))
        try {
          const file = await openRecords(path, name, count, size)
          await room.touch(path)
          return { ...file, close: () => file.close().then(ended) }
        } catch (error) {
          await ended().catch(() => undefined)
          throw error
        }
      })
    },
  }
}

function bytesFor(images: number, size: number): number {
  return images * (entryBytes + 3 * size * size)
}

async function openRecords(path: string, name: string, count: number, size: number): Promise<ImageFile> {
  const { handle } = await openRegular(path, constants.O_RDWR | constants.O_CREAT, 0o600)
  const plane = size * size
  const place = (image: number): number => count * entryBytes + image * 3 * plane
  const checksum = (image: number, proven: Uint8Array): Uint8Array =>
    createHash('sha256')
      .update(`${name} ${image} `)
      .update(proven)
      .digest()
      .subarray(0, entryBytes - provenBytes)
  await handle.truncate(place(count))
  const table = new Uint8Array(count * entryBytes)
  await readFully(handle, table, 0)
  const isProven = Uint8Array.from({ length: count }, (_, image) => {
    const entry = table.subarray(image * entryBytes, (image + 1) * entryBytes)
    return entry[40] &&
      Buffer.compare(checksum(image, entry.subarray(0, provenBytes)), entry.subarray(provenBytes)) === 0
      ? 1
      : 0
  })
  const kept = (image: number): KeptImage | undefined => {
    if (!isProven[image]) return undefined
    const entry = table.subarray(image * entryBytes, (image + 1) * entryBytes)
    return { channels: entry[40] === 1 ? 1 : 3, sha256: entry.subarray(0, 32), fingerprint: entry.subarray(32, 40) }
  }
  return {
    kept,
    read: (image) =>
      cacheTold(path, next, async () => {
        const known = kept(image)
        if (!known) return undefined
        const pixels = new Uint8Array(known.channels * plane)
        const whole = await readFully(handle, pixels, place(image))
        if (whole && Buffer.compare(createHash('sha256').update(pixels).digest(), known.sha256) === 0) return pixels
        isProven[image] = 0
        return undefined
      }),
    write: (image, pixels, fingerprint) =>
      cacheTold(path, next, async () => {
        const entry = new Uint8Array(entryBytes)
        entry.set(createHash('sha256').update(pixels).digest())
        entry.set(fingerprint, 32)
        entry[40] = pixels.length / plane
        entry.set(checksum(image, entry.subarray(0, provenBytes)), provenBytes)
        await writeFully(handle, pixels, place(image))
        await writeFully(handle, entry, image * entryBytes)
        table.set(entry, image * entryBytes)
        isProven[image] = 1
      }),
    close: () => handle.close(),
  }
}

/** False when the file ends before. */
async function readFully(handle: FileHandle, into: Uint8Array, at: number): Promise<boolean> {
  for (let done = 0; done < into.length; ) {
    const { bytesRead } = await handle.read(into, done, into.length - done, at + done)
    if (bytesRead === 0) return false
    done += bytesRead
  }
  return true
}

async function writeFully(handle: FileHandle, bytes: Uint8Array, at: number): Promise<void> {
  for (let done = 0; done < bytes.length; )
    done += (await handle.write(bytes, done, bytes.length - done, at + done)).bytesWritten
}
