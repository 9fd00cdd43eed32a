// Statistics of models on images on disk: safetensors named by the SHA-256 of what they are a function of, written as
// they come, and there when they are whole. Models are rebuilt from them, by their hash, so they stay as long as there
// is room: as much as the caches have, and the least recently used go first.
import { createHash } from 'node:crypto'
import { dirname, join, resolve } from 'node:path'
import { TransformStream } from 'node:stream/web'

import { BasilError, recordOf } from '../contract/errors.ts'
import { safetensorsHead } from '../engine/formats/safetensors-writer.ts'
import type { KeptStatistics, StatisticsStore, StatisticsWriter } from '../engine/formats/statistics-store.ts'
import { type CacheRoom, cacheRoom } from './cache-room.ts'
import { statisticsFolder } from './data-folder.ts'
import { hashFile } from './hash.ts'
import { exists, writeAtomic } from './write-atomic.ts'

/** A store that gives way to nothing it has found or begun, until leave is called. */
export interface HeldStore extends StatisticsStore {
  leave(): Promise<void>
}

const inFolder = (folder: string): CacheRoom => cacheRoom([folder], { files: /\.safetensors$/ })

/** What one merge needs is there together. */
export function heldStatisticsStore(
  folder: string = statisticsFolder(),
  room: CacheRoom = inFolder(folder),
): HeldStore {
  const held: (() => Promise<void>)[] = []
  const use = async (path: string, bytes: number): Promise<() => Promise<void>> => {
    held.push(await room.use(path, bytes))
    return () => room.touch(path)
  }
  const store = statisticsStore(folder, { ...room, use })
  return {
    ...store,
    find: async (identity) => {
      const found = await store.find(identity)
      if (found) await use(found.file, found.bytes)
      return found
    },
    leave: async () => {
      for (const leave of held.splice(0)) await leave().catch(() => undefined) // it was given up
    },
  }
}

/** Those among the kept ones were used just now; others are a person's. */
export async function touchStatistics(files: readonly string[], folder: string = statisticsFolder()): Promise<void> {
  const ours = files.filter((file) => dirname(resolve(file)) === resolve(folder))
  for (const file of ours)
    await inFolder(folder)
      .touch(file)
      .catch(() => undefined) // a disk that is only read
}

export function statisticsStore(
  folder: string = statisticsFolder(),
  room: CacheRoom = inFolder(folder),
): StatisticsStore {
  const placeOf = (identity: string): { name: string; file: string } => {
    const name = `${createHash('sha256').update(identity).digest('hex')}.safetensors`
    return { name, file: join(folder, name) }
  }
  const kept = async (identity: string): Promise<KeptStatistics> => {
    const { name, file } = placeOf(identity)
    await room.touch(file)
    return { name, file, ...(await hashFile(file)) }
  }
  return {
    requireRoom: (bytes) => {
      if (bytes > room.capBytes) throw tooMany(bytes, room.capBytes, folder)
    },
    find: async (identity) => ((await exists(placeOf(identity).file)) ? kept(identity) : undefined),
    begin: async (identity, tensors) => {
      const { file } = placeOf(identity)
      const all = tensors.map((tensor) => ({ ...tensor, dtype: 'F32' as const }))
      const bytes = all.reduce((sum, { shape }) => sum + 4 * shape.reduce((a, b) => a * b, 1), 0)
      const leave = await room.use(file, bytes)
      const written = writing(file)
      await written.write(safetensorsHead(all, { format: 'pt', 'basil.statistics': identity }))
      return {
        write: ({ buffer, byteOffset, byteLength }) => written.write(new Uint8Array(buffer, byteOffset, byteLength)),
        end: async () => {
          await written.end().catch((error: unknown) => {
            // what another process collected meanwhile stays: a recipe may name it by its bytes
            if (recordOf(error).code !== 'target-exists') throw error
          })
          await leave()
          return kept(identity)
        },
        abandon: async () => {
          await written.abandon()
          await leave().catch(() => undefined) // there is no file to touch
        },
      }
    },
  }
}

function tooMany(bytes: number, cap: number, where: string): BasilError {
  const gigabytes = (count: number): string => (count / 1e9).toLocaleString('en', { maximumSignificantDigits: 3 })
  return new BasilError({
    code: 'config-invalid',
    what: 'What this merge wants to know of images has no room',
    where,
    why: `it takes ${gigabytes(bytes)} GB, and what is kept may take ${gigabytes(cap)} GB`,
    next: 'give it more with BASIL_CACHE_GB, or merge fewer models at once',
    inWindow: 'let caches take more on the page Settings, or merge fewer models at once',
  })
}

interface Writing extends Pick<StatisticsWriter, 'abandon'> {
  write(bytes: Uint8Array): Promise<void>
  end(): Promise<void>
}

/** writeAtomic takes its chunks from whoever writes here, and no faster than the disk does. */
function writing(file: string): Writing {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>()
  const into = writable.getWriter()
  const done = writeAtomic(file, readable, { overwrite: false })
  done.catch(() => undefined) // is told by what is written next
  return {
    write: (bytes) => Promise.race([into.write(bytes), done]),
    end: async () => {
      await Promise.race([into.close(), done])
      await done
    },
    abandon: async () => {
      await into.abort(new Error('nobody writes on')).catch(() => undefined)
      await done.catch(() => undefined)
    },
  }
}
