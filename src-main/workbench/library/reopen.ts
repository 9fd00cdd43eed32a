// A recipe that came with a file ("basil.recipe"), from this machine or another: what it says is checked, its parents
// are looked for by their hashes alone (its paths are another disk's), and its run is ours only when all agrees:
// numbers of runs coincide between machines.

import { existsSync } from 'node:fs'
import { join } from 'node:path'

import type { Reopened } from '../../contract/api/library.ts'
import type { RunId, Sha256 } from '../../contract/branded.ts'
import { BasilError } from '../../contract/errors.ts'
import { parseJson } from '../../contract/json.ts'
import { type Recipe, recipeSchema } from '../../contract/run/recipe.ts'
import { statisticsFolder } from '../../files/data-folder.ts'
import { lastSeen } from '../../history/library/checkpoints.ts'
import type { History } from '../../history/statement.ts'
import { recipeOf } from '../export/recipe.ts'
import { presentWith } from './whereabouts.ts'

/** Throws config-invalid. */
export function reopen(history: History, text: string): Reopened {
  const recipe = recipeFrom(text)
  const parents = [
    { role: 'pretrained' as const, ...recipe.pretrained },
    ...recipe.vectors.map((v) => ({ role: 'vector' as const, ...v })),
  ]
  return {
    recipe,
    parents: parents.map(({ role, name, sha256 }) => {
      const entry = presentWith(history, sha256)
      return { role, name, sha256, file: entry?.path ?? seenFile(history, sha256), entry: entry?.id ?? null }
    }),
    run: runOf(history, recipe),
  }
}

/** Where the parents of a recipe are now, the pre-trained model's first, what is known of images last. */
export function parentsHere(history: History, text = '', home: string): string[] {
  const { recipe, parents } = reopen(history, text)
  const statistics = (recipe.statistics ?? []).map(({ name }) => join(statisticsFolder(home), name))
  return [...parents.map(({ file, ...parent }) => file ?? missing(parent)), ...statistics]
}

/** null: there is none, or it is not sound. */
export function recipeIn(metadata: Record<string, string>): Recipe | null {
  try {
    return recipeFrom(metadata['basil.recipe'] ?? '')
  } catch {
    return null
  }
}

/** The run of this history that made it. */
export function runOf(history: History, recipe: Recipe): RunId | null {
  if (recipe.run === null) return null
  try {
    const ours = recipeOf(history, recipe.run, recipe.iteration, recipe.epoch)
    return identityOf(ours) === identityOf(recipe) ? recipe.run : null
  } catch {
    return null // no such run, or it never came that far
  }
}

function identityOf({ pretrained, vectors, start, iterations }: Recipe): string {
  return JSON.stringify([pretrained.sha256, vectors.map((v) => v.sha256), start, iterations])
}

function seenFile(history: History, sha256: Sha256): string | null {
  const file = lastSeen(history, sha256)?.file
  return file !== undefined && existsSync(file) ? file : null
}

function recipeFrom(text: string): Recipe {
  let json: unknown
  try {
    json = parseJson(text)
  } catch (error) {
    throw noRecipe((error as SyntaxError).message)
  }
  const parsed = recipeSchema.safeParse(json)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw noRecipe(`${issue?.path.join('.') || 'recipe'}: ${issue?.message ?? 'it has another form'}`)
}

function missing({ name, sha256 }: { name: string; sha256: Sha256 }): never {
  throw new BasilError({
    code: 'file-missing',
    what: 'A parent of the model is missing',
    where: name,
    why: `no file that is here has its content (SHA-256 ${sha256.slice(0, 12)})`,
    next: 'add it to the library, under whatever name it has',
  })
}

function noRecipe(why: string): BasilError {
  return new BasilError({
    code: 'config-invalid',
    what: 'This file carries no recipe of Basil',
    where: 'basil.recipe',
    why,
    next: 'drop a model that Basil exported, or add the file to the library',
  })
}
