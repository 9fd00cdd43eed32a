// Precomputed features on disk, one file a split of a task, named by the SHA-256 of what its tables are a function of.
// A file is slots of one image each: [SHA-256 of (the file's name, the image's number, the table) | table, float32].
// A slot is whole when its checksum says so, and nothing else is trusted: what a kill, a full disk or a bad sector left
// is simply not there, and is computed again while the rest stays. So slots may be written in place, in any order,
// where every other file of ours needs writeAtomic. The least recently used files go first when the cap is reached;
// never one in use.
import { createHash } from 'node:crypto'
import { constants } from 'node:fs/promises'
import { totalmem } from 'node:os'
import { join } from 'node:path'

import type { FeatureCache, FeatureFile } from '../engine/formats/feature-cache.ts'
import { type CacheRoom, cacheRoom, cacheTold } from './cache-room.ts'
import { openRegular } from './open.ts'

const checksumBytes = 32
const next = 'free some space, lower BASIL_CACHE_GB, or set "linearised" to "jvp", which keeps nothing'

export interface FeatureCacheOptions {
  room?: CacheRoom // shared with other caches; else one of its own, of capBytes
  capBytes?: number
  memoryBytes?: number
  now?: () => Date
}

/** folder is made when the first file is opened. */
export function featureCache(folder: string, options: FeatureCacheOptions = {}): FeatureCache {
  const { memoryBytes = machineMemory() / 4, room = cacheRoom([folder], options) } = options
  const bytesFor = (images: number, floats: number): number => images * (checksumBytes + 4 * floats)
  return {
    capBytes: room.capBytes,
    memoryBytes,
    bytesFor,
    open: async (identity, images, floats) => {
      const hash = createHash('sha256').update(JSON.stringify([identity, images, floats]))
      const name = `${hash.digest('hex')}.features`
      const path = join(folder, name)
      const size = bytesFor(images, floats)
      return told(path, async () => {
        const ended = await room.use(path, size)
        const file = await openSlots(path, name, size / images, images)
        await room.touch(path)
        let closed = false
        const close = async (): Promise<void> => {
          if (closed) return
          closed = true
          await file.close()
          await ended()
        }
        return { ...file, close }
      })
    },
  }
}

const told = <T>(path: string, work: () => Promise<T>): Promise<T> => cacheTold(path, next, work)

/** What the machine has, or what this process may have of it. */
function machineMemory(): number {
  return Math.min(totalmem(), process.constrainedMemory() || Number.POSITIVE_INFINITY)
}

/** slotBytes: a checksum and a table. */
async function openSlots(path: string, name: string, slotBytes: number, images: number): Promise<FeatureFile> {
  const { handle } = await openRegular(path, constants.O_RDWR | constants.O_CREAT, 0o600)
  // room for all, so that the cap counts it; never written parts take none on disk
  await handle.truncate(slotBytes * images)
  const checksum = (image: number, table: Uint8Array): Buffer =>
    createHash('sha256').update(`${name} ${image} `).update(table).digest()
  return {
    read: (image) =>
      told(path, async () => {
        const slot = new Uint8Array(slotBytes)
        const { bytesRead } = await handle.read(slot, 0, slotBytes, image * slotBytes)
        const table = slot.subarray(checksumBytes)
        const whole = bytesRead === slotBytes && checksum(image, table).equals(slot.subarray(0, checksumBytes))
        return whole ? new Float32Array(slot.buffer, checksumBytes, table.length / 4) : undefined
      }),
    write: (image, table) =>
      told(path, async () => {
        const slot = new Uint8Array(slotBytes)
        slot.set(new Uint8Array(table.buffer, table.byteOffset, table.byteLength), checksumBytes)
        slot.set(checksum(image, slot.subarray(checksumBytes)))
        for (let done = 0; done < slotBytes; )
          done += (await handle.write(slot, done, slotBytes - done, image * slotBytes + done)).bytesWritten
      }),
    close: () => handle.close(),
  }
}
