// The parameters of a merge as a terminal or a form shows them, read off its card's schema.
import { z } from 'zod'

import type { MergeCard } from './card.ts'

const property = z.object({
  type: z.enum(['number', 'integer', 'boolean', 'string', 'array']),
  title: z.string().optional(),
  description: z.string().default(''),
  symbol: z.string().optional(), // the paper's
  default: z.unknown(),
  enum: z.array(z.string()).optional(),
  minimum: z.number().optional(),
  exclusiveMinimum: z.number().optional(),
  maximum: z.number().optional(),
  exclusiveMaximum: z.number().optional(),
})
export type Parameter = z.infer<typeof property> & { name: string }

export function parametersOf({ parameters }: MergeCard): Parameter[] {
  const { properties = {} } = z.toJSONSchema(parameters, { io: 'input' })
  return Object.entries(properties).map(([name, schema]) => ({ name, ...property.parse(schema) }))
}

/** "above 0, at most 1", "merged or trimmed" */
export function allowed(of: Parameter): string {
  if (of.enum) return of.enum.join(' or ')
  if (of.type === 'boolean') return 'true or false'
  const bounds: [string, number | undefined][] = [
    ['above', of.exclusiveMinimum],
    ['at least', of.minimum],
    ['below', of.exclusiveMaximum],
    ['at most', of.maximum],
  ]
  const kind = of.type === 'array' ? ['one for each model'] : of.type === 'integer' ? ['an integer'] : []
  return [...kind, ...bounds.flatMap(([word, bound]) => (bound === undefined ? [] : [`${word} ${bound}`]))].join(', ')
}

/** A value as it is typed; what is none of its kind is left to the schema to refuse. */
export function typed({ type }: Parameter, text: string): unknown {
  const number = (word: string): unknown => (word.trim() !== '' && !Number.isNaN(Number(word)) ? Number(word) : word)
  if (type === 'array') return text === '' ? [] : text.split(',').map(number)
  if (type === 'boolean') return text === 'true' || text === 'false' ? text === 'true' : text
  return type === 'string' ? text : number(text)
}
