// What is found out of one file of the library, and what of it is to be kept: it was read, it was hashed, it is no
// longer what it was. A file that cannot be read is a marked row with its reason. A new file with the content of one
// that is gone is that one, moved.
import { recordOf } from '../../contract/errors.ts'
import {
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
} from '../../history/library/entries.ts'
import { type History, transaction } from '../../history/statement.ts'
import type { Reader } from '../reading/reader.ts'
import { isAsBefore, measure } from './file-identity.ts'
import type { Outcome } from './ledger.ts'

/** Throws what is not the file's fault: the process does not start, or Basil is being closed. */
export async function outcomeOfReading(history: History, reader: Reader, entry: StoredEntry): Promise<Outcome> {
  try {
    const description = await reader.look(entry.path)
    return () => putFacts(history, entry.id, description)
  } catch (error) {
    return refused(history, entry, error)
  }
}

/** null: it is still being written. Throws what outcomeOfReading throws. */
export async function outcomeOfHashing(history: History, reader: Reader, entry: StoredEntry): Promise<Outcome | null> {
  try {
    const sha256 = await reader.hash(entry.path, entry.bytes)
    if (!(await isAsBefore(entry))) return null
    const gone = entry.fresh ? await goneAmong(entriesWith(history, sha256)) : undefined
    return () => {
      putHash(history, entry.id, sha256)
      if (gone) relinkIfThere(history, gone, entry.id)
    }
  } catch (error) {
    return refused(history, entry, error)
  }
}

/**
 * What a look at the disk says of a row; null: nothing new. again: what could not be read is tried once more. Throws
 * what outcomeOfReading throws.
 */
export async function outcomeOfLooking(history: History, entry: StoredEntry, again: boolean): Promise<Outcome | null> {
  const { id, path, state } = entry
  try {
    if (!(await isAsBefore(entry))) {
      const place = await measure(path)
      return () => putChanged(history, id, place)
    }
    if (state === 'missing') return () => putState(history, id, 'present', null)
    return state === 'unreadable' && again ? () => putUnread(history, id) : null
  } catch (error) {
    return refused(history, entry, error)
  }
}

/** A row without a hash that was just added may be one that went missing: by size, ends and time. */
export function relinkUnhashed(history: History, ids: number[]): void {
  for (const id of ids) {
    const found = entryOf(history, id)
    if (!found?.quick) continue
    const same = entriesOfSize(history, found.bytes, found.quick)
    const gone = same.find(
      (e) => e.id !== id && e.state === 'missing' && e.sha256 === null && e.modified === found.modified,
    )
    if (gone) transaction(history, () => relink(history, gone, found))
  }
}

function refused(history: History, { id }: StoredEntry, thrown: unknown): Outcome {
  const error = recordOf(thrown)
  if (error.code === 'engine-lost' || error.code === 'cancelled') throw thrown
  return () => putState(history, id, error.code === 'file-missing' ? 'missing' : 'unreadable', error)
}

function relinkIfThere(history: History, gone: StoredEntry, id: number): void {
  const [before, found] = [entryOf(history, gone.id), entryOf(history, id)]
  if (before && found && before.id !== found.id) relink(history, before, found)
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
