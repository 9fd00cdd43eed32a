// Sharpness-aware steps (Foret et al. 2021), of any objective whose card names a rho.
import { normOf } from '../../numbers/table.ts'
import type { Problem } from './problem.ts'

/**
 * Sharpness-aware steps (Foret et al. 2021): the gradient is that of the worst place within rho, to first order,
 *   g(c + rho g(c) / |g(c)|),   the norm over the whole table. Every step costs two.
 */
export function sharpnessAware(problem: Problem, rho: number): Problem {
  return {
    ...problem,
    async lossAndGradient(table, batch) {
      const here = await problem.lossAndGradient(table, batch)
      const norm = normOf(here.gradient)
      if (norm === 0) return here
      const uphill = table.map((row, k) => row.map((c, b) => c + (rho * (here.gradient[k]?.[b] as number)) / norm))
      return { ...here, gradient: (await problem.lossAndGradient(uphill, batch)).gradient }
    },
  }
}
