// The disentanglement error of two task vectors (Ortiz-Jimenez et al., NeurIPS 2023), over a grid of a_1 and a_2:
//   xi(a_1, a_2) = sum_i E_{x of task i} [ f(x; theta_pre + a_i tau_i) != f(x; theta_pre + a_1 tau_1 + a_2 tau_2) ],
//   f the predicted class.
// Where the other task's coefficient is 0 a task's own part is 0; so xi(0, 0) = 0, and on an axis what is left is what
// one vector does to the other task's images. Linearised, f is f_lin. One vector alone is looked at once for each value
// on the grid.
import type { Disentanglement, DisentanglementRequest } from '../../contract/api/disentanglement.ts'
import type { Told } from '../../contract/engine-api.ts'
import type { Progress } from '../../contract/run/run.ts'
import { objectiveNamed } from '../learning/objective.ts'
import { type PredictingProblem, topPredictions } from '../learning/predictions.ts'
import { clipProblem, type Task, type TaskSetup } from '../problems/clip-problem.ts'
import { microBatchFor } from '../problems/micro-batch.ts'
import type { RunHost } from '../runs/context.ts'
import { closeTasks, openTasks } from '../runs/tasks.ts'
import { useOf } from '../weights/checkpoint.ts'
import { openStore } from '../weights/device.ts'
import { groupsOf } from '../weights/merge.ts'
import { openParents } from '../weights/parents.ts'

type Host = Pick<RunHost, 'backend' | 'open' | 'images' | 'signal'>

export async function* disentanglementOf(
  { config, grid }: DisentanglementRequest,
  host: Host,
): AsyncGenerator<Told<Disentanglement>> {
  const { backend, open, signal } = host
  const parents = await openParents(config.pretrained, config.vectors, open, useOf(config))
  let tasks: Task[] = []
  try {
    tasks = yield* toldProgress(openTasks(config, parents.architecture, host))
    const { architecture } = parents
    const place: TaskSetup = {
      tower: { architecture, ops: backend.ops, freeBytes: backend.freeBytes },
      tasks,
      objective: objectiveNamed('cross-entropy'),
      microBatch: microBatchFor(config.microBatch, backend, architecture),
      signal,
    }
    const store = await openStore(backend, parents, 'float32')
    try {
      const problem = clipProblem(place, store, groupsOf(parents, 'scalar'), config.linearised !== 'no')
      const parts = yield* mapOf(problem, grid)
      const of = parents.vectors.map(({ file }) => file.source.name)
      const told = tasks.map(({ name, splits }, t) => ({
        name,
        vector: of[t] as string,
        images: splits.training?.count ?? 0,
      }))
      const error = grid.map((_, i) => grid.map((_v, j) => (parts[0][i]?.[j] as number) + (parts[1][i]?.[j] as number)))
      const { warnings } = parents
      yield {
        type: 'result',
        result: { tasks: told, linearised: config.linearised !== 'no', grid: [...grid], error, parts, warnings },
      }
    } finally {
      store.dispose()
    }
  } finally {
    await closeTasks(tasks)
    await parents.close()
  }
}

async function* toldProgress<T>(events: AsyncGenerator<{ type: string }, T>): AsyncGenerator<Progress, T> {
  for (;;) {
    const { value, done } = await events.next()
    if (done) return value
    if (value.type === 'progress') yield value as Progress
  }
}

/**
 * Each task's share of images that are taken for another class than with its own vector alone, [a_1][a_2]. Of a problem
 * with two vectors, two tasks and one group.
 */
export async function* mapOf(
  problem: PredictingProblem,
  grid: readonly number[],
): AsyncGenerator<Progress, [number[][], number[][]]> {
  const total = grid.length * (grid.length + 1)
  const began = performance.now()
  let done = 0
  const progress = (): Progress => {
    const spent = (performance.now() - began) / 1000
    const rest = done > 0 && { remainingSeconds: (spent / done) * (total - done) }
    return { type: 'progress', what: 'Predictions over the grid', done: done++, total, ...rest }
  }
  const at = (a1: number, a2: number, tasks: readonly number[]): Promise<Int32Array[]> =>
    classesAt(problem, [Float64Array.of(a1), Float64Array.of(a2)], tasks)
  const alone: [Int32Array[], Int32Array[]] = [[], []]
  for (const a of grid) {
    yield progress()
    alone[0].push((await at(a, 0, [0]))[0] as Int32Array)
    alone[1].push((await at(0, a, [1]))[1] as Int32Array)
  }
  const parts: [number[][], number[][]] = [grid.map(() => []), grid.map(() => [])]
  for (const [i, a1] of grid.entries())
    for (const [j, a2] of grid.entries()) {
      yield progress()
      const both = await at(a1, a2, [0, 1])
      parts[0][i]?.push(disagreement(both[0] as Int32Array, alone[0][i] as Int32Array))
      parts[1][i]?.push(disagreement(both[1] as Int32Array, alone[1][j] as Int32Array))
    }
  return parts
}

async function classesAt(
  problem: PredictingProblem,
  coefficients: Float64Array[],
  tasks: readonly number[],
): Promise<Int32Array[]> {
  const counts = problem.trainingCounts.map((n, t) => (tasks.includes(t) ? n : 0))
  return (await topPredictions(problem, coefficients, counts)).map(({ taken }) => taken)
}

function disagreement(a: Int32Array, b: Int32Array): number {
  return a.reduce((sum, c, i) => sum + Number(c !== b[i]), 0) / a.length
}
