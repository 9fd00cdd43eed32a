// Memory is flat: over 1,000 steps of a run, evaluated after every epoch, the number of tensors and their bytes do not change, and
// the process does not grow. One activation kept a step would be 35 KB a step.
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import { backendsHere } from './backends.ts'
import type { Flatness } from './flat-memory.ts'

const steps = 1000
const most = 5_000 // bytes a step; allocators breathe by a megabyte or two

test.each(await backendsHere())('on %s', (prefer) => {
  const script = join(import.meta.dirname, 'flat-memory.ts')
  const told = execFileSync(process.execPath, ['--expose-gc', script, prefer, String(steps)], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const found = JSON.parse(told) as Flatness
  const { engine, seconds, tensors, slope, first, last, rssPeak } = found
  console.log(
    `${engine}: ${found.steps} steps in ${seconds.toFixed(0)} s, ${tensors.join(' or ')} tensors, ${(first / 2 ** 20).toFixed(1)} MiB held after the warm-up, ${(last / 2 ** 20).toFixed(1)} MiB at the end, ${(rssPeak / 2 ** 20).toFixed(1)} MiB resident at most, ${(slope / 1000).toFixed(1)} KB a step`,
  )
  expect(found.steps).toBe(steps)
  expect(found.tensors).toHaveLength(1)
  expect(found.deviceBytes).toHaveLength(1)
  expect(slope).toBeLessThan(most)
  expect(last - first).toBeLessThan(most * steps)
})
