// A linear-Gaussian problem: loss = 0.5 sum_i h_i (c_i - target_i)^2 over the images' mean. With N images the posterior
// of a coefficient that is there has precision N h + 1 / sigma_0^2 and mean N h target over it.
import type { Measured, Problem } from '../../../src-main/engine/learning/problem.ts'
import type { Table } from '../../../src-main/numbers/table.ts'

/** curvature h and targets: (vectors x groups). */
export function weighed(curvature: number[][], targets: number[][], images: number): Problem {
  const of = (c: Table): Measured & { gradient: Table } => {
    const off = (k: number, b: number): number => (c[k]?.[b] as number) - (targets[k]?.[b] as number)
    const gradient = curvature.map((row, k) => Float64Array.from(row, (h, b) => h * off(k, b)))
    const loss = curvature.reduce((sum, row, k) => row.reduce((s, h, b) => s + 0.5 * h * off(k, b) ** 2, sum), 0)
    return { loss, tasks: [{ loss, accuracy: 0 }], gradient }
  }
  return {
    groups: (targets[0] as number[]).map((_, b) => `block ${b}`),
    vectors: targets.map((_, k) => `vector ${k}`),
    trainingCounts: [images],
    evaluate: async (c) => of(c),
    lossAndGradient: async (c) => of(c),
  }
}
