// Many tasks on one loop, against the oracle: negation (a task's loss ascended beside its control's descended) and the
// min-norm combination of the tasks' gradients, each asked of the problem a run would have, on every backend this
// machine has.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import type { ResolvedConfig } from '../../src-main/contract/run/config.ts'
import { type Backend, openBackend } from '../../src-main/engine/devices/backend.ts'
import { descent } from '../../src-main/engine/learning/descent.ts'
import { objectiveNamed } from '../../src-main/engine/learning/objective.ts'
import type { Problem } from '../../src-main/engine/learning/problem.ts'
import { microBatchOf } from '../../src-main/engine/problems/micro-batch.ts'
import { openProblem } from '../../src-main/engine/runs/open-problem.ts'
import { readTasks } from '../../src-main/engine/runs/tasks.ts'
import { groupsOf } from '../../src-main/engine/weights/merge.ts'
import { openParents } from '../../src-main/engine/weights/parents.ts'
import { hashFile } from '../../src-main/files/hash.ts'
import { openSource } from '../../src-main/files/source.ts'
import { filled } from '../../src-main/numbers/table.ts'
import { backendsHere } from './backends.ts'
import { expected, expectedTensor, goldenConfig, goldenExample, relativeError, tasks } from './fixture.ts'

describe.each(await backendsHere())('on %s', (prefer) => {
  let backend: Backend
  beforeAll(async () => {
    backend = await openBackend({ prefer })
  })
  afterAll(() => backend.close())

  async function opened(config: ResolvedConfig, use: (problem: Problem) => Promise<void>): Promise<void> {
    const parents = await openParents(config.pretrained, config.vectors, openSource)
    const signal = new AbortController().signal
    const events = openProblem({
      config,
      host: { backend, open: openSource, hash: hashFile, resume: null, parents: [], stopping: () => false, signal },
      parents,
      files: [],
      groups: groupsOf(parents, config.blocks),
      place: {
        tower: { architecture: parents.architecture, ops: backend.ops },
        tasks: await readTasks(config, parents.architecture, openSource),
        objective: objectiveNamed(config.objective),
        microBatch: microBatchOf(50),
        signal,
      },
    })
    let next = await events.next()
    while (!next.done) next = await events.next()
    await use(next.value.problem)
    await next.value.close()
    await parents.close()
  }
  const whole = (problem: Problem): Int32Array[] =>
    problem.trainingCounts.map((n) => Int32Array.from({ length: n }, (_, i) => i))

  test('negation: loss and gradient of alpha forgotten, beta kept', async () => {
    const [alpha, beta] = goldenExample.tasks
    const change = {
      method: 'atlas',
      start: undefined,
      iterations: undefined,
      vectors: ['finetuned-alpha.safetensors'],
      tasks: [
        { ...alpha, aim: 'forget' },
        { ...beta, aim: 'keep' },
      ],
    }
    await opened(goldenConfig('cross-entropy', change), async (problem) => {
      const at = filled(1, problem.groups.length, expected.negation.coefficient)
      const { loss, gradient, tasks: measured } = await problem.lossAndGradient(at, whole(problem))
      expect(Math.abs(loss / expected.negation.loss - 1)).toBeLessThan(1e-5)
      expect(relativeError(gradient[0] as Float64Array, await expectedTensor('negation.grad'))).toBeLessThan(1e-3)
      expect(measured[0]?.loss).toBeGreaterThan(0) // a task's own loss is told as what it is
      expect((measured[1]?.loss as number) - (measured[0]?.loss as number)).toBeCloseTo(loss, 6)
    })
  })

  test("mgda: the weights of the oracle's min-norm point, from one pass a task", async () => {
    await opened(goldenConfig('cross-entropy'), async (problem) => {
      const rows = await expectedTensor('atlas.probe')
      const groups = problem.groups.length
      const probe = tasks.map((_, k) => Float64Array.from(rows.subarray(k * groups, (k + 1) * groups)))
      const settings = { combine: 'mgda', penaltyNorm: null, penaltyStrength: 0 } as const
      const { pareto, loss } = await descent(problem, settings, probe, whole(problem))
      expect(Math.abs(loss / expected['atlas.crossEntropy.loss'] - 1)).toBeLessThan(1e-5)
      for (const [i, w] of (pareto?.weights ?? []).entries())
        expect(Math.abs(w - expected.mgda.weights[i])).toBeLessThan(1e-3)
      expect(Math.abs((pareto?.residual ?? 0) ** 2 / expected.mgda.squaredNorm - 1)).toBeLessThan(1e-3)
    })
  })
})
