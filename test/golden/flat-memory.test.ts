// Memory is flat: over 2,000 steps of a run, evaluated after every epoch, the number of tensors and their bytes do not
// change, and neither JavaScript nor the process grows. One activation kept a step would be 35 KB a step.
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import { backendsHere } from './backends.ts'
import type { Flatness } from './flat-memory.ts'

const steps = 2000 // of which the second half is looked at: until then V8 compiles and allocators find their size
// bytes a step; of the process the bar can be no lower, since on a busy machine the resident size breathes by 15 MB
const activation = 35_000
const held = 1_000 // of JavaScript, whose figure is the same on any machine

test.each(await backendsHere())('on %s', (prefer) => {
  const script = join(import.meta.dirname, 'flat-memory.ts')
  const told = execFileSync(process.execPath, ['--expose-gc', script, prefer, String(steps)], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const found = JSON.parse(told) as Flatness
  const { engine, seconds, tensors, slope, ours, first, last, rssPeak } = found
  console.log(
    `${engine}: ${found.steps} steps in ${seconds.toFixed(0)} s, ${tensors.join(' or ')} tensors, ${(first / 2 ** 20).toFixed(1)} MiB held after the warm-up, ${(last / 2 ** 20).toFixed(1)} MiB at the end, ${(rssPeak / 2 ** 20).toFixed(1)} MiB resident at most, ${(slope / 1000).toFixed(1)} KB a step, ${(ours / 1000).toFixed(1)} of them JavaScript's`,
  )
  expect(found.steps).toBe(steps)
  expect(found.tensors).toHaveLength(1)
  expect(found.deviceBytes).toHaveLength(1)
  expect(ours).toBeLessThan(held)
  expect(slope).toBeLessThan(activation)
})
