// Which splits of a data set a task learns, is chosen and is tested on.
import { expect, test } from 'vitest'

import { overlap, ownSplits, protocolsOf, splitsFor } from '../../../../src-renderer/state/data/task-splits.ts'

const counted = (...names: string[]) => names.map((name) => ({ name, count: 10 }))

const known = { splits: counted('train', 'test'), field: counted('field-train', 'field-val', 'field-test') }

const none = { data: '', validation: '', test: '' }

test('a data set offers the strict protocol first, halves that share no image, and its test split once', () => {
  expect(protocolsOf(known)).toEqual(['strict', 'field', 'training', 'own'])
  expect(splitsFor(known, 'strict', none, 4)).toEqual({
    data: 'field-val?half=1&shots=4&seed=0',
    validation: 'field-val?half=2&seed=0',
    test: 'field-test',
  })
  expect(splitsFor(known, 'field', none)).toEqual({ data: 'field-val', validation: '', test: 'field-test' })
  expect(protocolsOf({ splits: counted('mnist.learning', 'mnist.test'), field: [] })).toEqual(['own'])
  expect(ownSplits({ splits: counted('mnist.test', 'mnist.learning'), field: [] })).toEqual({
    data: 'mnist.learning',
    validation: '',
    test: 'mnist.test',
  })
})

test('parts of a task that are the same images are told', () => {
  expect(overlap(splitsFor(known, 'strict', none))).toBe('')
  expect(overlap(splitsFor(known, 'training', none))).toBe('')
  expect(overlap({ data: 'train', validation: 'field-val', test: 'test' })).toContain('learns on')
  expect(overlap({ data: 'field-val?half=1&seed=0', validation: 'field-val?half=1&seed=0', test: '' })).toContain(
    'learns on',
  )
  expect(overlap({ data: 'field-train', validation: 'field-val', test: 'field-val' })).toContain('before the test')
})
