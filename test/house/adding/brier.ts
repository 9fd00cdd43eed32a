// L = sum_c (p_c - [c = y])^2,  dL/dlogit_c = 2 p_c ((p_c - [c = y]) - sum_k p_k (p_k - [k = y])).
import type { Loss } from '../../../src-main/engine/learning/loss.ts'

export const brier: Loss = {
  name: 'brier',
  loss(logProbabilities, label, gradient) {
    const p = logProbabilities.map(Math.exp)
    const missed = p.map((v, c) => v - Number(c === label))
    const mean = p.reduce((sum, v, c) => sum + v * (missed[c] as number), 0)
    for (const [c, v] of p.entries()) gradient[c] = 2 * v * ((missed[c] as number) - mean)
    return missed.reduce((sum, v) => sum + v * v, 0)
  },
}
