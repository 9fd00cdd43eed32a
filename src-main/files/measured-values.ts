// Statistics of a checkpoint's values, kept by the hash of its content, so that a file is read once and not at every
// look: a page of JSON each, among the caches, that goes when their room is needed.
import { statSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'

import { type Statistics, statisticsSchema } from '../contract/checkpoint.ts'
import { cachesIn } from './caches.ts'
import { readStart } from './open.ts'
import { writeAtomic } from './write-atomic.ts'

const largest = 256 * 2 ** 20 // bytes: a hundred thousand tensors

export interface MeasuredValues {
  /** Bytes that it takes; null where it is not kept. */
  size(sha256: string): number | null
  /** undefined where it is not kept, or cannot be read any more. */
  find(sha256: string): Promise<Statistics | undefined>
  /** Never rejects: what cannot be kept is measured again. */
  keep(sha256: string, statistics: Statistics): Promise<void>
}

/** home: the data folder. */
export function measuredValues(home: string): MeasuredValues {
  const { measured, room } = cachesIn(home)
  const place = (sha256: string): string => join(measured, `${sha256}.measured`)
  return {
    size: (sha256) => statSync(place(sha256), { throwIfNoEntry: false })?.size ?? null,
    find: async (sha256) => {
      const path = place(sha256)
      try {
        const { bytes } = await readStart(path, largest)
        const found = statisticsSchema.parse(JSON.parse(bytes.toString('utf8')))
        await room.touch(path)
        return found
      } catch {
        await rm(path, { force: true }).catch(() => undefined)
        return undefined
      }
    },
    keep: async (sha256, statistics) => {
      const bytes = Buffer.from(JSON.stringify(statistics))
      try {
        const end = await room.use(place(sha256), bytes.length)
        await writeAtomic(place(sha256), [bytes], { overwrite: true })
        await end()
      } catch {
        // a disk that takes nothing now
      }
    },
  }
}
