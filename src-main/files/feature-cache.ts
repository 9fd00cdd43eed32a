// Precomputed features on disk, one file a split of a task, named by the SHA-256 of what its tables are a function of.
// A file is slots of one image each: [SHA-256 of (the file's name, the image's number, the table) | table, float32].
// A slot is whole when its checksum says so, and nothing else is trusted: what a kill, a full disk or a bad sector left is
// simply not there, and is computed again while the rest stays. So slots may be written in place, in any order, where every
// other file of ours needs writeAtomic. The least recently used files go first when the cap is reached; never one in use.
import { createHash } from 'node:crypto'
import { constants, mkdir, open, readdir, stat, unlink, utimes } from 'node:fs/promises'
import { totalmem } from 'node:os'
import { join } from 'node:path'

import { BasilError } from '../contract/errors.ts'
import type { FeatureCache, FeatureFile } from '../engine/formats/feature-cache.ts'

const extension = '.features'
const checksumBytes = 32

export interface FeatureCacheOptions {
  capBytes?: number
  memoryBytes?: number
  now?: () => Date
}

/** folder is made when the first file is opened. */
export function featureCache(folder: string, options: FeatureCacheOptions = {}): FeatureCache {
  const { capBytes = capFromEnvironment(), memoryBytes = machineMemory() / 4, now = () => new Date() } = options
  const inUse = new Map<string, number>() // times opened
  const bytesFor = (images: number, floats: number): number => images * (checksumBytes + 4 * floats)
  return {
    capBytes,
    memoryBytes,
    bytesFor,
    open: async (identity, images, floats) => {
      const name =
        createHash('sha256')
          .update(JSON.stringify([identity, images, floats]))
          .digest('hex') + extension
      const path = join(folder, name)
      const size = bytesFor(images, floats)
      return told(path, async () => {
        await mkdir(folder, { recursive: true, mode: 0o700 })
        await makeRoom(folder, name, capBytes - size, inUse)
        const file = await openSlots(path, name, size / images, images)
        inUse.set(name, (inUse.get(name) ?? 0) + 1)
        await utimes(path, now(), now())
        let closed = false
        const close = async (): Promise<void> => {
          if (closed) return
          closed = true
          await file.close()
          await utimes(path, now(), now())
          const others = (inUse.get(name) as number) - 1
          if (others) inUse.set(name, others)
          else inUse.delete(name)
        }
        return { ...file, close }
      })
    },
  }
}

/** What the machine has, or what this process may have of it. */
function machineMemory(): number {
  return Math.min(totalmem(), process.constrainedMemory() || Number.POSITIVE_INFINITY)
}

/** BASIL_CACHE_GB, else 20 GB. */
function capFromEnvironment(): number {
  const written = process.env.BASIL_CACHE_GB
  const gigabytes = written ? Number(written) : 20
  if (gigabytes >= 0) return gigabytes * 1e9
  throw new BasilError({
    code: 'config-invalid',
    what: 'The size of the feature cache is not a number',
    where: 'BASIL_CACHE_GB',
    why: `it is "${written}"`,
    next: 'give gigabytes, such as 20',
  })
}

/** Removes files, least recently used first and none in use, until those beside `mine` take no more than `allowed` bytes. */
async function makeRoom(folder: string, mine: string, allowed: number, inUse: ReadonlyMap<string, number>): Promise<void> {
  const names = (await readdir(folder)).filter((name) => name.endsWith(extension) && name !== mine)
  const files = await Promise.all(names.map(async (name) => ({ name, ...(await sizeAndTime(join(folder, name))) })))
  let total = files.reduce((sum, f) => sum + f.size, 0)
  for (const { name, size } of files.filter((f) => !inUse.has(f.name)).sort((a, b) => a.used - b.used)) {
    if (total <= allowed) return
    await unlink(join(folder, name))
    total -= size
  }
}

async function sizeAndTime(path: string): Promise<{ size: number; used: number }> {
  const { size, mtimeMs } = await stat(path)
  return { size, used: mtimeMs }
}

/** slotBytes: a checksum and a table. */
async function openSlots(path: string, name: string, slotBytes: number, images: number): Promise<FeatureFile> {
  const handle = await open(path, constants.O_RDWR | constants.O_CREAT, 0o600)
  await handle.truncate(slotBytes * images) // room for all, so that the cap counts it; never written parts take none on disk
  const checksum = (image: number, table: Uint8Array): Buffer => createHash('sha256').update(`${name} ${image} `).update(table).digest()
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

/** What the disk refuses, in words. */
async function told<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof BasilError) throw error
    const code = error instanceof Error && 'code' in error ? String(error.code) : ''
    const full = code === 'ENOSPC' || code === 'EDQUOT'
    throw new BasilError(
      {
        code: full ? 'disk-full' : 'target-unwritable',
        what: full ? 'The disk is full' : 'The feature cache cannot be used',
        where: path,
        why: error instanceof Error ? error.message : String(error),
        next: 'free some space, lower BASIL_CACHE_GB, or set "linearised" to "jvp", which keeps nothing',
      },
      { cause: error },
    )
  }
}
