// What a sweep varies, as typed in its dialog: a field of the configuration and its values, "0.003, 0.01, 0.03", or for
// random values a range, "0.001 to 0.1". Words ("none", "all") and choices stand for themselves.
import { type Field, formFields, valueOf } from './form-fields.ts'

export interface SweptField {
  name: string
  text: string
  log: boolean // of a range: even steps in the logarithm
}

type How = 'grid' | 'list' | 'random'
type Value = string | number | boolean | null
type Values = Value[] | { from: number; to: number; log: boolean }
export interface Sweep {
  fields: Record<string, Values>
  how: How
  samples: number
}

/** Fields that have one value and can differ between runs of a study; seeds are varied by the study itself. */
export function sweepable(): Field[] {
  return [...formFields().values()].filter(
    ({ name, kind }) => !['name', 'seed', 'pretrained'].includes(name) && ['number', 'choice', 'switch'].includes(kind),
  )
}

const range = /^(\S+)\s*(?:to|\.\.)\s*(\S+)$/

/** Two numbers with "to" between them. */
export function isRange(text: string): boolean {
  const [, from, to] = range.exec(text.trim()) ?? []
  return [from, to].every((end) => end !== undefined && Number.isFinite(Number(end)))
}

function valuesOf(field: Field, text: string): Value[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter(Boolean)
    .map((part) => {
      if (field.kind === 'switch')
        return part === 'on' || part === 'true' ? true : part === 'off' || part === 'false' ? false : part
      const value = valueOf(field, part)
      return typeof value === 'number' || value === null ? value : part
    })
}

/** null while a row has no value yet. */
export function sweepOf(rows: readonly SweptField[], how: How, samples: number): Sweep | null {
  const known = new Map(sweepable().map((field) => [field.name, field]))
  const fields = rows.map(({ name, text, log }): [string, Values] => {
    const [, from = '', to = ''] = range.exec(text.trim()) ?? []
    const field = known.get(name)
    return [name, isRange(text) ? { from: Number(from), to: Number(to), log } : field ? valuesOf(field, text) : []]
  })
  const isEmpty = fields.some(([, values]) => Array.isArray(values) && values.length === 0)
  return fields.length === 0 || isEmpty ? null : { fields: Object.fromEntries(fields), how, samples }
}
