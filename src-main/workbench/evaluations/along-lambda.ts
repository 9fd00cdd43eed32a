// The models on the way from the pre-trained model to a run's, and beyond: theta_pre + lambda (theta - theta_pre). What
// a start's table is multiplied by, the whole model's difference is, whatever the iterations did to it. Where one
// coefficient for all is searched and not a table (task arithmetic), lambda is that coefficient itself.
import type { EvaluationRequest } from '../../contract/api/evaluations.ts'
import { methodCard } from '../../contract/methods/lookup.ts'
import type { Recipe } from '../../contract/run/recipe.ts'

export function alongLambda(recipe: Recipe, lambdas: readonly number[]): EvaluationRequest['models'] {
  const isOne = recipe.iterations.length === 0 && methodCard(recipe.method)?.learns.tableless === true
  return lambdas.map((lambda) => {
    const start = recipe.start.map((row) => row.map((c) => (isOne ? lambda : lambda * c)))
    return { name: `λ = ${lambda}`, lambda, from: { recipe: { ...recipe, start } } }
  })
}
