// What goes on in the library by itself: rows are read, then hashed, one file at a time, and the next one's turn comes
// whatever a file does; at opening, and when asked, every file is looked at again. What was not finished when Basil was
// closed goes on at the next start, since it follows from the rows.
import { setImmediate } from 'node:timers/promises'

import pMap from 'p-map'

import type { LibraryWork } from '../../contract/api/library.ts'
import { entriesOf, entryOf, type StoredEntry, unhashedEntries, unreadEntries } from '../../history/library/entries.ts'
import type { History } from '../../history/statement.ts'
import { inBackground } from '../reading/background.ts'
import type { Reader } from '../reading/reader.ts'
import { filesAtOnce } from './file-identity.ts'
import { createLedger, type Ledger, type Outcome } from './ledger.ts'
import { outcomeOfHashing, outcomeOfLooking, outcomeOfReading } from './outcomes.ts'

export interface BackgroundReading {
  /** Reads and hashes what is not yet, if nobody is at it. */
  wake(): void
  /** Resolves when there is nothing left to read and hash. */
  settled(): Promise<void>
  /** again: also what could not be read is tried once more. */
  refresh(again: boolean): Promise<void>
  work(): LibraryWork
  close(): Promise<void>
}

export function createBackgroundReading(history: History, reader: Reader, changed: () => void): BackgroundReading {
  let work: LibraryWork = null
  let isClosed = false
  let isCalled = false // there may be new rows to read
  const unfinished = new Set<number>() // files that are still being written, until the next refresh
  const ledger = (): Ledger => createLedger(history, changed, () => isClosed)

  function tell(next: LibraryWork): void {
    work = next
    changed()
  }

  function through(
    what: 'reading' | 'hashing',
    entries: StoredEntry[],
    one: (entry: StoredEntry) => Promise<Outcome | null>,
  ): Promise<void> {
    const goesOn = (done: number): boolean => {
      if (isClosed || (what === 'hashing' && isCalled)) return false // new rows are shown first
      tell({ what, done, total: entries.length })
      return true
    }
    return inTurn(history, entries, ledger(), goesOn, one)
  }

  async function hash(entry: StoredEntry): Promise<Outcome | null> {
    const outcome = await outcomeOfHashing(history, reader, entry)
    if (!outcome) unfinished.add(entry.id)
    return outcome
  }

  async function attend(): Promise<void> {
    const isDue = ({ id }: StoredEntry): boolean => !unfinished.has(id)
    while (!isClosed) {
      isCalled = false
      await through('reading', unreadEntries(history).filter(isDue), (e) => outcomeOfReading(history, reader, e))
      if (isClosed || isCalled) continue
      const unhashed = unhashedEntries(history).filter(isDue)
      if (unhashed.length === 0) return
      await through('hashing', unhashed, hash)
    }
  }

  const background = inBackground(attend, () => tell(null))

  function wake(): void {
    isCalled = true
    if (!isClosed && history.write) background.wake()
  }

  async function refresh(again: boolean): Promise<void> {
    unfinished.clear()
    const entries = entriesOf(history)
    const { put, keep } = ledger()
    const look = async (entry: StoredEntry, done: number): Promise<void> => {
      if (isClosed) return
      if (!background.isAtIt()) tell({ what: 'looking', done, total: entries.length })
      const outcome = await outcomeOfLooking(history, entry, again)
      if (outcome) put(outcome)
    }
    await pMap(entries, look, { concurrency: filesAtOnce })
    keep()
    if (!background.isAtIt()) tell(null)
    wake()
  }

  return {
    wake,
    settled: background.settled,
    refresh,
    work: () => work,
    close: async () => {
      isClosed = true
      await reader.close()
      await background.settled()
    },
  }
}

/** One file after the other, while it goes on; whatever the person did to a row meanwhile holds. */
async function inTurn(
  history: History,
  entries: StoredEntry[],
  { put, keep }: Ledger,
  goesOn: (done: number) => boolean,
  one: (entry: StoredEntry) => Promise<Outcome | null>,
): Promise<void> {
  try {
    for (const [done, entry] of entries.entries()) {
      if (!goesOn(done)) return
      const outcome = await one(entry)
      put(() => {
        if (entryOf(history, entry.id)?.path === entry.path) outcome?.()
      })
      await setImmediate()
    }
  } finally {
    keep()
  }
}
