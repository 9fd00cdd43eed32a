// The form's fields, read from the schema of a run's configuration, so that a field added there appears here by itself.
import { z } from 'zod'

import { configJsonSchema } from '../../../src-main/contract/run/resolve.ts'

export interface Field {
  name: string // "seed", "start.epochs"
  title: string
  description: string
  kind: 'choice' | 'switch' | 'number' | 'pair' | 'text'
  choices: string[]
  named: Record<string, string> // choices with a name for people
  words: string[] // "all", "auto", "none": what may stand in place of a number; "none" is null
  fallback: string // what an empty field means, where the schema says so
}

const typed = z.object({
  type: z.string().optional(),
  enum: z.array(z.string()).optional(),
  enumDescriptions: z.array(z.string()).optional(),
  const: z.string().optional(),
  prefixItems: z.array(z.unknown()).optional(),
})
const property = typed.extend({
  title: z.string().optional(),
  description: z.string().optional(),
  default: z.unknown().optional(),
  anyOf: z.array(typed).optional(),
  get properties() {
    return z.record(z.string(), property).optional()
  },
})
type Property = z.infer<typeof property>

/** Every single-valued field of the configuration by name, those of the start with "start." before. */
export function formFields(): Map<string, Field> {
  const root = property.parse(configJsonSchema())
  const own = fieldsOf(root, '')
  const start = root.properties?.start ? fieldsOf(root.properties.start, 'start.') : []
  return new Map([...own, ...start].map((f) => [f.name, f]))
}

/** Those of any schema that has a form. */
export function fieldsIn(schema: unknown): Field[] {
  return fieldsOf(property.parse(schema), '')
}

function fieldsOf(parent: Property, before: string): Field[] {
  return Object.entries(parent.properties ?? {}).flatMap(([name, p]) => {
    const kind = kindOf(p)
    if (!kind || !p.title) return []
    return [
      {
        name: before + name,
        title: p.title,
        // here "none" is typed
        description: (p.description ?? '').replace(/[;,]? ?null: none$/, '').replace(/\bnull:/, 'none:'),
        kind,
        choices: p.enum ?? [],
        named: namesOf(p),
        words: (p.anyOf ?? []).flatMap((a) => a.const ?? (a.type === 'null' ? 'none' : [])),
        fallback: p.default === undefined ? '' : textOf(p.default),
      },
    ]
  })
}

/** "aTLAS: learns a coefficient" names a choice aTLAS. */
function namesOf({ enum: choices = [], enumDescriptions = [] }: Property): Record<string, string> {
  const named = choices.flatMap((choice, i) => {
    const [name, ...sentence] = (enumDescriptions[i] ?? '').split(': ')
    return name && sentence.length > 0 ? [[choice, name]] : []
  })
  return Object.fromEntries(named)
}

function kindOf(p: Property): Field['kind'] | null {
  if (p.enum) return 'choice'
  const types = [p.type, ...(p.anyOf ?? []).map((a) => a.type)]
  if (types.includes('number') || types.includes('integer')) return 'number'
  if (p.anyOf?.some((a) => a.prefixItems?.length === 2)) return 'pair'
  if (p.type === 'boolean') return 'switch'
  return p.type === 'string' ? 'text' : null
}

/** What was typed as a value; text that is no number stays text, so that the schema refuses it with its own words. */
export function valueOf(field: Pick<Field, 'kind' | 'words'>, text: string): unknown {
  const trimmed = text.trim()
  if (trimmed === '') return undefined
  if (field.kind !== 'number' && field.kind !== 'pair') return text
  if (field.words.includes(trimmed)) return trimmed === 'none' ? null : trimmed
  const numbers = trimmed.split(/[\s,;]+/).map(Number)
  const wanted = field.kind === 'pair' ? 2 : 1
  if (numbers.length !== wanted || !numbers.every(Number.isFinite)) return text
  return field.kind === 'pair' ? numbers : numbers[0]
}

const isOfForm = /^it (is missing|has to be (an? |one of )|has none of the forms)/ // not of a value's size

/** What is wrong, in the words of the form rather than the schema's types. */
export function issueText(field: Pick<Field, 'kind' | 'words'> | undefined, message: string): string {
  if (!field || !['number', 'pair'].includes(field.kind) || !isOfForm.test(message)) return message
  const wanted =
    field.kind === 'pair' ? 'two numbers' : message.includes('a whole number') ? 'a whole number' : 'a number'
  return [`type ${wanted}`, ...field.words].join(' or ')
}

/** A value as it stands in the field. */
export function textOf(value: unknown): string {
  if (value === undefined) return ''
  if (Array.isArray(value)) return value.join(', ')
  return value === null ? 'none' : String(value)
}
