// How long, and how many coefficients, in words.
import { expect, test } from 'vitest'

import { coefficientsInWords } from '../../../src-renderer/plot/coefficients.ts'
import { about, sourceOf, takenText } from '../../../src-renderer/plot/estimate.ts'

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

test('what a study takes is said with where it is known from, and what was done before', () => {
  const disk = { diskBytes: null, diskFree: null }
  const estimate = { seconds: 7300, from: 'run' as const, run: 3 }
  expect(takenText({ runs: 24, done: 5, estimate, memoryBytes: 2.5e9, ...disk })).toBe(
    'It takes about 2 h, as run 3 took here. It asks for about 2.33 GiB of memory. 5 of its 24 runs were done before with the same settings and seed, and are computed anew.',
  )
  expect(takenText({ runs: 1, done: 0, estimate: null, memoryBytes: null, ...disk })).toBe(
    'How long it takes is not known on this machine yet.',
  )
  expect(takenText({ runs: 2, done: 1, estimate, memoryBytes: null, ...disk })).toContain(
    '1 of its 2 runs was done before',
  )
  expect(takenText({ runs: 2, done: 0, estimate, memoryBytes: null, diskBytes: 3e9, diskFree: 1e9 })).toMatch(
    /It writes about 2\.79 GiB, and only 953\.7 MiB are free there: it will not fit\.$/,
  )
})

test('a search along one coefficient has one, whatever the blocks (10)', () => {
  expect(coefficientsInWords('task-arithmetic', 280)).toBe('1 coefficient, 21 values')
  expect(coefficientsInWords('merge', 280)).toBe('none is learned')
  expect(coefficientsInWords('atlas', 1280)).toBe('1,280')
  expect(coefficientsInWords('dv-basi', undefined)).toBe('–')
})
