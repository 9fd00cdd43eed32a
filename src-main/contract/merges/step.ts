// A step of a recipe: a merge by name and its parameters. What comes in are the task vectors, or what the step before
// gave. A recipe that names a merge nobody knows here, or parameters it does not take, is refused when it is read.
import { z } from 'zod'

import { BasilError } from '../errors.ts'
import type { AskedOfRun, Gives, MergeCard } from './card.ts'
import { merges } from './index.ts'

export const stepSchema = z
  .object({ method: z.string(), parameters: z.record(z.string(), z.unknown()) })
  .check(({ value, issues }) => {
    const card = merges.find(({ name }) => name === value.method)
    if (!card)
      issues.push({
        code: 'custom',
        path: ['method'],
        input: value,
        message: `this version of Basil knows no merge called "${value.method}"`,
      })
    for (const { path, message } of card?.parameters.safeParse(value.parameters).error?.issues ?? [])
      issues.push({ code: 'custom', path: ['parameters', ...path], input: value, message })
  })
export type Step = z.infer<typeof stepSchema>

/** Throws config-invalid. */
export function mergeCard(name: string): MergeCard {
  const card = merges.find((merge) => merge.name === name)
  if (card) return card
  throw new BasilError({
    code: 'config-invalid',
    what: 'There is no such merge',
    where: name,
    why: `there are ${merges.map((merge) => merge.name).join(', ')}`,
    next: 'choose one of these, or use the version of Basil that has it',
  })
}

/** Defaults filled in. */
function parametersOf({ method, parameters }: Step): { card: MergeCard; parameters: Record<string, unknown> } {
  const card = mergeCard(method)
  return { card, parameters: card.parameters.parse(parameters) }
}

export function givenBy(step: Step): Gives {
  const { card, parameters } = parametersOf(step)
  return card.gives(parameters)
}

/** Whether a recipe's pre-trained model is one, or only the first of the models that are merged. */
export function needsBase([first]: readonly Step[]): boolean {
  return first ? mergeCard(first.method).needs.base : true
}

/** What is combined after the steps, in the order of a start's rows. */
export function namesAfter(vectors: readonly string[], steps: readonly Step[]): string[] {
  return steps.reduce(
    (names: string[], step) => {
      const { card, parameters } = parametersOf(step)
      if (card.names) return card.names(names, parameters)
      return card.gives(parameters) === 'each' ? names : [`${card.title} of ${names.length}`]
    },
    [...vectors],
  )
}

/** What a run combines in place of its vectors; none: the vectors themselves. */
export function stepsOf(config: AskedOfRun): Step[] {
  return merges.flatMap(({ name, ofRun }) => {
    const parameters = ofRun?.(config)
    return parameters ? [{ method: name, parameters }] : []
  })
}

/** "TIES (density 0.2, output merged)" */
export function stepInWords(step: Step): string {
  const { card, parameters } = parametersOf(step)
  const said = Object.entries(parameters).map(([name, value]) => `${name} ${value}`)
  return said.length ? `${card.title} (${said.join(', ')})` : card.title
}
