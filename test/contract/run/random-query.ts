// Queries over runs, each a function of its seed.
import { type FieldName, faultIn, fieldNames, fieldOf, marks } from '../../../src-main/contract/run/query/fields.ts'
import type { Operator, Query, Term } from '../../../src-main/contract/run/query/query.ts'

const texts = [
  ...['cars', 'Über', 'ATLAS', 'dv-basi', 'a b', 'sweep of "x"', "'; DROP TABLE runs; --", '%', '_', '\\', 'done', '3'],
  ...[
    '-',
    '-x',
    'a,b',
    'state:done',
    '!',
    '2026-11',
    '2026-11-03',
    '7',
    'cross',
    'linearised',
    '12',
    'paper',
    ':q0',
    '\\"',
  ],
]
const values: Record<string, readonly string[]> = {
  choice: ['atlas', 'DV-BASI', 'ties', 'cross-entropy', 'ufm', 'paper', 'ÜBER', "x' OR 1=1"],
  text: texts,
  number: ['0', '1', '2', '3', '7', '-1', '40', '2.5'],
  share: ['80%', '0.8', '0.5', '101.4%', '0', '87.3%'],
  duration: ['90s', '10m', '1h30m', '60', '0', '2d'],
  day: ['2026', '2026-11', '2026-11-03', '2026-10', '2025-12-31'],
}
const operators: readonly Operator[] = [':', '>', '>=', '<', '<=']

/** One to four terms. */
export function randomQuery(seed: number): Query {
  let state = (seed * 2654435761 + 1) % 4294967296
  const below = (n: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 4294967296) * n)
  }
  const one = <T>(of: readonly T[]): T => of[below(of.length)] as T
  return Array.from({ length: 1 + below(4) }, (): Term => {
    const not = below(4) === 0
    if (below(3) === 0) return { not, word: one(texts) }
    const field: FieldName = one(fieldNames)
    const { kind, values: all } = fieldOf(field)
    const from = (field === 'is' ? marks : (all ?? values[kind] ?? [])).filter((text) => faultIn(field, text) === null)
    const operator = kind === 'choice' || kind === 'text' ? ':' : one(operators)
    const count = operator === ':' ? 1 + below(2) : 1
    return { not, field, operator, values: Array.from({ length: count }, () => one(from)) }
  })
}
