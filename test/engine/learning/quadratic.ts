// A problem without tensors: sum over tasks t of 0.5 |A_t (c - target_t)|^2 over one table, so that methods can be
// tested in microseconds on something whose optimum is known. Batches add nothing: every image has the same loss.

import type { Measured, Problem } from '../../../src-main/engine/learning/problem.ts'
import type { Table } from '../../../src-main/numbers/table.ts'

export function quadratic(
  targets: number[][],
  curvature: number[][] = targets.map((t) => t.map(() => 1)),
): Problem & { calls: number; evaluate(c: Table): Promise<Measured> } {
  const groups = (targets[0] ?? []).map((_, b) => `block ${b}`)
  const measure = (c: Table): Measured => {
    const tasks = targets.map((target, t) => {
      const loss = target.reduce(
        (sum, goal, b) => sum + 0.5 * (curvature[t]?.[b] as number) * ((c[0]?.[b] as number) - goal) ** 2,
        0,
      )
      return { loss, accuracy: 1 / (1 + loss) }
    })
    return { loss: tasks.reduce((sum, t) => sum + t.loss, 0), tasks }
  }
  const problem = {
    calls: 0,
    groups,
    vectors: ['vector'],
    trainingCounts: targets.map(() => 10),
    evaluate: async (c: Table) => measure(c),
    lossAndGradient: async (c: Table) => {
      problem.calls++
      const gradient = [
        Float64Array.from(groups, (_, b) =>
          targets.reduce(
            (sum, target, t) => sum + (curvature[t]?.[b] as number) * ((c[0]?.[b] as number) - (target[b] as number)),
            0,
          ),
        ),
      ]
      return { ...measure(c), gradient }
    },
  }
  return problem
}
