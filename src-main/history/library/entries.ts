// The library's table: one row a place where a checkpoint lies. A row keeps its id, tags and notes whatever becomes of
// its file: it goes missing, comes back, changes, or is found again at another place (relink). Only the person takes a
// row away.

import type { Entry } from '../../contract/api/library.ts'
import type { Bytes, Sha256 } from '../../contract/branded.ts'
import type { Description, Role } from '../../contract/checkpoint.ts'
import type { ErrorRecord } from '../../contract/errors.ts'
import { sound } from '../checksums.ts'
import { change, type History, recoverable, row, rows, soundOnly } from '../statement.ts'

/** Where a checkpoint lies, and what the disk alone says of it. */
export interface Place {
  path: string
  target: string // with links followed
  parts: string[] // of an index, its shards' names
  bytes: Bytes
  modified: number // milliseconds since 1970
  quick: string | null
}

type Facts = Omit<Description, 'file' | 'bytes' | 'tensors' | 'metadata'> & { tensors: number }

export interface StoredEntry extends Place {
  id: number
  added: string
  state: Entry['state']
  error: ErrorRecord | null
  sha256: Sha256 | null
  fresh: boolean
  facts: Facts | null
  role: Role | null
  tags: string[]
  notes: string
}

interface LibraryRow {
  id: number
  path: string
  target: string
  parts: string
  bytes: Bytes
  modified: number
  quick: string | null
  added: string
  state: Entry['state']
  error: string | null
  sha256: Sha256 | null
  fresh: number
  facts: string | null
  role: string | null
  tags: string
  notes: string
}

const columns =
  'id, path, target, parts, bytes, modified, quick, added, state, error, sha256, fresh, facts, role, tags, notes'
const mostListed = 100_000 // tensors kept by name

/** In one transaction; the new rows' ids. Paths must not be there yet. */
export function addEntries(history: History, places: Place[], now: Date): number[] {
  const text = `INSERT INTO library (path, target, parts, bytes, modified, quick, added, state, fresh, tags, notes)
    VALUES (:path, :target, :parts, :bytes, :modified, :quick, :added, 'present', 1, '[]', '') RETURNING id`
  const added = now.toISOString()
  return recoverable(history, () =>
    places.map((place) => row<{ id: number }>(history, text, { ...valuesOf(place), added })?.id ?? 0),
  )
}

export function entriesOf(history: History): StoredEntry[] {
  return soundOnly(history, () => found(history, '1'))
}

export function entryOf(history: History, id: number): StoredEntry | undefined {
  return found(history, 'id = :id', { id })[0]
}

/** By the path as named, or by the file behind it. */
export function entryAt(history: History, { path, target }: Pick<Place, 'path' | 'target'>): StoredEntry | undefined {
  return found(history, 'path = :path', { path })[0] ?? found(history, 'target = :target', { target })[0]
}

export function entriesWith(history: History, sha256: Sha256): StoredEntry[] {
  return found(history, 'sha256 = :sha256', { sha256 })
}

/** Rows of one size; how a file that has no hash yet is found. */
export function entriesOfSize(history: History, bytes: Bytes, quick: string): StoredEntry[] {
  return found(history, 'bytes = :bytes AND quick = :quick', { bytes, quick })
}

export function unreadEntries(history: History): StoredEntry[] {
  return soundOnly(history, () => found(history, `facts IS NULL AND state IN ('present', 'changed')`))
}

export function unhashedEntries(history: History): StoredEntry[] {
  return soundOnly(history, () => found(history, `facts IS NOT NULL AND sha256 IS NULL AND state = 'present'`))
}

export function putFacts(history: History, id: number, description: Description): void {
  const { file: _, bytes: __, tensors, metadata, ...facts } = description
  const values = {
    id,
    facts: JSON.stringify({ ...facts, tensors: tensors.length }),
    tensors: JSON.stringify(tensors.slice(0, mostListed)),
    metadata: JSON.stringify(metadata),
  }
  const text = `UPDATE library SET facts = :facts, tensors = :tensors, metadata = :metadata, state = 'present',
   error = NULL WHERE id = :id`
  change(history, text, values)
}

export function putState(history: History, id: number, state: Entry['state'], error: ErrorRecord | null): void {
  change(history, 'UPDATE library SET state = :state, error = :error WHERE id = :id', {
    id,
    state,
    error: error && JSON.stringify(error),
  })
}

/** Another content lies there: nothing that was known of the old one holds, and it is to be read and hashed anew. */
export function putChanged(history: History, id: number, place: Place): void {
  const text = `UPDATE library SET path = :path, target = :target, parts = :parts, bytes = :bytes,
   modified = :modified, quick = :quick,
    state = 'changed', error = NULL, facts = NULL, tensors = NULL, metadata = NULL, sha256 = NULL WHERE id = :id`
  change(history, text, { id, ...valuesOf(place) })
}

