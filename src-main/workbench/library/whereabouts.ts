// Where a content lies now. A run names its parents by path and hash; where that path is gone, or holds something else
// by now, the library's present file with the same hash stands in. The engine holds every file against the recorded
// hash in any case.

import { existsSync } from 'node:fs'

import type { Sha256 } from '../../contract/branded.ts'
import type { Recipe } from '../../contract/run/recipe.ts'
import type { Parent } from '../../contract/run/run.ts'
import { entriesWith, entryAt } from '../../history/library/entries.ts'
import type { History } from '../../history/statement.ts'
import { everyText } from '../every-text.ts'

/** A present file of the library with this content; the same one every time. */
export function presentWith(history: History, sha256: Sha256): { id: number; path: string } | null {
  return entriesWith(history, sha256).find(({ state, path }) => state === 'present' && existsSync(path)) ?? null
}

export function recipeHere(history: History, recipe: Recipe): Recipe {
  const here = (parent: Recipe['pretrained']): Recipe['pretrained'] => ({ ...parent, file: whereIs(history, parent) })
  return { ...recipe, pretrained: here(recipe.pretrained), vectors: recipe.vectors.map(here) }
}

/** Turns the configuration and the parents of a run or a fine-tuning into the same with the files where they are now. */
export function filesHere(
  history: History,
  recorded: Parent[],
): { config<T>(c: T): T; parents(p: Parent[]): Parent[] } {
  const moved = new Map(recorded.map((parent) => [parent.file, whereIs(history, parent)]))
  return {
    config: (config) => withPaths(config, moved),
    parents: (parents) => parents.map((parent) => ({ ...parent, file: moved.get(parent.file) ?? parent.file })),
  }
}

function whereIs(history: History, { file, sha256 }: { file: string; sha256: Sha256 }): string {
  const known = entryAt(history, { path: file, target: file })?.sha256 ?? null
  if (existsSync(file) && (known === null || known === sha256)) return file
  return presentWith(history, sha256)?.path ?? file
}

/** Every path, also of "path#name", wherever in the configuration it stands. */
function withPaths<T>(value: T, moved: Map<string, string>): T {
  return everyText(value, (text) => {
    const [, path = '', name = ''] = /^(.*?)(#[^#/\\]*)?$/s.exec(text) ?? []
    return moved.get(text) ?? (moved.has(path) ? `${moved.get(path)}${name}` : text)
  })
}
