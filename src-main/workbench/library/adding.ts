// Files and folders that the person names become rows: looked at on disk and added in batches, so that the first are
// seen while the last are looked for. One piece of adding after the other, so that no file is taken twice.
import pMap, { pMapSkip } from 'p-map'

import type { Added, LibraryWork } from '../../contract/api/library.ts'
import { recordOf } from '../../contract/errors.ts'
import { addEntries, entryAt, type Place } from '../../history/library/entries.ts'
import type { History } from '../../history/statement.ts'
import { absolute } from '../typed-path.ts'
import { filesAtOnce, measure, nowhere } from './file-identity.ts'
import { relinkUnhashed } from './outcomes.ts'
import { type Scanned, scan } from './scan.ts'

export interface Adding {
  add(paths: string[]): Promise<Added>
  work(): LibraryWork
  /** Resolves when all of it is done, or has failed. */
  settled(): Promise<void>
}

interface Parts {
  history: History
  now: () => Date
  changed: () => void // rows, or how far it is
  done: () => void // behind the last row of one piece
}

/** For whoever has the history and no library: a file that Basil wrote becomes a row, which is read and hashed later. */
export function shelving(history: History): (file: string) => Promise<void> {
  const nothing = (): void => undefined
  const { add } = createAdding({ history, now: () => new Date(), changed: nothing, done: nothing })
  return async (file) => void (await add([file]).catch(nothing))
}

const batch = 100 // files measured and added in one go

export function createAdding({ history, now, changed, done }: Parts): Adding {
  let work: LibraryWork = null
  let last: Promise<unknown> = Promise.resolve()

  function tell(next: LibraryWork): void {
    work = next
    changed()
  }

  async function addAll(paths: string[]): Promise<Added> {
    tell({ what: 'looking', done: 0, total: 0 })
    try {
      return await addFound(await scan(paths.map(absolute)))
    } finally {
      tell(null)
    }
  }

  async function addFound({ files, lost, refused }: Scanned): Promise<Added> {
    const told: Added = { added: [], known: [], refused }
    const place = (file: string): Promise<Place | typeof pMapSkip> =>
      measure(file).catch((error: unknown) => {
        refused.push(recordOf(error))
        return pMapSkip
      })
    keep(lost.map(nowhere), told)
    for (let at = 0; at < files.length; at += batch) {
      tell({ what: 'looking', done: at, total: files.length })
      keep(await pMap(files.slice(at, at + batch), place, { concurrency: filesAtOnce }), told)
    }
    done()
    return told
  }

  /** One row for each file on disk. */
  function keep(places: Place[], told: Added): void {
    const fresh = new Map<string, Place>()
    for (const found of places) {
      const known = entryAt(history, found)
      if (known) told.known.push(known.id)
      else if (!fresh.has(found.target)) fresh.set(found.target, found)
    }
    const ids = addEntries(history, [...fresh.values()], now())
    relinkUnhashed(history, ids) // before the next are added
    for (const id of ids) told.added.push(id)
    changed()
  }

  return {
    add: (paths) => {
      const mine = last.then(() => addAll(paths))
      last = mine.catch(() => undefined)
      return mine
    },
    work: () => work,
    settled: async () => void (await last),
  }
}
