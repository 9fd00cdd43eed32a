// A mix as a model to be written: a recipe that names what each vector is multiplied by in each block, and what its
// card says of how it came about. Iterations of DV-BASI are collapsed into their vectors, to the same numbers.
import type { WantedMix } from '../../contract/api/mix.ts'
import { asTheyAre } from '../../contract/mix/linear.ts'
import { collapse } from '../../contract/run/coefficients.ts'
import type { Recipe } from '../../contract/run/recipe.ts'
import { type Chosen, measuredByHand } from '../export/merge.ts'
import type { MixOf } from './request.ts'

/** Its coefficients as they were moved, in words what was measured of them. */
export interface Moved extends Pick<Recipe, 'grouping' | 'groups'> {
  coefficients: Pick<Recipe, 'start' | 'iterations'>
  measured: string
}

/** Of its file. */
export const stemOf = (wanted: WantedMix): string =>
  'run' in wanted ? `mix-of-run-${wanted.run}` : `mix-of-${wanted.merge.vectors.length}`

export function handMade({ request, known }: MixOf, moved: Moved): { recipe: Recipe; chosen: Chosen } {
  const { split, tasks } = known
  const images = split === 'validation' ? 'validation images' : 'learning images'
  return {
    recipe: recipeOf(request.recipe, moved, `Mix by hand: ${known.name}`.slice(0, 200)),
    chosen: {
      data: `Labelled ${images} of ${tasks.map(({ name }) => name).join(', ')}: accuracy on them was shown while coefficients were moved.`,
      accuracy: measuredByHand(moved.measured, images),
      selection: `The coefficients were set by hand with accuracy on ${images} in view. Nothing here was measured on test data.`,
    },
  }
}

/** Random directions are drawn by the recipe of their run, and stay as they are told there. */
function recipeOf(recipe: Recipe, { grouping, groups, coefficients }: Moved, name: string): Recipe {
  const { control, seed, ...rest } = recipe
  const steps = recipe.steps.length > 0 ? recipe.steps : [asTheyAre]
  const common = { ...rest, ...{ name, steps, grouping, groups }, run: null, iteration: 0, epoch: null }
  const method = steps.at(-1)?.method ?? asTheyAre.method
  if (control === 'random') return { ...common, ...coefficients, method, control, ...(seed !== undefined && { seed }) }
  const start = collapse(coefficients.start, coefficients.iterations, control).map((row) => [...row])
  return { ...common, method, start, iterations: [] }
}
