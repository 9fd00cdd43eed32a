// The library's rows as a window sees them: with the role and data set that folders tell, with their twins (rows of the
// same content, as far as hashes are there, else of the same size and ends), and with the number of runs that used
// them.
import type { Entry } from '../../contract/api/library.ts'
import { entriesOf, type StoredEntry } from '../../history/library/entries.ts'
import { runsByContent } from '../../history/library/uses.ts'
import { type History, snapshot } from '../../history/statement.ts'
import { conventionOf, nameOf } from './sets/conventions.ts'

/** All rows, in the order they were added. */
export function viewOf(history: History): Entry[] {
  return snapshot(history, () => {
    const stored = entriesOf(history)
    const runs = runsByContent(history)
    const twins = twinsOf(stored)
    return stored.map((entry) =>
      entryView(entry, twins.get(entry.id) ?? [], entry.sha256 === null ? 0 : (runs.get(entry.sha256) ?? 0)),
    )
  })
}

function entryView(entry: StoredEntry, twins: number[], runs: number): Entry {
  const { facts, target: _, parts: __, modified, quick: ___, fresh: ____, role, ...same } = entry
  const convention = conventionOf(entry.path)
  const told = facts === null || facts.role === 'unknown' ? convention?.role : facts.role
  return {
    ...same,
    name: nameOf(entry.path),
    modified: new Date(modified).toISOString(),
    format: facts?.format ?? null,
    layout: facts?.layout ?? null,
    architecture: facts?.architecture ?? null,
    dtype: facts?.dtype ?? null,
    tensors: facts?.tensors ?? null,
    blocks: facts?.blocks ?? null,
    parameters: facts?.parameters ?? null,
    ...(facts?.towers && { towers: facts.towers }),
    ...(facts?.warnings && { warnings: facts.warnings }),
    role: role ?? told ?? 'unknown',
    roleGiven: role !== null,
    dataset: convention?.dataset || null,
    twins,
    runs,
  }
}

function twinsOf(entries: StoredEntry[]): Map<number, number[]> {
  const alike = Map.groupBy(
    entries.filter(({ quick }) => quick !== null),
    ({ bytes, quick }) => `${bytes} ${quick}`,
  )
  const twins = new Map<number, number[]>()
  for (const group of alike.values())
    for (const { id, sha256 } of group)
      twins.set(
        id,
        group
          .filter((other) => other.id !== id && (sha256 === null || other.sha256 === null || other.sha256 === sha256))
          .map((e) => e.id),
      )
  return twins
}
