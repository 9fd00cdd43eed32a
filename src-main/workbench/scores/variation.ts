// How a candidate differs from the merge that was asked for: other parameters, coefficient, weights, or fewer models.
// And by what it is known again: the hash of its recipe with its parents' content, of its form, and of the command.
import { createHash } from 'node:crypto'

import { type Sha256, sha256 } from '../../contract/branded.ts'
import type { Form } from '../../contract/checkpoint.ts'
import { merges } from '../../contract/merges/index.ts'
import { isOfDifferences, mergeCard } from '../../contract/merges/step.ts'
import type { Weight } from '../../contract/merges/valued.ts'
import type { Recipe } from '../../contract/run/recipe.ts'
import { at } from '../../numbers/vectors.ts'
import { type AskedMerge, mergeRecipe } from '../export/merge.ts'

export interface Variation {
  label: Readonly<Record<string, number | string>> // in words, by what differs
  parameters?: Readonly<Record<string, unknown>>
  coefficient?: number
  weights?: readonly Weight[]
  members?: readonly number[] // of the models
}

/** A pre-trained model that the method does not need is only compared with. Throws what mergeRecipe throws. */
export function recipeFor(asked: AskedMerge, { parameters, coefficient, weights, members }: Variation): Recipe {
  const all = { ...asked.parameters, ...parameters }
  const card = mergeCard(asked.method)
  const found = card.parameters.safeParse(all)
  const isNeeded = !found.success || isOfDifferences(card, found.data)
  const pick = <T>(list: readonly T[]): T[] => list.filter((_, t) => members === undefined || members.includes(t))
  const own = weights ?? asked.weights
  const { coefficients } = asked
  return mergeRecipe({
    ...asked,
    parameters: all,
    pretrained: isNeeded ? asked.pretrained : null,
    vectors: pick(asked.vectors),
    coefficients:
      coefficient ??
      (coefficients === undefined || typeof coefficients === 'number' ? coefficients : pick(coefficients)),
    weights: own && pick(own),
  })
}

/** A model as it is, in the form of the candidates: null is the pre-trained one. Nothing of it is left out or added. */
export function recipeOfOne({ pretrained, vectors, missing }: AskedMerge, model: number | null): Recipe {
  const [plain] = merges // by which every model is put together
  const vector = model === null && pretrained ? pretrained : at(vectors, model ?? 0)
  return mergeRecipe({
    method: plain?.name ?? '',
    parameters: {},
    pretrained: pretrained ?? vector,
    vectors: [vector],
    coefficients: pretrained && model !== null ? 1 : 0,
    missing,
  })
}

/** Files are known by their content: where they lie, and what the recipe is called, does not count. */
export function hashOf({ name: _, ...recipe }: Recipe, form: Form, command: string): Sha256 {
  const placeless = ({ name, sha256: content }: Recipe['pretrained']): object => ({ name, content })
  const told = {
    ...recipe,
    pretrained: placeless(recipe.pretrained),
    vectors: recipe.vectors.map(placeless),
    form,
    command,
  }
  return sha256(createHash('sha256').update(JSON.stringify(told)).digest('hex'))
}
