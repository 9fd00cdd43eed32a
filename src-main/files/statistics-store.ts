// Statistics of models on images on disk: safetensors named by the SHA-256 of what they are a function of, written as
// they come, and there when they are whole. Models are rebuilt from them, by their hash, so they stay as long as there
// is room: as much as the caches have, and the least recently used go first.
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { TransformStream } from 'node:stream/web'

import { recordOf } from '../contract/errors.ts'
import { safetensorsHead } from '../engine/formats/safetensors-writer.ts'
import type { KeptStatistics, StatisticsStore, StatisticsWriter } from '../engine/formats/statistics-store.ts'
import { type CacheRoom, cacheRoom } from './cache-room.ts'
import { statisticsFolder } from './data-folder.ts'
import { hashFile } from './hash.ts'
import { exists, writeAtomic } from './write-atomic.ts'

export function statisticsStore(
  folder: string = statisticsFolder(),
  room: CacheRoom = cacheRoom([folder], { files: /\.safetensors$/ }),
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
