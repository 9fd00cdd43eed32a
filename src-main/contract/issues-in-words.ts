// What a schema has against a value, in words, for every schema of the program: "at most 200 characters; this has
// 250" in place of "Too big: expected string to have <=200 characters". The library's own texts are for who wrote the
// schema.
import { z } from 'zod'

type Issue = z.core.$ZodRawIssue

const units: Record<string, [one: string, several: string]> = {
  string: ['character', 'characters'],
  array: ['entry', 'entries'],
  set: ['entry', 'entries'],
  map: ['entry', 'entries'],
  file: ['byte', 'bytes'],
}

const kinds: Record<string, string> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  nan: 'not a number',
  boolean: 'true or false',
  array: 'a list',
  tuple: 'a list of a fixed length',
  object: 'an object with fields',
  record: 'an object with fields',
  null: 'empty',
  undefined: 'left out',
}

const named = (kind: string): string => kinds[kind] ?? kind

/** One issue, in words that go on after the name of the field. */
function issueInWords(issue: Issue): string {
  switch (issue.code) {
    case 'invalid_type':
      return issue.input === undefined
        ? `it is missing: ${named(issue.expected)}`
        : `it has to be ${named(issue.expected)}, and is ${ofValue(issue.input)}`
    case 'invalid_value':
      return `it has to be ${among(issue.values.map(String))}${otherWord(issue.input)}`
    case 'too_big':
      return bound(issue.origin, issue.inclusive === false ? 'less than' : 'at most', issue.maximum, issue.input)
    case 'too_small':
      return bound(issue.origin, issue.inclusive === false ? 'more than' : 'at least', issue.minimum, issue.input)
    case 'not_multiple_of':
      return `it has to be a multiple of ${issue.divisor}`
    case 'unrecognized_keys':
      return `there is no such field: ${issue.keys.join(', ')}`
    case 'invalid_union':
      return 'it has none of the forms that are allowed here'
    case 'invalid_key':
      return 'a name in it is not allowed'
    case 'invalid_element':
      return 'an entry of it is not allowed'
    case 'invalid_format':
      return `it is not written as ${formats[issue.format] ?? 'it has to be'}`
    default:
      return 'it is not allowed'
  }
}

const many = 12 // more words than these are not all told

function among(words: readonly string[]): string {
  if (words.length > many) return `one of the ${words.length} there are, such as ${words.slice(0, 4).join(', ')}`
  return `${words.length > 1 ? 'one of ' : ''}${words.join(', ')}`
}

const formats: Record<string, string> = {
  url: 'an address',
  datetime: 'a date and a time',
  date: 'a date',
  uuid: 'a UUID',
  base64: 'base 64',
}

function bound(origin: string, word: string, limit: number | bigint, input: unknown): string {
  const unit = units[origin]
  if (!unit) return `it has to be ${word} ${limit}`
  const has = sizeOf(input)
  return `${word} ${limit} ${limit === 1 ? unit[0] : unit[1]}${has === null ? '' : `; this has ${has}`}`
}

function sizeOf(input: unknown): number | null {
  if (typeof input === 'string' || Array.isArray(input)) return input.length
  return input instanceof Set || input instanceof Map ? input.size : null
}

/** What was given in place of one of some words, where it is short. */
function otherWord(input: unknown): string {
  return typeof input === 'string' && input.length <= 40 ? `; this is "${input}"` : ''
}

function ofValue(input: unknown): string {
  if (input === null || Array.isArray(input)) return named(input === null ? 'null' : 'array')
  if (typeof input === 'number')
    return Number.isNaN(input) ? 'not a number' : Number.isInteger(input) ? `${input}` : 'a fraction'
  return named(typeof input)
}

z.config({ localeError: issueInWords })
