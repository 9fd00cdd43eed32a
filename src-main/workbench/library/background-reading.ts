// What goes on in the library by itself: rows are read, then hashed, one file at a time; at opening, and when asked,
// every file is looked at again. A file that cannot be read is one marked row with its reason, and the next one's turn
// comes. What was not finished when Basil was closed goes on at the next start, since it follows from the rows. Results
// are kept many in one transaction: a commit takes milliseconds.
import { setImmediate } from 'node:timers/promises'

import type { LibraryWork } from '../../contract/api/library.ts'
import { recordOf } from '../../contract/errors.ts'
import {
  entriesOf,
  entriesOfSize,
  entriesWith,
  entryOf,
  putChanged,
  putFacts,
  putHash,
  putState,
  putUnread,
  relink,
  type StoredEntry,
  unhashedEntries,
  unreadEntries,
} from '../../history/library/entries.ts'
import { type History, recoverable, transaction } from '../../history/statement.ts'
import { eachOf } from './each-of.ts'
import { isAsBefore, measure } from './file-identity.ts'
import type { Reader } from './reader.ts'

export interface Attendant {
  /** Reads and hashes what is not yet, if nobody is at it. */
  wake(): void
  /** Resolves when there is nothing left to read and hash. */
  settled(): Promise<void>
  /** again: also what could not be read is tried once more. */
  refresh(again: boolean): Promise<void>
  /** A row without a hash that was just added may be one that went missing. To be called before the next is added. */
  relinkUnhashed(ids: number[]): void
  work(): LibraryWork
  close(): Promise<void>
}

type Outcome = () => void // what is to be kept of one file

const commitEvery = 200 // ms

export function createBackgroundReading(history: History, reader: Reader, changed: () => void): Attendant {
  let work: LibraryWork = null
  let atIt: Promise<void> | null = null
  let isClosed = false
  let isCalled = false // there may be new rows to read
  const unfinished = new Set<number>() // files that are still being written, until the next refresh

  function tell(next: LibraryWork): void {
    work = next
    changed()
  }

  /** Keeps outcomes several at a time. */
  function createLedger(): { put(outcome: Outcome): void; keep(): void } {
    let outcomes: Outcome[] = []
    let kept = performance.now()
    const keep = (): void => {
      const whole = outcomes
      outcomes = []
      kept = performance.now()
      if (whole.length === 0 || isClosed) return
      recoverable(history, () => {
        for (const outcome of whole) outcome()
      })
      changed()
    }
    const put = (outcome: Outcome): void => {
      outcomes.push(outcome)
      if (performance.now() - kept > commitEvery) keep()
    }
    return { put, keep }
  }

  /** One file after the other; whatever the person did to a row meanwhile holds. */
  async function through(
    what: 'reading' | 'hashing',
    entries: StoredEntry[],
    one: (entry: StoredEntry) => Promise<Outcome>,
  ): Promise<void> {
    const ledger = createLedger()
    try {
      for (const [done, entry] of entries.entries()) {
        if (isClosed || (what === 'hashing' && isCalled)) return // new rows are shown first
        tell({ what, done, total: entries.length })
        const outcome = await one(entry)
        ledger.put(() => {
          if (entryOf(history, entry.id)?.path === entry.path) outcome()
        })
        await setImmediate()
      }
    } finally {
      ledger.keep()
    }
  }

  async function read(entry: StoredEntry): Promise<Outcome> {
    try {
      const description = await reader.look(entry.path)
      return () => putFacts(history, entry.id, description)
    } catch (error) {
      return refused(entry, error)
    }
  }

  async function hash(entry: StoredEntry): Promise<Outcome> {
    try {
      const sha256 = await reader.hash(entry.path, entry.bytes)
      if (!(await isAsBefore(entry))) {
        unfinished.add(entry.id)
        return () => undefined
      }
      const gone = entry.fresh && !isClosed ? await goneAmong(entriesWith(history, sha256)) : undefined
      return () => {
        putHash(history, entry.id, sha256)
        if (gone) relinkIfThere(gone, entry.id)
      }
    } catch (error) {
      return refused(entry, error)
    }
  }

  /** Throws what is not the file's fault: the process does not start, or Basil is being closed. */
  function refused(entry: StoredEntry, thrown: unknown): Outcome {
    const error = recordOf(thrown)
    if (error.code === 'engine-lost' || error.code === 'cancelled') throw thrown
    return () => putState(history, entry.id, error.code === 'file-missing' ? 'missing' : 'unreadable', error)
  }

  function relinkIfThere(gone: StoredEntry, id: number): void {
    const [before, found] = [entryOf(history, gone.id), entryOf(history, id)]
    if (before && found && before.id !== found.id) relink(history, before, found)
  }

  async function attend(): Promise<void> {
    const isDue = ({ id }: StoredEntry): boolean => !unfinished.has(id)
    while (!isClosed) {
      isCalled = false
      await through('reading', unreadEntries(history).filter(isDue), read)
      if (isClosed || isCalled) continue
      const unhashed = unhashedEntries(history).filter(isDue)
      if (unhashed.length === 0) return
      await through('hashing', unhashed, hash)
    }
  }

  /** What a look at the disk says of a row; null: nothing new. */
  async function news(entry: StoredEntry, again: boolean): Promise<Outcome | null> {
    const { id, path, state } = entry
    try {
      if (!(await isAsBefore(entry))) {
        const place = await measure(path)
        return () => putChanged(history, id, place)
      }
      if (state === 'missing') return () => putState(history, id, 'present', null)
      return state === 'unreadable' && again ? () => putUnread(history, id) : null
    } catch (error) {
      return refused(entry, error)
    }
  }

  const attendant: Attendant = {
    wake: () => {
      isCalled = true
      if (isClosed || atIt || !history.write) return
      atIt = attend()
        .catch(() => undefined) // the process does not start, or the disk is full: the rows wait for the next call
        .finally(() => {
          atIt = null
          tell(null)
        })
    },
    settled: async () => {
      while (atIt) await atIt
    },
    refresh: async (again) => {
      unfinished.clear()
      const entries = entriesOf(history)
      const ledger = createLedger()
      await eachOf(entries, async (entry, done) => {
        if (isClosed) return
        if (!atIt) tell({ what: 'looking', done, total: entries.length })
        const outcome = await news(entry, again)
        if (outcome) ledger.put(outcome)
      })
      ledger.keep()
      if (!atIt) tell(null)
      attendant.wake()
    },
    relinkUnhashed: (ids) => {
      for (const id of ids) {
        const found = entryOf(history, id)
        if (!found?.quick) continue
        const same = entriesOfSize(history, found.bytes, found.quick)
        const gone = same.find(
          (e) => e.id !== id && e.state === 'missing' && e.sha256 === null && e.modified === found.modified,
        )
        if (gone) transaction(history, () => relink(history, gone, found))
      }
    },
    work: () => work,
    close: async () => {
      isClosed = true
      await reader.close()
      await atIt
    },
  }
  return attendant
}

/** The first whose file is not where it was. */
async function goneAmong(entries: StoredEntry[]): Promise<StoredEntry | undefined> {
  for (const entry of entries) if (entry.state === 'missing' || (await isGone(entry))) return entry
  return undefined
}

async function isGone(entry: StoredEntry): Promise<boolean> {
  return isAsBefore(entry).then(
    () => false,
    (error: unknown) => recordOf(error).code === 'file-missing',
  )
}
