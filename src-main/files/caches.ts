// The caches of a data folder and the room they share, made once in a process, as a room knows what is in use there.
import { join } from 'node:path'

import { type CacheRoom, cacheRoom } from './cache-room.ts'
import { dataFolder } from './data-folder.ts'

export interface Caches {
  room: CacheRoom
  features: string // folders
  images: string
  unpacked: string
  measured: string
}

const known = new Map<string, Caches>()

export function cachesIn(home: string = dataFolder()): Caches {
  const before = known.get(home)
  if (before) return before
  const at = (name: string): string => join(home, 'cache', name)
  const folders = {
    features: at('features'),
    images: at('images'),
    unpacked: at('unpacked'),
    measured: at('measured'),
  }
  const caches = { room: cacheRoom(Object.values(folders)), ...folders }
  known.set(home, caches)
  return caches
}
