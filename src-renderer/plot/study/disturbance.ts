// The disentanglement map in a sentence: how large the error is where both vectors are added with 1, and over the whole
// map.
import type { Disentanglement } from '../../../src-main/contract/api/disentanglement.ts'

export function disturbanceSentence({ grid, error, tasks }: Pick<Disentanglement, 'grid' | 'error' | 'tasks'>): string {
  const nearest = grid.reduce(
    (best, a, i) => (Math.abs(a - 1) < Math.abs((grid[best] ?? Number.POSITIVE_INFINITY) - 1) ? i : best),
    0,
  )
  const all = error.flat()
  const mean = all.reduce((a, b) => a + b, 0) / all.length
  const names = tasks.map((t) => t.name).join(' and ')
  const one = grid[nearest] as number
  const both = error[nearest]?.[nearest] ?? Number.NaN
  return `With both vectors at ${one.toFixed(1)} the error of ${names} is ${both.toFixed(3)} of 2; over the map it is ${mean.toFixed(3)} in the mean, ${Math.max(...all).toFixed(3)} at most.`
}
