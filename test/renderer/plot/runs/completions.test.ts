import { expect, test } from 'vitest'

import { parseQuery } from '../../../../src-main/contract/run/query/query.ts'
import { completionsAt } from '../../../../src-renderer/plot/runs/completions.ts'

const known = { tag: ['cars', 'look at', 'Über'], method: ['atlas', 'dv-basi'] }
const texts = (text: string, cursor = text.length) =>
  completionsAt(text, cursor, known).options.map((option) => option.text)

test('names of fields, then the values there are, each a query that is understood', () => {
  expect(texts('cars st')).toEqual(['state:', 'study:'])
  expect(texts('-ta')).toEqual(['-tag:'])
  expect(texts('state:do')).toEqual(['state:done'])
  expect(texts('state:done,fa')).toEqual(['state:done,failed'])
  expect(texts('tag:')).toEqual(['tag:cars', 'tag:"look at"', 'tag:Über'])
  expect(texts('tag!=ÜB')).toEqual(['tag!=Über'])
  expect(texts('method:b x', 8)).toEqual(['method:dv-basi'])
  expect(completionsAt('cars st', 7, known).from).toBe(5)
  for (const text of texts('tag:')) expect(parseQuery(text).fault).toBeNull()
})

test('nothing where nothing was begun, or nothing is known', () => {
  expect([texts(''), texts('cars '), texts('-'), texts('seed:1'), texts('methd:a'), texts('a>b')]).toEqual([
    ...[[], [], [], [], [], []],
  ])
})
