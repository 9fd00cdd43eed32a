// The library's rows as they are asked for and changed, one at a time: what a page shows of a checkpoint, what the
// person says of it, and that it is forgotten. None of it touches a file.

import type { Described, Entry, Shown, Tagging } from '../../contract/api/library.ts'
import { bytes, type Sha256 } from '../../contract/branded.ts'
import { BasilError } from '../../contract/errors.ts'
import { effectiveCoefficients, spanOf } from '../../contract/run/coefficients.ts'
import type { Recipe } from '../../contract/run/recipe.ts'
import {
  contentOf,
  describeEntry,
  entriesMadeOf,
  entriesOfSize,
  entryOf,
  type StoredEntry,
  type TakenEntry,
  takeEntry,
} from '../../history/library/entries.ts'
import { usesOf } from '../../history/library/uses.ts'
import { type History, transaction } from '../../history/statement.ts'
import { recipeIn, runOf } from './reopen.ts'
import { nameOf } from './sets/conventions.ts'
import { viewOf } from './view.ts'
import { presentWith } from './whereabouts.ts'

/** Throws file-missing. */
export function storedRow(history: History, id: number): StoredEntry {
  return entryOf(history, id) ?? missing(id)
}

export function showRow(history: History, id: number): Omit<Shown, 'measured'> {
  const entry = viewedRow(history, id)
  const { tensors, metadata } = contentOf(history, id)
  return { ...entry, list: tensors, metadata, lineage: lineageOf(history, entry, metadata) }
}

/** What is not said stays as it was. */
export function describeRow(history: History, { id, role, tags, notes }: Described): Entry {
  const before = storedRow(history, id)
  describeEntry(history, id, {
    role: role === undefined ? before.role : role,
    tags: [...new Set(tags ?? before.tags)],
    notes: notes ?? before.notes,
  })
  return viewedRow(history, id)
}

/** Those that went, as bringBack takes them. */
export function forgetRows(history: History, ids: readonly number[]): TakenEntry[] {
  return transaction(history, () => [...new Set(ids)].flatMap((id) => takeEntry(history, id) ?? []))
}

/** Words for many rows at once; gives the rows that have other words now. */
export function tagRows(history: History, { ids, add, remove }: Tagging): number[] {
  return transaction(history, () =>
    [...new Set(ids)].filter((id) => {
      const entry = entryOf(history, id)
      if (!entry) return false
      const tags = [...new Set([...entry.tags, ...add])].filter((tag) => !remove.includes(tag))
      if (tags.join('\n') === entry.tags.join('\n')) return false
      describeEntry(history, id, { ...entry, tags })
      return true
    }),
  )
}

/** The row of a file that a page holds, as it tells of it; modified in whole milliseconds. */
export function rowOfFile(
  history: History,
  { bytes: size, modified, quick }: { bytes: number; modified: number; quick: string },
): number | null {
  const alike = entriesOfSize(history, bytes(size), quick)
  return alike.find((entry) => Math.trunc(entry.modified) === Math.trunc(modified))?.id ?? null
}

function viewedRow(history: History, id: number): Entry {
  return viewOf(history).find((entry) => entry.id === id) ?? missing(id)
}

/** Where a checkpoint comes from, as far as it says so itself, and what came of it. */
function lineageOf(history: History, { sha256 }: Entry, metadata: Record<string, string>): Shown['lineage'] {
  const recipe = recipeIn(metadata)
  const parents = recipe
    ? [{ role: 'pretrained', ...recipe.pretrained }, ...recipe.vectors.map((vector) => ({ role: 'vector', ...vector }))]
    : []
  return {
    made: recipe && {
      run: runOf(history, recipe),
      name: recipe.name,
      method: recipe.method,
      iteration: recipe.iteration,
      steps: recipe.steps,
      coefficients: coefficientsOf(recipe),
    },
    parents: parents.map((parent) => ({
      role: parent.role,
      name: parent.name,
      sha256: parent.sha256,
      id: presentWith(history, parent.sha256)?.id ?? null,
    })),
    usedBy: sha256 === null ? [] : usesOf(history, sha256),
    partOf: sha256 === null ? [] : partsOf(history, sha256),
  }
}

/** Files of the library that Basil made of this content. */
function partsOf(history: History, sha256: Sha256): Shown['lineage']['partOf'] {
  return entriesMadeOf(history, sha256).flatMap((entry) => {
    const recipe = recipeIn(contentOf(history, entry.id).metadata)
    const of = recipe && [recipe.pretrained, ...recipe.vectors].find((parent) => parent.sha256 === sha256)
    if (!recipe || !of) return []
    const role = of === recipe.pretrained ? 'pretrained' : 'vector'
    return [{ id: entry.id, name: nameOf(entry.path), role, run: runOf(history, recipe), method: recipe.method }]
  })
}

/** As far as they are sound: the file is a stranger's. */
function coefficientsOf(recipe: Recipe): { name: string; smallest: number; largest: number }[] {
  try {
    const spans = effectiveCoefficients(recipe).map(({ name, values }) => ({ name, ...spanOf(values) }))
    return spans
      .filter(({ smallest, largest }) => Number.isFinite(smallest) && Number.isFinite(largest))
      .map(({ name, smallest, largest }) => ({ name, smallest, largest }))
  } catch {
    return []
  }
}

function missing(id: number): never {
  throw new BasilError({
    code: 'file-missing',
    what: 'The library has no such row',
    where: `row ${id}`,
    why: 'it was forgotten, or taken together with the row of the same file',
    next: 'reload the list, or add the file again',
  })
}
