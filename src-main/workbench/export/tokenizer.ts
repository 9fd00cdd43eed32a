// Whose tokens a merged model has, as a person says it, and as a recipe does: a model by its place among those that are
// merged.
import { BasilError } from '../../contract/errors.ts'
import type { Recipe } from '../../contract/run/recipe.ts'

/** base: the pre-trained model's, or the first's; union: those of all; path: a model's, by its file. */
export type TokenizerSource = 'base' | 'union' | { path: string }

/** parents: [pretrained, ...vectors]. Throws config-invalid where the model is none of them. */
export function tokenizerFor(
  source: TokenizerSource,
  parents: readonly Recipe['pretrained'][],
  hasBase: boolean,
): NonNullable<Recipe['tokenizer']> {
  const base = hasBase ? 0 : null
  if (typeof source === 'string') return { source, base }
  const place = parents.findIndex(({ file }) => file === source.path)
  if (place >= 0) return { source: place, base }
  throw new BasilError({
    code: 'config-invalid',
    what: 'The tokenizer is of a model that is not merged',
    where: source.path,
    why: `the models are ${parents.map(({ name }) => name).join(', ')}`,
    next: 'name one of them, base or union',
  })
}
