// Models of the library with the recipe that they carry, and the run of this history that made each.
import type { RunId, Sha256 } from '../../contract/branded.ts'
import { parseJson } from '../../contract/json.ts'
import type { Recipe } from '../../contract/run/recipe.ts'
import { entriesMade, type MadeEntry } from '../../history/library/made.ts'
import type { History } from '../../history/statement.ts'
import { recipeIn, runOf } from '../library/reopen.ts'

export interface Made extends Omit<MadeEntry, 'metadata'> {
  recipe: Recipe
  run: RunId | null
  parents: { sha256: Sha256; name: string; as: string }[]
}

export function madeModels(history: History): Made[] {
  return entriesMade(history).flatMap(({ metadata, ...entry }) => {
    const recipe = recipeIn(metadataOf(metadata))
    if (!recipe) return []
    const parents = [
      { ...recipe.pretrained, as: 'pretrained' },
      ...recipe.vectors.map((vector) => ({ ...vector, as: 'vector' })),
    ]
    return [{ ...entry, recipe, run: runOf(history, recipe), parents }]
  })
}

function metadataOf(text: string): Record<string, string> {
  const json = parseJson(text)
  return json && typeof json === 'object' ? (json as Record<string, string>) : {}
}
