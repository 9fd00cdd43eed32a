// A query over runs as SQL over the table of listing/table.ts: every text and number a person wrote is a bound value,
// and what stands in the statement comes from this file alone. A value that a run does not have meets no condition, and
// so every opposite.
import {
  closeness,
  type FieldName,
  fieldOf,
  folded,
  type marks,
  numberIn,
  spanIn,
} from '../../contract/run/query/fields.ts'
import { asksForTrash, type Operator, type Query, type Term } from '../../contract/run/query/query.ts'

export type Values = Record<string, string | number>
type Put = (value: string | number) => string // gives the parameter's name in the statement

const columns: Record<FieldName, string> = {
  state: 'now',
  method: 'lower(method)',
  objective: 'lower(objective)',
  tag: 'tags',
  is: '',
  name: 'name',
  base: 'basil_folded(base)',
  note: 'basil_folded(notes)',
  run: 'run',
  study: 'study',
  seed: 'seed',
  iterations: 'iterations',
  accuracy: 'accuracy',
  relative: 'relative',
  date: 'created',
  duration: 'seconds',
}

const isMarked: Record<(typeof marks)[number], string> = {
  pinned: 'pinned',
  trash: 'trashed',
  linearised: 'linearised',
  tagged: "tags <> '[]'",
  noted: "notes <> ''",
}

/** now: the state of a run at this moment, a column beside those of the table. */
export function conditionOf(query: Query): { text: string; values: Values } {
  const values: Values = {}
  const put: Put = (value) => {
    const name = `q${Object.keys(values).length}`
    values[name] = value
    return `:${name}`
  }
  const terms = query.map((term) => `${term.not ? 'NOT ' : ''}coalesce((${meaningOf(term, put)}), 0)`)
  return { text: [...(asksForTrash(query) ? [] : ['NOT trashed']), ...terms, '1'].join(' AND '), values }
}

function meaningOf(term: Term, put: Put): string {
  if ('word' in term) return wordMeaning(folded(term.word), put)
  const { field, operator, values } = term
  const column = columns[field]
  return values.map((value) => valueMeaning(field, column, operator, value, put)).join(' OR ')
}

/** Figures are a number or a seed, not a part of one; what looks like a month or a day is one. */
function wordMeaning(word: string, put: Put): string {
  const given = put(word)
  const number = /^\d{1,15}$/.test(word) ? put(Number(word)) : null
  const day = /-/.test(word) ? spanIn(word) : null
  return [
    `instr(words, ${given})`,
    `instr(now, ${given})`,
    ...(number === null ? [] : [`run = ${number}`, `seed = ${number}`]),
    ...(day === null ? [] : [`created >= ${put(day.from)} AND created < ${put(day.to)}`]),
  ].join(' OR ')
}

function valueMeaning(field: FieldName, column: string, operator: Operator, text: string, put: Put): string {
  const { kind } = fieldOf(field)
  if (field === 'is') return Object.entries(isMarked).find(([mark]) => mark === folded(text))?.[1] ?? '0'
  if (field === 'tag')
    return `tags <> '[]' AND EXISTS (SELECT 1 FROM json_each(tags) WHERE basil_folded(value) = ${put(folded(text))})`
  if (kind === 'choice') return `${column} = ${put(folded(text))}`
  if (kind === 'text') return `instr(${column}, ${put(folded(text))})`
  if (kind === 'day') return dayMeaning(column, operator, text, put)
  const value = put(numberIn(kind, text))
  const near = closeness(kind)
  if (operator !== ':') return `${column} ${operator} ${value}`
  return near === 0 ? `${column} = ${value}` : `abs(${column} - ${value}) < ${near}`
}

/** After a day is after its end. */
function dayMeaning(column: string, operator: Operator, text: string, put: Put): string {
  const { from, to } = spanIn(text) ?? { from: '', to: '' }
  if (operator === '>') return `${column} >= ${put(to)}`
  if (operator === '>=') return `${column} >= ${put(from)}`
  if (operator === '<') return `${column} < ${put(from)}`
  if (operator === '<=') return `${column} < ${put(to)}`
  return `${column} >= ${put(from)} AND ${column} < ${put(to)}`
}
