// A report's memory does not grow with the number of models: 20 take less than one model's bytes more than 2.
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'

import { expect, test } from 'vitest'

test('memory of 2, 8 and 20 models', () => {
  const script = join(import.meta.dirname, 'report-memory.ts')
  const [two, eight, twenty] = [2, 8, 20].map((count) =>
    JSON.parse(execFileSync(process.execPath, [script, String(count)], { encoding: 'utf8' })),
  )
  console.log([two, eight, twenty].map(({ bytes }) => `${(bytes / 1e6).toFixed(0)} MB`).join(', '))
  expect([two, eight, twenty].map(({ layers }) => layers)).toEqual([1, 1, 1])
  expect(eight.bytes - two.bytes).toBeLessThan(two.model)
  expect(twenty.bytes - two.bytes).toBeLessThan(two.model)
})
