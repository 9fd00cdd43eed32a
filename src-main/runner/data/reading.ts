// What a reading process does for data sets: the engine's door names each by its procedure.
import { leaksOf, prepareData } from './leaks.ts'
import { drawSplit, findData, lookAtData } from './look.ts'
import { previewsOf } from './previews.ts'

export const readingData = {
  find: findData,
  look: lookAtData,
  draw: drawSplit,
  previews: previewsOf,
  prepare: prepareData,
  leaks: leaksOf,
}
export type ReadingData = typeof readingData
