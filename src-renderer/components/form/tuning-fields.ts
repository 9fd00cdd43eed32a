// The fields of a kind of fine-tuning, read from the schema of its configuration, so that a kind or a field that is
// added there appears here by itself: what most people set, what only this kind has, and all the rest.
import { z } from 'zod'

import { cardOf, tuningJsonSchema } from '../../../src-main/contract/tuning/config.ts'
import type { TuningKind } from '../../../src-main/contract/tuning/kinds/index.ts'
import { type Field, fieldsIn, textOf } from './form-fields.ts'

/** Several of a few words, as the matrices that get an adapter. */
export interface ListField {
  name: string
  title: string
  description: string
  choices: string[]
  fallback: string[]
}

export interface TuningFields {
  essential: Field[]
  own: Field[] // of this kind alone
  lists: ListField[] // the same
  rest: { title: string; fields: Field[] }[]
}

const branches = z.object({ oneOf: z.array(z.looseObject({ properties: z.record(z.string(), z.unknown()) })) })
const list = z.object({
  type: z.literal('array'),
  title: z.string(),
  description: z.string().default(''),
  default: z.array(z.string()),
  items: z.object({ enum: z.array(z.string()) }),
})
const isOf = (kind: TuningKind, { properties }: { properties: Record<string, unknown> }): boolean =>
  z.object({ const: z.literal(kind) }).safeParse(properties['kind']).success

const essential = ['epochs', 'steps', 'batch', 'learningRate', 'seed']
const groups: Record<string, readonly string[]> = {
  Optimiser: ['weightDecay', 'warmup', 'clipNorm', 'labelSmoothing', 'frozenLayers', 'layerDecay'],
  Images: ['augment', 'onUnreadable'],
  'What is kept': ['name', 'keep', 'patience', 'checkpointEvery'],
  Engine: ['microBatch', 'products', 'activation', 'attentionHeads', 'layerNormEps'],
}
const elsewhere = ['pretrained'] // it has a place of its own

export function tuningFields(kind: TuningKind): TuningFields {
  const schema = branches.parse(tuningJsonSchema()).oneOf.find((one) => isOf(kind, one))
  if (!schema) throw new Error(`There is no schema of the kind "${kind}".`)
  const card = cardOf(kind)
  const usual: Record<string, number | undefined> = {
    learningRate: card.learningRate ?? 1e-5,
    weightDecay: card.weightDecay ?? 0.1,
  }
  const all = fieldsIn(schema).map((field) => ({
    ...field,
    fallback: usual[field.name] === undefined ? field.fallback : textOf(usual[field.name]),
  }))
  const ownNames = Object.keys(card.fields)
  const named = (names: readonly string[]) => names.flatMap((name) => all.find((field) => field.name === name) ?? [])
  const placed = new Set([...essential, ...elsewhere, ...ownNames, ...Object.values(groups).flat()])
  const others = all.filter(({ name }) => !placed.has(name))
  return {
    essential: named(essential),
    own: named(ownNames),
    lists: ownNames.flatMap((name) => {
      const found = list.safeParse(schema.properties[name])
      if (!found.success) return []
      const { title, description, default: fallback, items } = found.data
      return [{ name, title, description, choices: items.enum, fallback }]
    }),
    rest: [
      ...Object.entries(groups).map(([title, names]) => ({ title, fields: named(names) })),
      { title: 'Advanced', fields: others },
    ].filter(({ fields }) => fields.length > 0),
  }
}
