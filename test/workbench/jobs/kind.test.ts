// A kind of job: what was asked for is read in the kind's own form wherever the kind sees it, also that of an older
// Basil; and what other processes wish of jobs is granted one by one.
import { existsSync } from 'node:fs'
import { join } from 'node:path'

import { expect, onTestFinished, test, vi } from 'vitest'
import { z } from 'zod'

import type { StoredJob } from '../../../src-main/history/jobs.ts'
import { defineKind } from '../../../src-main/workbench/jobs/kind.ts'
import { askForJob, grantWishes } from '../../../src-main/workbench/jobs/wishes.ts'
import { temporaryFolder } from '../toy.ts'

const plain = {
  ...({ needs: 'engine', goesOn: true, title: () => 'toy' } as const),
  request: z.object({ memoryBytes: z.number().nullable().default(null) }),
  run: async () => undefined,
  again: (_: StoredJob, request: { memoryBytes: number | null }) => ({ kind: 'run' as const, request }),
}

test('an estimate is made of a request in its own form, and is unknown where the kind makes none', () => {
  const kind = defineKind({ ...plain, estimate: (_, { memoryBytes }) => ({ expectedSeconds: 1, memoryBytes }) })
  const job = {} as StoredJob
  const disk = { diskBytes: null, writesTo: null }
  expect(kind.estimate?.(job, { name: 'older' })).toEqual({ expectedSeconds: 1, memoryBytes: null, ...disk })
  expect(kind.estimate?.(job, { memoryBytes: 7 })).toEqual({ expectedSeconds: 1, memoryBytes: 7, ...disk })
  expect(defineKind(plain).estimate?.(job, {})).toEqual({ expectedSeconds: null, memoryBytes: null, ...disk })
})

test('a wish that cannot be granted does not take another with it', async () => {
  vi.useFakeTimers()
  onTestFinished(() => void vi.useRealTimers())
  const home = temporaryFolder()
  const granted: number[] = []
  const leave = grantWishes(home, ({ job }) => {
    if (job < 3) throw new Error('it is over')
    granted.push(job)
  })
  for (const job of [1, 2, 3, 4]) askForJob(home, { what: 'pause', job })
  await vi.advanceTimersByTimeAsync(1000)
  leave()
  expect(granted).toEqual([3, 4])
  expect(existsSync(join(home, 'pause-job-1'))).toBe(false)
})
