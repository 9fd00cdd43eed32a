// Values for what a schema describes, sound ones and others, by a draw that can be repeated: a JSON Schema, as zod
// gives it, is followed, its bounds are met and missed by one, and anywhere something odd may stand in its place.
// Values that are known to be sound are changed at one place.
import { z } from 'zod'

import type { Draw } from './archive-mutants.ts'
import { drawn } from './archive-mutants.ts'

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json }

/** What is read here of a JSON Schema. */
export interface Shape {
  type?: string | string[]
  enum?: Json[]
  const?: Json
  anyOf?: Shape[]
  oneOf?: Shape[]
  properties?: Record<string, Shape>
  required?: string[]
  items?: Shape
  prefixItems?: Shape[]
  minItems?: number
  maxItems?: number
  minLength?: number
  maxLength?: number
  minimum?: number
  maximum?: number
  exclusiveMinimum?: number
  exclusiveMaximum?: number
  pattern?: string
}

export const shapeOf = (schema: z.ZodType): Shape =>
  z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as Shape

/** Places that no configuration and no page may reach, or that are none. */
const places: readonly string[] = [
  ...['../outside/secret.safetensors', '../../etc/passwd', '/etc/passwd', '/dev/zero', '..', 'a/../../outside/secret'],
  ...[
    '..\\outside\\secret',
    'C:\\secret',
    '\\\\server\\share',
    'file:///etc/passwd',
    '~/secret',
    'a\u0000.safetensors',
  ],
  ...['./../outside/secret#x', 'sub/%2e%2e/secret', 'http://127.0.0.1/x', 'a#../../outside', 'x'.repeat(4097), ''],
]
/** Own fields of these names must stay what they are: data. */
const names = ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'extra', '', 'Method', 'a.b', '0']

/** Something that stands nowhere in a sound value, or only by chance. */
function oddValue(draw: Draw): Json {
  return drawn<() => Json>(draw, [
    () => drawn(draw, [null, true, false, -0, 0.1, -1, 1e300, -1e300, 2 ** 53 + 2, 2 ** 31, 2 ** 32, 5e-324]),
    () =>
      drawn(draw, ['', '\u0000', '\ud800', '1', 'true', 'null', "'; drop table runs; --", '<img src=x>', 'é\u202e']),
    () => drawn(draw, ['x'.repeat(draw(8) ? 201 : 5000), '٣', '1e3', '0x10', '{7*7}', '{{constructor}}', '!!js']),
    () => drawn(draw, places),
    () => drawn<Json>(draw, [[], {}, [[]], [null], Array(draw(300)).fill(0), nested(2 + draw(200))]),
    () => withOwn({}, drawn(draw, names), { polluted: true, ...(draw(2) === 0 && { polluted: [1] }) }),
  ])()
}

/** [[[...]]] */
const nested = (depth: number): Json => Array.from({ length: depth }).reduce<Json>((inside) => [inside], [])

/** A field of its own, whatever it is called: a plain assignment of __proto__ would be none. */
function withOwn(value: { [key: string]: Json }, key: string, field: Json): { [key: string]: Json } {
  return Object.defineProperty({ ...value }, key, {
    value: field,
    enumerable: true,
    configurable: true,
    writable: true,
  })
}

/** odd: of so many values, one is something else altogether. */
export function valueOf(shape: Shape, draw: Draw, odd = 25): Json {
  if (draw(odd) === 0) return oddValue(draw)
  const any = shape.anyOf ?? shape.oneOf
  if (any) return valueOf(drawn(draw, any), draw, odd)
  if (shape.const !== undefined) return shape.const
  if (shape.enum) return drawn(draw, shape.enum)
  const type = Array.isArray(shape.type) ? drawn(draw, shape.type) : shape.type
  if (type === 'boolean') return draw(2) === 0
  if (type === 'null') return null
  if (type === 'string') return stringOf(shape, draw)
  if (type === 'number' || type === 'integer') return numberOf(shape, draw)
  if (type === 'array') return arrayOf(shape, draw, odd)
  if (type === 'object' || shape.properties) return objectOf(shape, draw, odd)
  return oddValue(draw)
}

