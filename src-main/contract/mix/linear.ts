// Merges that are linear in their vectors, as task arithmetic of the same models: each model has a coefficient of its
// own, which a hand can move. A weighted average of differences, and WiSE-FT, are
//   theta = theta_pre + sum_t c_t tau_t,  c_t = lambda alpha w_t / sum_s w_s   (alpha 1, or the sum 1 where it is off).
// Of any other merge what its steps give is multiplied by its coefficients, and those can be moved.

import type { MergeCard } from '../merges/card.ts'
import { merges } from '../merges/index.ts'
import { mergeCard, type Step } from '../merges/step.ts'
import { differs } from '../merges/valued.ts'
import type { Recipe } from '../run/recipe.ts'

const cards: readonly MergeCard[] = merges
const plain = cards.find((card) => card.plain)
export const asTheyAre: Step = { method: plain?.name ?? '', parameters: {} }

/** The same model where a merge is linear; else the recipe itself. */
export function linearForm(recipe: Recipe): Recipe {
  const [step, ...others] = recipe.steps
  const lambda = recipe.start[0]?.[0]
  if (!step || others.length > 0 || recipe.grouping !== 'scalar' || lambda === undefined) return recipe
  const shares = sharesOf(step, recipe.vectors.length)
  if (!shares) return recipe
  return { ...recipe, method: asTheyAre.method, steps: [asTheyAre], start: shares.map((share) => [lambda * share]) }
}

/** How much of each vector a step gives; null where it is not linear, or differs from tensor to tensor. */
function sharesOf({ method, parameters, weights, each }: Step, vectors: number): number[] | null {
  const numbers = (weights ?? Array.from({ length: vectors }, () => 1)).filter((weight) => typeof weight === 'number')
  if (each || numbers.length !== vectors || differs(Object.values(parameters))) return null
  const card = mergeCard(method)
  return card.shares?.(card.parameters.parse(parameters), numbers) ?? null
}
