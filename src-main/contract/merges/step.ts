// A step of a recipe: a merge by name and its parameters. What comes in are the task vectors, or what the step before
// gave. A recipe that names a merge nobody knows here, or parameters it does not take, is refused when it is read.
// Parameters and weights may differ from tensor to tensor (valued.ts).
import { z } from 'zod'

import { BasilError } from '../errors.ts'
import type { AskedOfRun, Gives, MergeCard } from './card.ts'
import { merges } from './index.ts'
import { valuesIn, weightSchema } from './valued.ts'

export const stepSchema = z
  .object({
    method: z.string(),
    parameters: z.record(z.string(), z.unknown()),
    weights: z.array(weightSchema).optional(), // one for each vector that comes in; 1 where nobody says
    each: z.array(z.record(z.string(), weightSchema)).optional(), // of each vector, in place of the parameters
  })
  .check(({ value, issues }) => {
    const card = merges.find(({ name }) => name === value.method)
    if (!card)
      issues.push({
        code: 'custom',
        path: ['method'],
        input: value,
        message: `this version of Basil knows no merge called "${value.method}"`,
      })
    for (const { path, message } of card ? issuesOf(card, value.parameters) : [])
      issues.push({ code: 'custom', path: ['parameters', ...path], input: value, message })
    for (const own of card ? (value.each ?? []) : [])
      for (const message of issuesOfOwn(card as MergeCard, value.parameters, own))
        issues.push({ code: 'custom', path: ['each'], input: value, message })
  })
export type Step = z.infer<typeof stepSchema>

/** What a card has against parameters, wherever they may hold. */
export function issuesOf(card: MergeCard, parameters: Readonly<Record<string, unknown>>): z.core.$ZodIssue[] {
  const first = card.parameters.safeParse(typical(parameters)).error?.issues ?? []
  const others = Object.entries(parameters).flatMap(([name, value]) =>
    valuesIn(value)
      .slice(1)
      .flatMap((one) => card.parameters.safeParse({ ...typical(parameters), [name]: one }).error?.issues ?? []),
  )
  return [...first, ...others]
}

/** What a card has against parameters that one of the models has of its own. */
export function issuesOfOwn(
  card: MergeCard,
  parameters: Readonly<Record<string, unknown>>,
  own: Readonly<Record<string, unknown>>,
): string[] {
  const strange = Object.keys(own).find((name) => !card.each?.includes(name))
  if (strange !== undefined) return [`${card.title} has one ${strange} for all models`]
  return issuesOf(card, { ...parameters, ...own }).map(({ path, message }) => `${path.join('.')}: ${message}`)
}

/** One value each: of what differs from tensor to tensor its first. */
export const typical = (parameters: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(parameters).map(([name, value]) => [name, valuesIn(value)[0]]))

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
  return { card, parameters: card.parameters.parse(typical(parameters)) }
}

export function givenBy(step: Step): Gives {
  const { card, parameters } = parametersOf(step)
  return card.gives(parameters)
}

/** Whether a recipe's pre-trained model is one, or only the first of the models that are merged. */
export function needsBase([first]: readonly Step[]): boolean {
  if (!first) return true
  const { card, parameters } = parametersOf(first)
  return isOfDifferences(card, parameters)
}

/** Whether task vectors are merged, not models. */
export function isOfDifferences({ needs }: MergeCard, parameters: Record<string, unknown>): boolean {
  return typeof needs.base === 'function' ? needs.base(parameters) : needs.base
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

/** What a run combines in place of its vectors; none: the vectors themselves. merge: the one that it starts with. */
export function stepsOf(config: AskedOfRun & { readonly merge?: Step | null }): Step[] {
  const asked = merges.flatMap(({ name, ofRun }) => {
    const parameters = ofRun?.(config)
    return parameters ? [{ method: name, parameters }] : []
  })
  return config.merge ? [...asked, config.merge] : asked
}

/** "TIES (density 0.2, output merged)" */
export function stepInWords(step: Step): string {
  const { card, parameters } = parametersOf(step)
  const said = Object.entries({ ...parameters, ...step.parameters }).map(([name, value]) => `${name} ${inWords(value)}`)
  if (step.each) said.push(`of each ${step.each.map(inWords).join(' and ')}`)
  if (step.weights) said.push(`weights ${step.weights.map(inWords).join(' and ')}`)
  return said.length ? `${card.title} (${said.join(', ')})` : card.title
}

const inWords = (value: unknown): string => (typeof value === 'object' ? JSON.stringify(value) : String(value))
