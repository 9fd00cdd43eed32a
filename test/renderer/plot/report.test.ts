// An evaluation in numbers for the eye.
import { expect, test } from 'vitest'

import type { TaskResult } from '../../../src-main/contract/api/evaluations.ts'
import { confusionMap, confusionSentence } from '../../../src-renderer/plot/report.ts'

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
