// A report's memory does not grow with the number of models: 20 take less than one model's bytes more than 2.
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import type { Memory } from './report-memory.ts'

test('memory of 2, 8 and 20 models', () => {
  const script = join(import.meta.dirname, 'report-memory.ts')
  const of = (count: number): Memory =>
    JSON.parse(execFileSync(process.execPath, [script, String(count)], { encoding: 'utf8' }))
  const [two, eight, twenty] = [of(2), of(8), of(20)]
  console.log([two, eight, twenty].map(({ bytes }) => `${(bytes / 1e6).toFixed(0)} MB`).join(', '))
  expect([two, eight, twenty].map(({ layers }) => layers)).toEqual([1, 1, 1])
  expect(eight.bytes - two.bytes).toBeLessThan(two.model)
  expect(twenty.bytes - two.bytes).toBeLessThan(two.model)
})
