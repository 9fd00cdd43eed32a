// A problem of vectors with coefficients of their own: loss = 0.5 |C - targets|^2.

import type { Measured, Problem } from '../../../src-main/engine/learning/problem.ts'
import type { Table } from '../../../src-main/numbers/table.ts'

/** targets: (vectors x groups). */
export function apart(targets: number[][]): Problem {
  const of = (c: Table): Measured & { gradient: Table } => {
    const gradient = c.map((row, k) => row.map((v, b) => v - (targets[k]?.[b] as number)))
    const loss = 0.5 * gradient.reduce((s, row) => s + row.reduce((sum, g) => sum + g * g, 0), 0)
    return { loss, tasks: [{ loss, accuracy: 0 }], gradient }
  }
  const [groups, vectors] = [(targets[0] as number[]).map((_, b) => `block ${b}`), targets.map((_, k) => `vector ${k}`)]
  return { groups, vectors, trainingCounts: [4], evaluate: async (c) => of(c), lossAndGradient: async (c) => of(c) }
}
