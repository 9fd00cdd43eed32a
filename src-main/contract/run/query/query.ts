// What a person writes to find runs. Every term must hold:
//   cars "learning rate"        words, each somewhere in the run's name, method, objective, state, tags, notes, ...
//   state:done,failed seed:3    a field has one of these values (fields.ts lists them); = is the same, != the opposite
//   accuracy>80% date>=2026-11  more, less
//   -tag:old                    not
// parse(print(q)) = q for every query. Quotes hold what would mean something else: spaces, commas, a minus in front.
import { type FieldName, faultIn, fieldNames, fieldOf, isField, type marks } from './fields.ts'

export type Operator = ':' | '>' | '>=' | '<' | '<='
export type Term =
  | { not: boolean; word: string }
  | { not: boolean; field: FieldName; operator: Operator; values: readonly string[] }
export type Query = readonly Term[]

/** Where a query is wrong (characters [at, end)), why, and what is possible there. */
export interface QueryFault {
  at: number
  end: number
  why: string
  next: string
}

export const longestQuery = 2000 // characters
const mostTerms = 40

class Fault extends Error {
  readonly fault: QueryFault
  constructor(at: number, end: number, why: string, next: string) {
    super(why)
    this.fault = { at, end, why, next }
  }
}

export function parseQuery(text: string): { query: Query; fault: null } | { query: null; fault: QueryFault } {
  try {
    const query = [...termsOf(text)]
    if (query.length > mostTerms)
      throw new Fault(0, text.length, `it has ${query.length} terms`, `use at most ${mostTerms}`)
    return { query, fault: null }
  } catch (thrown) {
    if (thrown instanceof Fault) return { query: null, fault: thrown.fault }
    throw thrown
  }
}

const blank = /[\s,]*/y
const operator = /!=|>=|<=|[:=<>]/y

function* termsOf(text: string): Generator<Term> {
  for (let at = after(blank, text, 0); at < text.length; at = after(blank, text, at)) {
    const begin = at
    const not = text[at] === '-' && /\S/.test(text[at + 1] ?? '')
    const first = pieceFrom(text, not ? at + 1 : at)
    at = first.end
    const sign = first.quoted ? '' : text.slice(at, after(operator, text, at))
    if (sign === '') {
      if (first.text !== '') yield { not, word: first.text }
      else throw new Fault(begin, at, 'there is nothing between the quotes', 'write a word between them')
      continue
    }
    const name = first.text.toLowerCase()
    if (!isField(name)) throw unknownField(begin, at, first.text)
    const values = []
    at += sign.length
    for (;;) {
      const value = pieceFrom(text, at)
      const why = faultIn(name, value.text)
      if (why !== null) throw new Fault(at, Math.max(value.end, at + 1), why, `for example ${fieldOf(name).example}`)
      values.push(value.text)
      at = value.end
      if (text[at] !== ',') break
      at++
    }
    yield { not: not !== (sign === '!='), field: name, operator: operatorOf(name, sign, values, begin, at), values }
  }
}

/** = is :, and != is the opposite of it. */
function operatorOf(name: FieldName, sign: string, values: readonly string[], at: number, end: number): Operator {
  if (sign === ':' || sign === '=' || sign === '!=') return ':'
  const { kind, example } = fieldOf(name)
  if (kind === 'choice' || kind === 'text')
    throw new Fault(at, end, `“${name}” has no more or less`, `write it with a colon, as in ${example}`)
  if (values.length > 1) throw new Fault(at, end, `“${sign}” takes one value`, `for example ${example}`)
  return sign === '>' || sign === '>=' || sign === '<' ? sign : '<='
}

/** Letters up to a space, a comma or an operator, or whatever stands in quotes. */
function pieceFrom(text: string, start: number): { text: string; end: number; quoted: boolean } {
  if (text[start] !== '"') {
    const end = after(/[^\s,:=<>!"]*(?:!(?!=)[^\s,:=<>!"]*)*/y, text, start)
    return { text: text.slice(start, end), end, quoted: false }
  }
  let piece = ''
  for (let at = start + 1; at < text.length; at++) {
    const char = text[at] ?? ''
    if (char === '"') return { text: piece.replace(/\s/g, ' '), end: at + 1, quoted: true }
    piece += char === '\\' ? (text[++at] ?? '') : char
  }
  throw new Fault(start, text.length, 'this quote is not closed', 'put a second " where it ends')
}

function after(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at
  return pattern.test(text) ? pattern.lastIndex : at
}

function unknownField(at: number, end: number, name: string): Fault {
  const why = name === '' ? 'there is no field before the sign' : `there is no field “${name}”`
  return new Fault(
    at,
    Math.max(end, at + 1),
    why,
    `fields are ${fieldNames.join(', ')}; put the text in quotes to look for it as it is`,
  )
}

export const printQuery = (query: Query): string => query.map(printTerm).join(' ')

function printTerm(term: Term): string {
  const not = term.not ? '-' : ''
  if ('word' in term) return not + quoted(term.word)
  return `${not}${term.field}${term.operator}${term.values.map(quoted).join(',')}`
}

/** As it is where it means nothing else. */
function quoted(text: string): string {
  return /^[^\s,:=<>!"\\-][^\s,:=<>!"\\]*$/.test(text) ? text : `"${text.replace(/["\\]/g, '\\$&')}"`
}

/** Whether runs in the trash are asked for: those are left out everywhere else. */
export function asksForTrash(query: Query): boolean {
  return query.some((term) => 'field' in term && term.field === 'is' && term.values.includes('trash'))
}

/** The query with the values of one field as given; none: without the field. */
export function withField(query: Query, field: FieldName, values: readonly string[]): Query {
  const others = query.filter((term) => !('field' in term && term.field === field && !term.not))
  return values.length === 0 ? others : [...others, { not: false, field, operator: ':', values }]
}

/** What a field is asked to be: the values of its terms that are no opposites. */
export function valuesOf(query: Query, field: FieldName): readonly string[] {
  return query.flatMap((term) => ('field' in term && term.field === field && !term.not ? term.values : []))
}

/** With or without a term that asks for one mark; several marks are asked for one by one. */
export function withMark(query: Query, mark: (typeof marks)[number], on: boolean): Query {
  const others = query.filter(
    (term) => !('field' in term && term.field === 'is' && !term.not && term.values.includes(mark)),
  )
  return on ? [...others, { not: false, field: 'is', operator: ':', values: [mark] }] : others
}
