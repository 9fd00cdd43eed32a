// How long, and how many coefficients, in words.
import { expect, test } from 'vitest'

import { coefficientsInWords } from '../../../src-renderer/plot/coefficients.ts'
import { about, sourceOf } from '../../../src-renderer/plot/estimate.ts'

test.for([
  [0.2, 'about a second'],
  [83, 'about 1 min 23 s'],
  [754, 'about 13 min'],
  [7300, 'about 2 h'],
  [9000, 'about 2.5 h'],
  [50_000, 'about 14 h'],
  [300_000, 'about 3 days'],
] as const)('%f seconds are %s', ([seconds, words]) => expect(about(seconds)).toBe(words))

test('an estimate says what it is known from', () => {
  expect(sourceOf({ from: 'run', run: 3 })).toBe('as run 3 took here')
  expect(sourceOf({ from: 'trial', run: null })).toContain('roughly')
})

test('a search along one coefficient has one, whatever the blocks (10)', () => {
  expect(coefficientsInWords('task-arithmetic', 280)).toBe('1 coefficient, 21 values')
  expect(coefficientsInWords('merge', 280)).toBe('none is learned')
  expect(coefficientsInWords('atlas', 1280)).toBe('1,280')
  expect(coefficientsInWords('dv-basi', undefined)).toBe('–')
})
