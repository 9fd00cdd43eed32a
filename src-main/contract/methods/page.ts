// The page of a method or an objective, made of its card: what the window shows beside the form and "basil methods"
// prints. Fields have the words and bounds of the configuration's schema, and the values of the method.
import { z } from 'zod'

import type { ObjectiveCard } from '../objectives/card.ts'
import { objectiveCard } from '../objectives/lookup.ts'
import { citation } from '../paper.ts'
import { listed } from '../run/in-words.ts'
import { configJsonSchema, methodDefaults } from '../run/resolve.ts'
import type { MethodCard, Reading, StageKind } from './card.ts'
import { methodCard } from './lookup.ts'

export interface CardPage {
  kind: 'method' | 'objective'
  name: string
  title: string
  sentence: string
  when: string
  costs: string
  equation: string
  paper: string | null
  needs: string
  least: string // the same in a few words
  fields: FieldLine[]
}

export interface FieldLine {
  name: string
  title: string
  symbol: string | null // the paper's
  value: unknown // where it is left empty; undefined: nothing
  bounds: string
  description: string
}

/** Null where no method is called so. */
export function methodPage(name: string): CardPage | null {
  const card = methodCard(name)
  if (!card) return null
  const values = methodDefaults(name)
  const readings: [string, Reading<unknown>][] = Object.entries(card.reads)
  return {
    ...said(card),
    kind: 'method',
    least: `${Math.max(1, card.needs.vectors.least)}+ models${card.needs.labels ? ', labels' : ''}`,
    needs: `${listed(card.stages.map((stage) => roles[stage]))}. It needs ${needsOf(card)}.`,
    fields: readings.map(([field, reading]) => lineOf(field, reading, values[field])),
  }
}

/** Null where no objective is called so. */
export function objectivePage(name: string): CardPage | null {
  const card = objectiveCard(name)
  if (!card) return null
  const needs = card.unlabelled ? 'It needs no labels' : 'It needs labels'
  return {
    ...said(card),
    kind: 'objective',
    least: card.unlabelled ? 'no labels' : 'labels',
    needs: `${needs}${card.adapts ? ', and batches of a number of images to choose among' : ''}.`,
    fields: (card.reads ?? []).map((field) => lineOf(field, {}, undefined)),
  }
}

function said({ name, title, sentence, when, costs, equation, paper }: MethodCard | ObjectiveCard) {
  return { name, title, sentence, when, costs, equation, paper: paper && citation(paper) }
}

const roles: Record<StageKind, string> = {
  run: 'the method of a run',
  start: 'the start of one',
  iteration: 'its iterations, after a start',
}

const models = (n: number): string => (n === 1 ? 'one fine-tuned model' : `${n} fine-tuned models`)

function needsOf({ needs, reads }: MethodCard): string {
  const { least, most } = needs.vectors
  return listed([
    'the pre-trained model',
    ...(reads.checkpoint ? ['the model to start from'] : []),
    ...(least > 0 ? [least === most ? models(least) : `at least ${models(least)}`] : []),
    ...(most !== undefined && most !== least ? [`at most ${models(most)}`] : []),
    `images of each task${needs.labels ? ' with labels' : ''}`,
  ])
}

const limits = z.object({
  type: z.string().optional(),
  enum: z.array(z.string()).optional(),
  minimum: z.number().optional(),
  exclusiveMinimum: z.number().optional(),
  maximum: z.number().optional(),
})
const property = limits.extend({
  title: z.string().optional(), // what only a file says has none
  description: z.string().default(''),
  default: z.unknown().optional(),
  anyOf: z.array(limits).optional(),
})
const named = z.object({ properties: z.record(z.string(), z.unknown()) })

function lineOf(field: string, { symbol, least, most }: Reading<unknown>, own: unknown): FieldLine {
  const { properties } = named.parse(configJsonSchema())
  const found = property.parse(properties[field] ?? named.parse(properties['start']).properties[field])
  const bounds = [found, ...(found.anyOf ?? [])].map((one) => boundsOf(one, least, most)).filter(Boolean)
  return {
    name: field,
    title: found.title ?? field,
    symbol: symbol ?? null,
    value: own === undefined ? found.default : own,
    bounds: bounds.join(', '),
    description: found.description,
  }
}

/** least, most: the method's own, which are narrower. */
function boundsOf(of: z.infer<typeof limits>, least: number | undefined, most: number | undefined): string {
  if (of.enum) return of.enum.join(', ')
  const from = least ?? of.minimum
  const to = most ?? of.maximum
  if (to === undefined) return ''
  return from === undefined ? `above ${of.exclusiveMinimum}, at most ${to}` : `${from} to ${to}`
}
