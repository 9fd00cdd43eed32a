// A row of the data sets as a list shows it, and which of its splits a leak report holds against each other.
import { basename } from 'node:path'

import type { DataFacts, DataSet } from '../../contract/api/data.ts'
import type { StoredData } from '../../history/data-sets.ts'

interface Counted {
  name: string
  count: number
}

const counts = (splits: readonly Counted[] = []): Counted[] => splits.map(({ name, count }) => ({ name, count }))

export function viewOf({ id, path, added, state, error, facts, prepared, leaks }: StoredData): DataSet {
  return {
    id,
    path,
    added,
    state,
    error,
    name: facts?.known ?? basename(path),
    known: (facts?.known ?? null) !== null,
    source: facts?.source ?? null,
    splits: counts(facts?.splits),
    field: counts(facts?.field),
    classes:
      facts?.classes?.length ?? (facts ? Math.max(0, ...facts.splits.map(({ perClass }) => perClass.length)) : null),
    bytes: facts?.bytes ?? null,
    leaked: leaks?.pairs.reduce((sum, { exact, alike }) => sum + exact + alike, 0) ?? null,
    leftOut:
      facts?.splits.flatMap(({ name: split, leftOut = [] }) => leftOut.map((left) => ({ ...left, split }))) ?? [],
    unreadable: prepared.length > 0 ? prepared.reduce((sum, { skippedCount }) => sum + skippedCount, 0) : null,
  }
}

/**
 * Those a run would learn, select and test on: the field's, where it draws its own; else the disk's, which then has one
 * for each.
 */
export function leakSplits(facts: DataFacts | null): Counted[] {
  if (!facts) return []
  const hasOwn = facts.known === null && facts.splits.some(({ name }) => /^val/.test(name))
  const field = facts.field.some(({ name }) => name === 'field-train') && facts.field.length > 1
  return counts(field && !hasOwn ? facts.field : facts.splits).filter(({ count }) => count > 0)
}
