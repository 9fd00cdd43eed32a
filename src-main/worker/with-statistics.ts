// What merges know of images is opened beside the parents wherever a recipe that names it is followed.
import type { Recipe } from '../contract/run/recipe.ts'
import { openStatistics } from '../engine/merging/statistics/given.ts'
import type { WeightSet } from '../engine/weights/parents.ts'
import { openSource } from '../files/source.ts'
import { touchStatistics } from '../files/statistics-store.ts'

/** The parents with the statistics that the recipe names; closed together. */
export async function withStatistics<S extends WeightSet>(set: S, { statistics }: Recipe): Promise<S> {
  if (!statistics?.length) return set
  try {
    const files = statistics.map(({ file }) => file)
    await touchStatistics(files)
    const opened = await openStatistics(files, set.vectors.length, openSource)
    const close = async (): Promise<void> => {
      await Promise.all([set.close(), opened.close()])
    }
    return { ...set, statistics: opened.statistics, close }
  } catch (error) {
    await set.close()
    throw error
  }
}
