// Objectives by name, and by what their cards say.
import type { ObjectiveCard } from './card.ts'
import { objectives } from './index.ts'

export type ObjectiveName = (typeof objectives)[number]['name']

export const objectiveNames = (): ObjectiveName[] => objectives.map(({ name }) => name)

/** Undefined where no objective is called so. */
export function objectiveCard(name: string): ObjectiveCard | undefined {
  return objectives.find((card) => card.name === name)
}

/** The names of those of which something is so. */
export function objectivesThat(is: (card: ObjectiveCard) => boolean): string[] {
  return objectives.filter(is).map(({ name }) => name)
}
