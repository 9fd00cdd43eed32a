// The language that runs are found by: what it means, that it comes back from its own print, and what it says of a
// query that is wrong.
import { expect, test } from 'vitest'

import {
  dayOf,
  faultIn,
  fieldNames,
  numberIn,
  queryFields,
  spanIn,
} from '../../../src-main/contract/run/query/fields.ts'
import {
  asksForTrash,
  parseQuery,
  printQuery,
  valuesOf,
  withField,
} from '../../../src-main/contract/run/query/query.ts'
import { randomQuery } from './random-query.ts'

const parsed = (text: string) => parseQuery(text).query

test('words, quotes, opposites, fields and their signs', () => {
  expect(parsed('cars, "learning rate" -old')).toEqual([
    { not: false, word: 'cars' },
    { not: false, word: 'learning rate' },
    { not: true, word: 'old' },
  ])
  expect(parsed('state:done,failed METHOD=dv-basi seed!=3 -tag:"a b" accuracy>80% date<=2026-11')).toEqual([
    { not: false, field: 'state', operator: ':', values: ['done', 'failed'] },
    { not: false, field: 'method', operator: ':', values: ['dv-basi'] },
    { not: true, field: 'seed', operator: ':', values: ['3'] },
    { not: true, field: 'tag', operator: ':', values: ['a b'] },
    { not: false, field: 'accuracy', operator: '>', values: ['80%'] },
    { not: false, field: 'date', operator: '<=', values: ['2026-11'] },
  ])
  expect(parsed('  ,  ')).toEqual([])
  expect(parsed('- dv-basi!')).toEqual([
    { not: false, word: '-' },
    { not: false, word: 'dv-basi!' },
  ])
})

test('what it says of a wrong query: where, why, and what is possible', () => {
  const fault = (text: string) => {
    const { fault: found } = parseQuery(text)
    return found && [text.slice(found.at, found.end), found.why, found.next]
  }
  expect(fault('cars methd:atlas')).toEqual(['methd', 'there is no field “methd”', expect.stringContaining('method')])
  expect(fault('state:finished')).toEqual([
    'finished',
    expect.stringContaining('one of waiting, paused, running'),
    expect.any(String),
  ])
  expect(fault('accuracy>80')).toEqual(['80', expect.stringContaining('0.8 or 80%'), 'for example accuracy>80%'])
  expect(fault('a date:2026-02-30')).toEqual([
    '2026-02-30',
    expect.stringContaining('day, month or year'),
    expect.any(String),
  ])
  expect(fault('duration>soon')?.[1]).toContain('10m or 1h30m')
  expect(fault('name>x')).toEqual(['name>x', '“name” has no more or less', expect.stringContaining('colon')])
  expect(fault('seed>1,2')?.[1]).toContain('takes one value')
  expect(fault('seed:')?.[1]).toContain('wants a number')
  expect(fault('name:')?.[1]).toContain('wants a value')
  expect(fault('"cars')).toEqual(['"cars', 'this quote is not closed', expect.any(String)])
  expect(fault('""')?.[1]).toContain('nothing between')
  expect(fault(':x')?.[1]).toContain('no field before')
  expect(fault('x '.repeat(41))?.[1]).toContain('41 terms')
})

test('a query comes back from its own print, and every text gives a query or a fault inside it', () => {
  for (let seed = 0; seed < 2000; seed++) {
    const query = randomQuery(seed)
    expect(parseQuery(printQuery(query)), printQuery(query)).toEqual({ query, fault: null })
  }
  const letters = ' ,:=!<>"\\-%.ab1state:accuracy>80%'
  for (let seed = 0; seed < 2000; seed++) {
    const text = Array.from(
      { length: seed % 23 },
      (_, i) => letters[(seed * 31 + i * (seed % 17) * 7) % letters.length],
    ).join('')
    const { query, fault } = parseQuery(text)
    if (query) expect(parsed(printQuery(query)), text).toEqual(query)
    else expect(fault.at >= 0 && fault.end > fault.at && fault.end <= Math.max(1, text.length), text).toBe(true)
  }
})

test('what values stand for', () => {
  expect([numberIn('share', '80%'), numberIn('share', '0.8'), numberIn('share', '1.014')]).toEqual([0.8, 0.8, 1.014])
  expect([numberIn('duration', '1h30m'), numberIn('duration', '90'), numberIn('duration', '1.5d')]).toEqual([
    5400, 90, 129_600,
  ])
  const { from, to } = spanIn('2026-11-01') ?? { from: '', to: '' }
  expect([dayOf(from), new Date(to).getTime() - new Date(from).getTime()]).toEqual(['2026-11-01', 86_400_000])
  expect(spanIn('2026')).toEqual({ from: spanIn('2026-01')?.from, to: spanIn('2027-01')?.from })
  for (const field of fieldNames) {
    const [, value = ''] = queryFields[field].example.split(/[:>]=?/)
    expect([field, faultIn(field, value.replaceAll('"', ''))]).toEqual([field, null])
    expect(parsed(queryFields[field].example)).toMatchObject([{ field }])
  }
})

test('one field of a query can be set, emptied and read, as filters do', () => {
  const query = parsed('cars state:done -state:failed is:trash') ?? []
  expect(printQuery(withField(query, 'state', ['stopped', 'failed']))).toBe(
    'cars -state:failed is:trash state:stopped,failed',
  )
  expect(printQuery(withField(query, 'state', []))).toBe('cars -state:failed is:trash')
  expect(valuesOf(query, 'state')).toEqual(['done'])
  expect([asksForTrash(query), asksForTrash(withField(query, 'is', []))]).toEqual([true, false])
})
