// Folders on disk as the engine sees them.
import { opendir } from 'node:fs/promises'

import { BasilError } from '../contract/errors.ts'
import type { FolderEntry, OpenFiles } from '../engine/formats/source.ts'
import { entryOf, kind, list, refusal } from './listing.ts'
import { openSource } from './source.ts'
import { unpacked } from './unpacked.ts'

export const openFiles: OpenFiles = { open: openSource, unpacked, kind, list }

/** The folders of one walk, which has an end. */
export interface Walk extends OpenFiles {
  readonly looked: number // names, each folder's once
  stop(): void // what is still being listed is given up
}

/** most: names that are looked at; a folder that makes them more is not-supported. */
export function walkOf(most: number): Walk {
  const counted = new Set<string>()
  let looked = 0
  let isStopped = false
  return {
    open: openSource,
    unpacked,
    kind,
    get looked() {
      return looked
    },
    stop: () => {
      isStopped = true
    },
    list: async (folder) => {
      const isNew = !counted.has(folder)
      counted.add(folder)
      const entries: FolderEntry[] = []
      try {
        for await (const entry of await opendir(folder, { bufferSize: 1024 })) {
          if (isStopped) throw given()
          if (isNew && ++looked > most) throw tooMany(folder, most)
          entries.push(await entryOf(folder, entry))
        }
      } catch (error) {
        throw error instanceof BasilError ? error : refusal(folder, error)
      }
      return entries
    },
  }
}

export function tooMany(where: string, most: number): BasilError {
  return new BasilError({
    code: 'not-supported',
    what: 'There is more than Basil walks in one go',
    where,
    why: `it looks at ${most} names and there are more, which is a bound of its own`,
    next: 'name the folder of one data set, not one that holds much else',
  })
}

function given(): BasilError {
  return new BasilError({
    code: 'cancelled',
    what: 'The walk was ended',
    where: '',
    why: 'nobody waits for it',
    next: 'begin it again',
  })
}