/** To be read again, whatever was said before. */
export function putUnread(history: History, id: number): void {
  change(history, `UPDATE library SET state = 'present', error = NULL, facts = NULL WHERE id = :id`, { id })
}

export function putHash(history: History, id: number, sha256: Sha256): void {
  change(history, 'UPDATE library SET sha256 = :sha256, fresh = 0 WHERE id = :id', { id, sha256 })
}

/**
 * `gone` takes the place and content of `found`, whose row goes; what the person said of either is kept. To be called
 * in a transaction.
 */
export function relink(history: History, gone: StoredEntry, at: StoredEntry): void {
  const copy = `UPDATE library SET (parts, target, bytes, modified, quick, sha256, facts, tensors, metadata)
    = (SELECT parts, target, bytes, modified, quick, sha256, facts, tensors, metadata FROM library WHERE id = :from),
    state = 'present', error = NULL, fresh = 0 WHERE id = :id`
  change(history, copy, { id: gone.id, from: at.id })
  forgetEntry(history, at.id)
  change(history, 'UPDATE library SET path = :path WHERE id = :id', { id: gone.id, path: at.path })
  const role = gone.role ?? at.role
  const tags = [...new Set([...gone.tags, ...at.tags])]
  const notes = [gone.notes, at.notes].filter((note) => note !== '').join('\n')
  describeEntry(history, gone.id, { role, tags, notes })
}

export function describeEntry(
  history: History,
  id: number,
  { role, tags, notes }: Pick<StoredEntry, 'role' | 'tags' | 'notes'>,
): void {
  const text = 'UPDATE library SET role = :role, tags = :tags, notes = :notes WHERE id = :id'
  change(history, text, { id, role, tags: JSON.stringify(tags), notes })
}

export function forgetEntry(history: History, id: number): void {
  change(history, 'DELETE FROM library WHERE id = :id', { id })
}

/** All that a row holds, to be put back by bringBack. */
export type TakenEntry = Readonly<Record<string, string | number | null>> & {
  readonly id: number
  readonly path: string
}

/** Forgets it; undefined where there is no such row. */
export function takeEntry(history: History, id: number): TakenEntry | undefined {
  const text = `SELECT ${columns}, tensors, metadata FROM library WHERE id = :id AND ${sound(history, 'library')}`
  const taken = row<TakenEntry>(history, text, { id })
  if (taken) forgetEntry(history, id)
  return taken
}

/** As it was, under its old number; false where another row has its place by now. */
export function bringBack(history: History, taken: TakenEntry): boolean {
  if (entryOf(history, taken.id) || entryAt(history, { path: taken.path, target: String(taken.target) })) return false
  const names = `${columns}, tensors, metadata`
  change(history, `INSERT INTO library (${names}) VALUES (${names.replace(/\w+/g, ':$&')})`, { ...taken })
  return true
}

/** Rows whose file names this content among its parents, as what Basil wrote does. */
export function entriesMadeOf(history: History, sha256: Sha256): StoredEntry[] {
  return soundOnly(history, () => found(history, 'metadata LIKE :like', { like: `%${sha256}%` }))
}

/** The tensors and metadata that a list leaves out. */
export function contentOf(history: History, id: number): Pick<Description, 'tensors' | 'metadata'> {
  const text = `SELECT tensors, metadata FROM library WHERE id = :id AND ${sound(history, 'library', { long: true })}`
  const content = row<{ tensors: string | null; metadata: string | null }>(history, text, { id })
  return {
    tensors: JSON.parse(content?.tensors ?? '[]') as Description['tensors'],
    metadata: JSON.parse(content?.metadata ?? '{}') as Description['metadata'],
  }
}

function found(history: History, where: string, values: Record<string, string | number> = {}): StoredEntry[] {
  const text = `SELECT ${columns} FROM library WHERE ${where} AND ${sound(history, 'library')} ORDER BY id`
  return rows<LibraryRow>(history, text, values).map((r) => ({
    ...r,
    parts: JSON.parse(r.parts) as string[],
    error: r.error === null ? null : (JSON.parse(r.error) as ErrorRecord),
    fresh: r.fresh === 1,
    facts: r.facts === null ? null : (JSON.parse(r.facts) as Facts),
    role: r.role as Role | null,
    tags: JSON.parse(r.tags) as string[],
  }))
}

function valuesOf(place: Place): Omit<Place, 'parts'> & { parts: string } {
  return { ...place, parts: JSON.stringify(place.parts) }
}
