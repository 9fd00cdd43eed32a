// What each field of a run's configuration is, as the window shows it beside the field and in the help: made of the
// schema, and of the cards of the methods and objectives that read it. A field is named by its place: "seed",
// "start.epochs", "tasks.aim".
import { z } from 'zod'

import { methods } from '../methods/index.ts'
import type { ObjectiveCard } from '../objectives/card.ts'
import { objectives } from '../objectives/index.ts'
import { listed } from './in-words.ts'
import { configJsonSchema } from './resolve.ts'

export interface FieldHelp {
  readonly name: string
  readonly title: string
  readonly sentences: readonly string[]
  readonly choices: readonly { readonly name: string; readonly says: string }[]
}

const limits = z.object({
  type: z.string().optional(),
  const: z.string().optional(),
  minimum: z.number().optional(),
  exclusiveMinimum: z.number().optional(),
  maximum: z.number().optional(),
})
const property = limits.extend({
  title: z.string().optional(),
  description: z.string().default(''),
  default: z.unknown().optional(),
  enum: z.array(z.string()).default([]),
  enumDescriptions: z.array(z.string()).default([]),
  anyOf: z.array(limits).default([]),
  get properties() {
    return z.record(z.string(), property).optional()
  },
  get items() {
    return property.optional()
  },
})
type Property = z.infer<typeof property>

let known: ReadonlyMap<string, FieldHelp> | undefined

/** Of every field of the schema, in its order. */
export function allFieldHelp(): readonly FieldHelp[] {
  known ??= new Map(helpIn(property.parse(configJsonSchema()), '').map((help) => [help.name, help]))
  return [...known.values()]
}

/** Null where no field is called so. */
export function fieldHelp(name: string): FieldHelp | null {
  return allFieldHelp().find((help) => help.name === name) ?? null
}

function helpIn({ properties = {} }: Property, before: string): FieldHelp[] {
  return Object.entries(properties)
    .filter(([key]) => key !== '$schema')
    .flatMap(([key, found]) => {
      const name = `${before}${key}`
      const inside = found.properties ? found : found.items?.properties ? found.items : null
      return [helpOf(name, key, found), ...(inside ? helpIn(inside, `${name}.`) : [])]
    })
}

function helpOf(name: string, key: string, found: Property): FieldHelp {
  const readers = readersOf(key)
  const values = valuesOf(found)
  const sentences = [
    found.description,
    ...(values ? [`it is ${values}`] : []),
    ...(found.default === undefined || typeof found.default === 'object' ? [] : [`left empty it is ${found.default}`]),
    ...(readers.length > 0 && !name.startsWith('tasks.') ? [`it is read by ${listed(readers)}`] : []),
  ]
  return { name, title: found.title ?? key, sentences: sentences.filter(Boolean), choices: choicesOf(found) }
}

function readersOf(key: string): string[] {
  return [
    ...methods.filter(({ reads }) => Object.keys(reads).includes(key)),
    ...objectives.filter(({ reads = [] }: ObjectiveCard) => reads.includes(key)),
  ].map(({ title }) => title)
}

/** "above 0 and at most 10", "1 to 64, or all"; "" where that is not a range. */
function valuesOf({ anyOf, ...own }: Property): string {
  const words = anyOf.flatMap((one) => one.const ?? (one.type === 'null' ? 'none' : []))
  const [range] = [own, ...anyOf].flatMap(({ minimum, exclusiveMinimum, maximum }) => {
    if (maximum === undefined) return []
    return minimum === undefined ? [`above ${exclusiveMinimum} and at most ${maximum}`] : [`${minimum} to ${maximum}`]
  })
  return range === undefined ? '' : [range, ...words].join(', or ')
}

/** "aTLAS: learns a coefficient" is a choice with its name. */
function choicesOf({ enum: values, enumDescriptions }: Property): FieldHelp['choices'] {
  return values.map((value, i) => {
    const [, name = value, says = ''] = /^([^:]*): (.*)$/.exec(enumDescriptions[i] ?? '') ?? []
    return { name, says }
  })
}
