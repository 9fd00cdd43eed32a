// Whether something will fit: how large a model's files are, and how much is free where something is to be written.
import { readdirSync, statfsSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'

import { isCheckpointName, isIndexName } from '../contract/file-names.ts'

/** Bytes, of a folder of shards together; null where that cannot be told. */
export function modelSize(file: string): number | null {
  try {
    if (!isIndexName(file)) return statSync(file).size
    const folder = dirname(file)
    const shards = readdirSync(folder).filter((name) => isCheckpointName(name) && !isIndexName(name))
    return shards.reduce((sum, name) => sum + statSync(join(folder, name)).size, 0)
  } catch {
    return null
  }
}

/** Bytes that this process may still write to a folder, or to the nearest that is there; null: it cannot be told. */
export function freeBytes(folder: string): number | null {
  try {
    const { bavail, bsize } = statfsSync(folder)
    return bavail * bsize
  } catch {
    const parent = dirname(folder)
    return parent === folder ? null : freeBytes(parent)
  }
}
