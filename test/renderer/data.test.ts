// Data sets on screen, as far as numbers and names go: which splits a task gets, when its parts overlap, and what an
// evaluation's map shows.
import { expect, test } from 'vitest'

import type { TaskResult } from '../../src-main/contract/api/evaluations.ts'
import { confusionMap, confusionSentence } from '../../src-renderer/plot/report.ts'
import { together, withModels } from '../../src-renderer/state/checkpoints/models.ts'
import { overlap, ownSplits, protocolsOf, splitsFor, taskName } from '../../src-renderer/state/data/task-splits.ts'

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

test('a task of a data set is added once, with the head and fine-tuned model that were chosen for its name', () => {
  const models = together(
    { vectors: ['/m.pt'], tasks: [{ dataset: 'MNIST', head: '/h.pt', finetuned: '/m.pt' }] },
    {
      tasks: [{ dataset: 'mnist', data: '/d#field-val', validation: undefined, test: '/d#test' }],
    },
  )
  const files = withModels({ pretrained: '/p', vectors: [], tasks: [] }, models, (path) => path)
  expect(files.tasks).toEqual([
    { name: 'mnist', data: '/d#field-val', test: '/d#test', head: '/h.pt', finetuned: '/m.pt' },
  ])
  expect(withModels(files, models, (path) => path).tasks).toHaveLength(1)
  expect(taskName('my, set/1')).toBe('my_ set_1')
})

test('a confusion map has shares of each class, and of many classes those with most mistakes', () => {
  const classes = Array.from({ length: 60 }, (_, label) => ({
    images: 10,
    correct: label < 50 ? 10 : 4,
    predicted: 10,
  }))
  const confusion = classes.flatMap(({ correct }, label): TaskResult['confusion'] => [
    [label, label, correct],
    ...(correct < 10 ? ([[label, 0, 10 - correct]] as TaskResult['confusion']) : []),
  ])
  const result = { classes, confusion } as unknown as TaskResult
  const { rows, columns, left } = confusionMap(result, null)
  expect([rows.length, left, columns.includes('class 59')]).toEqual([40, 20, true])
  expect(rows.at(-1)?.values.at(-1)).toBeCloseTo(0.4)
  expect(rows.at(-1)?.values[0]).toBeCloseTo(0.6)
  expect(confusionSentence(result, null)).toBe('It takes class 50 for class 0 most often: 6 of 10 images.')
})
