// A promise that is kept case by case: each test of a file, or of a describe, is one try of it. What was tried and what
// failed so far is said for test/faults/promises.ts.
import { afterEach } from 'vitest'

import type { Seen } from './promises.ts'

/** Call it before the tests, and what it gives in afterAll. */
export function testsSeen(): () => Seen {
  let [count, lost] = [0, 0]
  afterEach(({ task }) => {
    count++
    if (task.result?.state === 'fail') lost++
  })
  return () => ({ count, lost, differ: 0 })
}
