// The library's rows as a person wants to see them: found by words, narrowed by role, state and tag, in an order. Pure.
import type { Entry } from '../../../src-main/contract/api/library.ts'
import type { Role } from '../../../src-main/contract/checkpoint.ts'

export interface Wanted {
  search: string // words, each of which must stand somewhere in the row
  role: Role | ''
  state: Entry['state'] | 'twins' | ''
  tag: string
}

/** Columns that can be sorted by; what a row has no value for comes last either way. */
const keys = {
  name: (e: Entry) => e.name.toLowerCase(),
  folder: (e: Entry) => e.path,
  role: (e: Entry) => e.role,
  architecture: (e: Entry) => e.architecture?.name ?? null,
  tensors: (e: Entry) => e.tensors,
  dtype: (e: Entry) => e.dtype,
  bytes: (e: Entry) => e.bytes,
  state: (e: Entry) => e.state,
  runs: (e: Entry) => e.runs,
  added: (e: Entry) => e.added,
} as const
export type SortKey = keyof typeof keys
export interface Order {
  key: SortKey
  down: boolean
}

/** A new list; rows that are equal in the key stand by name, then by path. */
export function arrange(entries: readonly Entry[], wanted: Wanted, { key, down }: Order): Entry[] {
  const words = wanted.search.toLowerCase().split(/\s+/).filter(Boolean)
  const value = keys[key]
  const sign = down ? -1 : 1
  return entries
    .filter((e) => fits(e, wanted, words))
    .sort(
      (a, b) => compare(value(a), value(b), sign) || natural.compare(a.name, b.name) || natural.compare(a.path, b.path),
    )
}

function fits(entry: Entry, { role, state, tag }: Wanted, words: readonly string[]): boolean {
  if (role !== '' && entry.role !== role) return false
  if (state === 'twins' ? entry.twins.length === 0 : state !== '' && entry.state !== state) return false
  if (tag !== '' && !entry.tags.includes(tag)) return false
  if (words.length === 0) return true
  const text = [
    entry.path,
    entry.name,
    entry.role,
    entry.architecture?.name,
    entry.dataset,
    entry.sha256,
    entry.dtype,
    ...entry.tags,
  ]
    .join('\n')
    .toLowerCase()
  return words.every((word) => text.includes(word))
}

const natural = new Intl.Collator('en', { numeric: true })

function compare(a: string | number | null, b: string | number | null, sign: number): number {
  if (a === null || b === null) return Number(a === null) - Number(b === null)
  return sign * (typeof a === 'number' && typeof b === 'number' ? a - b : natural.compare(String(a), String(b)))
}
