// TIES' election and mean (Yadav et al. 2023) of numbers that are seen one task after the other, twice.

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
    for (let i = 0; i < n; i++) mass[i] = (mass[i] as number) + (x[i] as number)
  })
  await each((x) => {
    for (let i = 0; i < n; i++) {
      if ((x[i] as number) * Math.sign(mass[i] as number) <= 0) continue
      mean[i] = (mean[i] as number) + (x[i] as number)
      counts[i] = (counts[i] as number) + 1
    }
  })
  for (let i = 0; i < n; i++) if (counts[i]) mean[i] = (mean[i] as number) / (counts[i] as number)
}
