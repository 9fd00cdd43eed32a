// What a query over runs can ask for by name, and how a value of each is read. A value stays the text it was written
// as; what it means is computed where it is compared, so that a query printed and read again is the same query.
//   share     0.8 or 80 %; equal where both show the same tenth of a percent
//   duration  90s, 10m, 1h30m, 2d, or seconds
//   day       2026, 2026-11 or 2026-11-01, of the person's own clock
import { runStates } from '../run.ts'

type Kind = 'choice' | 'text' | 'number' | 'share' | 'duration' | 'day'

interface Field {
  kind: Kind
  says: string // of it, for a list of what is possible
  example: string
  values?: readonly string[] // all there are
}

export const marks = ['pinned', 'trash', 'linearised', 'tagged', 'noted'] as const

export const queryFields = {
  state: { kind: 'choice', says: 'how it stands', example: 'state:done', values: runStates },
  method: { kind: 'choice', says: 'method', example: 'method:dv-basi' },
  objective: { kind: 'choice', says: 'objective', example: 'objective:cross-entropy' },
  tag: { kind: 'choice', says: 'one of its tags', example: 'tag:cars' },
  is: { kind: 'choice', says: 'what was made of it', example: 'is:pinned', values: marks },
  name: { kind: 'text', says: 'part of its name', example: 'name:"learning rate"' },
  base: { kind: 'text', says: 'part of the pre-trained model’s file', example: 'base:ViT-B-32' },
  note: { kind: 'text', says: 'part of its notes', example: 'note:repeat' },
  run: { kind: 'number', says: 'number', example: 'run>100' },
  study: { kind: 'number', says: 'number of its study', example: 'study:4' },
  seed: { kind: 'number', says: 'seed', example: 'seed:3' },
  iterations: { kind: 'number', says: 'iterations done', example: 'iterations>2' },
  accuracy: { kind: 'share', says: 'mean accuracy', example: 'accuracy>80%' },
  relative: { kind: 'share', says: 'mean relative accuracy', example: 'relative>=0.9' },
  date: { kind: 'day', says: 'when it was begun', example: 'date>2026-11-01' },
  duration: { kind: 'duration', says: 'how long it computed', example: 'duration>10m' },
} as const satisfies Record<string, Field>

export type FieldName = keyof typeof queryFields
export const fieldNames = Object.keys(queryFields) as FieldName[]

export const isField = (name: string): name is FieldName => Object.hasOwn(queryFields, name)
export const fieldOf = (name: FieldName): Field => queryFields[name]

/** Values are compared with or without capitals alike. */
export const folded = (text: string): string => text.normalize('NFC').toLowerCase()

const decimal = /^-?\d{1,15}(\.\d{1,15})?$/

/** Of a number, a share or a duration; NaN where the text is none. */
export function numberIn(kind: Kind, text: string): number {
  if (kind === 'share' && text.endsWith('%'))
    return decimal.test(text.slice(0, -1)) ? Number(text.slice(0, -1)) / 100 : Number.NaN
  if (kind === 'duration' && /[dhms]$/.test(text)) return secondsIn(text)
  const value = decimal.test(text) ? Number(text) : Number.NaN
  return kind === 'share' && Math.abs(value) > 2 ? Number.NaN : value // 80 is meant as a percentage
}

const units: Record<string, number> = { d: 86400, h: 3600, m: 60, s: 1 }

function secondsIn(text: string): number {
  if (!/^(\d{1,9}(\.\d{1,9})?[dhms])+$/.test(text)) return Number.NaN
  return [...text.matchAll(/([\d.]+)([dhms])/g)].reduce(
    (sum, [, count, unit = 's']) => sum + Number(count) * (units[unit] ?? 0),
    0,
  )
}

/** Numbers closer than this are equal: half of the last digit that is shown. */
export function closeness(kind: Kind): number {
  return kind === 'share' ? 0.0005 : kind === 'duration' ? 0.5 : 0
}

/** The instants [from, to) of a day, month or year of the local clock, as they are stored; null where it is none. */
export function spanIn(text: string): { from: string; to: string } | null {
  const [, year, month, day] = /^(\d{4})(?:-(\d\d))?(?:-(\d\d))?$/.exec(text) ?? []
  if (year === undefined) return null
  const [y, m, d] = [Number(year), Number(month ?? 1) - 1, Number(day ?? 1)]
  const from = new Date(y, m, d)
  if (y < 1000 || y > 9998 || from.getMonth() !== m || from.getDate() !== d) return null // there is no 2026-02-30
  const to = day ? new Date(y, m, d + 1) : month ? new Date(y, m + 1, 1) : new Date(y + 1, 0, 1)
  return { from: from.toISOString(), to: to.toISOString() }
}

/** The day of the local clock that an instant is of. */
export function dayOf(iso: string): string {
  const at = new Date(iso)
  if (Number.isNaN(at.getTime())) return ''
  const two = (n: number): string => String(n).padStart(2, '0')
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`
}

/** Why a value cannot be one of the field's; null where it can. */
export function faultIn(field: FieldName, text: string): string | null {
  const { kind, values } = fieldOf(field)
  if (values && !values.includes(folded(text))) return `“${field}” is one of ${values.join(', ')}`
  if (kind === 'day' && !spanIn(text)) return `“${field}” wants a day, month or year, such as 2026-11-01 or 2026-11`
  if (kind === 'share' && Number.isNaN(numberIn(kind, text))) return `“${field}” wants a share, such as 0.8 or 80%`
  if (kind === 'duration' && Number.isNaN(numberIn(kind, text)))
    return `“${field}” wants a time, such as 90s, 10m or 1h30m`
  if (kind === 'number' && Number.isNaN(numberIn(kind, text))) return `“${field}” wants a number`
  return text === '' ? `“${field}” wants a value, such as ${fieldOf(field).example}` : null
}
