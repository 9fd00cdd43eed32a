// What may run beside what, by itself.
import { expect, test } from 'vitest'

import type { Need } from '../../../src-main/contract/api/jobs.ts'
import { whatBegins } from '../../../src-main/workbench/jobs/rule.ts'

const begins = (waiting: string, ...atWork: Need[]): string =>
  whatBegins(
    [...waiting].map((name) => ({ name, needs: /[a-z]/.test(name) ? ('engine' as const) : ('reader' as const) })),
    atWork,
  )
    .map(({ name }) => name)
    .join('')

test('the engine has one job at a time, the first that waits', () => {
  expect(begins('abc')).toBe('a')
  expect(begins('abc', 'engine')).toBe('')
})

test('two processes read and write files beside it, and wait for nothing but each other', () => {
  expect(begins('XYZ', 'engine')).toBe('XY')
  expect(begins('abXYZ')).toBe('aXY')
  expect(begins('aXYZ', 'engine', 'reader')).toBe('X')
  expect(begins('aXYZ', 'reader', 'reader')).toBe('a')
  expect(begins('')).toBe('')
})
