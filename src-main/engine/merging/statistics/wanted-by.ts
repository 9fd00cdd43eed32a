// What a step of a recipe wants to know of images. Where its parameters differ from tensor to tensor, what says which
// images are the first of each.
import type { Step } from '../../../contract/merges/step.ts'
import { valuesIn } from '../../../contract/merges/valued.ts'
import type { Merge } from '../merge.ts'
import type { Wanted } from './wanted.ts'

export function wantedBy(merges: readonly Merge[], { method, parameters }: Step): Wanted | null {
  const one = Object.entries(parameters).map(([name, value]) => [name, valuesIn(value)[0]])
  return merges.find(({ card }) => card.name === method)?.wanted(Object.fromEntries(one)) ?? null
}
