// TIES' election and mean (Yadav et al. 2023) of numbers that are seen one task after the other, twice.

import { at } from '../../../numbers/vectors.ts'

/**
 * mean (n), zero before: of every element's numbers those that have the sign of their sum, but for 0, averaged. `each`
 * shows x (n) of all tasks.
 */
export async function agreeingMean(
  each: (see: (x: Float64Array) => void) => Promise<void>,
  mean: Float64Array,
): Promise<void> {
  const n = mean.length
  const [mass, counts] = [new Float64Array(n), new Uint16Array(n)]
  await each((x) => {
    for (let i = 0; i < n; i++) mass[i] = at(mass, i) + at(x, i)
  })
  await each((x) => {
    for (let i = 0; i < n; i++) {
      if (at(x, i) * Math.sign(at(mass, i)) <= 0) continue
      mean[i] = at(mean, i) + at(x, i)
      counts[i] = at(counts, i) + 1
    }
  })
  for (let i = 0; i < n; i++) if (counts[i]) mean[i] = at(mean, i) / at(counts, i)
}
