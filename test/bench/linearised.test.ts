// Precomputed features are what a linearised model is learned on in practice: an epoch on them asks the engine for
// nothing, where forward mode goes through the tower, and gives the same gradient. How much faster that is is printed,
// and `npm run bench` measures it.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { expect, onTestFinished, test } from 'vitest'

import { linearisedProblem, linearisedSpeed } from '../../src-main/bench/linearised-speed.ts'
import { scratchFiles } from '../../src-main/bench/scratch.ts'
import { openBackend } from '../../src-main/engine/devices/backend.ts'
import { filled } from '../../src-main/numbers/table.ts'
import { failingOps } from '../engine/devices/failing-ops.ts'
import { backendsHere } from '../golden/backends.ts'

test.each(await backendsHere())(
  'on %s an epoch on precomputed features needs no operation of the engine, and agrees',
  async (prefer) => {
    const folder = mkdtempSync(join(tmpdir(), 'basil-linearised-'))
    const backend = await openBackend({ prefer })
    onTestFinished(() => {
      backend.close()
      rmSync(folder, { recursive: true })
    })
    const shape = { imageSize: 64, patchSize: 8, width: 192, layers: 4, embed: 128 }
    const files = await scratchFiles(folder, 'own', shape, 1, 12)
    const speed = await linearisedSpeed(backend, files, 1)
    console.log(`linearised: ${JSON.stringify(speed)}`)
    expect(speed.disagreement).toBeLessThan(1e-4)

    const ops = failingOps(backend.ops, () => null)
    const asked = { jvp: 0, cached: 0 }
    for (const linearised of ['jvp', 'cached'] as const) {
      const { problem, close } = await linearisedProblem({ ...backend, ops }, files, linearised)
      ops.done = 0
      const batch = problem.trainingCounts.map((n) => Int32Array.from({ length: n }, (_, i) => i))
      await problem.lossAndGradient(filled(problem.vectors.length, problem.groups.length, 0.3), batch)
      asked[linearised] = ops.done
      await close()
    }
    console.log(`operations of an epoch: ${JSON.stringify(asked)}`)
    expect(asked.jvp).toBeGreaterThan(100)
    expect(asked.cached).toBe(0)
  },
)