function stringOf({ pattern, minLength = 0, maxLength }: Shape, draw: Draw): string {
  if (pattern && draw(3)) return drawn(draw, ['a', 'auto', 'cpu', 'gpu:0', 'a.b', 'Cars', 'f'.repeat(64)])
  const longest = draw(30) ? 20 : Math.min(maxLength ?? 20, 5000)
  const length = drawn(draw, [
    minLength,
    minLength,
    minLength + 1,
    Math.max(0, minLength - 1),
    5,
    5,
    longest,
    longest + 1,
  ])
  return draw(8) === 0 ? drawn(draw, places) : 'abcde'.repeat(Math.ceil(length / 5)).slice(0, length)
}

/** At every bound, beside it, and elsewhere. */
function numberOf({ type, minimum, maximum, exclusiveMinimum, exclusiveMaximum }: Shape, draw: Draw): number {
  const bounds = [minimum, maximum, exclusiveMinimum, exclusiveMaximum].filter((bound) => bound !== undefined)
  const bound = drawn(draw, bounds.length ? [...bounds, 1] : [0, 1, 10])
  const by = type === 'integer' ? 1 : drawn(draw, [1, 1e-3, Number.EPSILON])
  return drawn(draw, [bound, bound + by, bound - by, 1, type === 'integer' ? 2 : 0.5])
}

function arrayOf({ prefixItems, items, minItems = 0, maxItems = 4 }: Shape, draw: Draw, odd: number): Json[] {
  if (prefixItems) return prefixItems.map((inside) => valueOf(inside, draw, odd))
  const longest = draw(20) ? 3 : Math.min(maxItems, 70)
  const length = drawn(draw, [
    minItems,
    minItems,
    minItems + 1,
    minItems + 1,
    2,
    Math.max(0, minItems - 1),
    longest + draw(2),
  ])
  return Array.from({ length }, () => (items ? valueOf(items, draw, odd) : oddValue(draw)))
}

function objectOf({ properties = {}, required = [] }: Shape, draw: Draw, odd: number): Json {
  const kept = Object.entries(properties).filter(([key]) => (required.includes(key) ? draw(40) : draw(3) === 0))
  const made = Object.fromEntries(kept.map(([key, inside]) => [key, valueOf(inside, draw, odd)]))
  return draw(20) === 0 ? withOwn(made, drawn(draw, names), oddValue(draw)) : made
}

/** The same value but for one place: something odd, a bound missed by one, a field gone, another's, twice, or new. */
export function changed(value: Json, draw: Draw): Json {
  if (typeof value === 'number' && draw(2)) return drawn(draw, [value + 1, value - 1, -value, value / 3, value * 1e6])
  if (typeof value !== 'object' || value === null || draw(6) === 0) return oddValue(draw)
  const keys = Object.keys(value)
  const key = keys[draw(Math.max(1, keys.length))]
  if (key === undefined) return oddValue(draw)
  if (Array.isArray(value)) {
    const at = Number(key)
    const [one, other] = [value[at] as Json, drawn(draw, value)]
    return drawn<() => Json[]>(draw, [
      () => value.with(at, changed(one, draw)),
      () => value.with(at, changed(one, draw)),
      () => value.toSpliced(at, 1),
      () => value.toSpliced(at, 0, other),
    ])()
  }
  const { [key]: one = null, ...rest } = value
  return drawn<() => Json>(draw, [
    () => withOwn(value, key, changed(one, draw)),
    () => withOwn(value, key, changed(one, draw)),
    () => withOwn(value, key, changed(one, draw)),
    () => rest,
    () => withOwn(rest, drawn(draw, keys), one),
    () => withOwn(value, drawn(draw, names), oddValue(draw)),
  ])()
}
