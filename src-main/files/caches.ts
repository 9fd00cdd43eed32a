// The caches of a data folder and the room they share, made once in a process, as a room knows what is in use there.
import { join } from 'node:path'

import { type CacheRoom, cacheRoom } from './cache-room.ts'
import { dataFolder } from './data-folder.ts'

export interface Caches {
  room: CacheRoom
  features: string // folders
  images: string
  unpacked: string
}

const known = new Map<string, Caches>()

export function cachesIn(home: string = dataFolder()): Caches {
  const before = known.get(home)
  if (before) return before
  const [features, images, unpacked] = ['features', 'images', 'unpacked'].map((name) => join(home, 'cache', name)) as [
    string,
    string,
    string,
  ]
  const caches = { room: cacheRoom([features, images, unpacked]), features, images, unpacked }
  known.set(home, caches)
  return caches
}
