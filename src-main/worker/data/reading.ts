// What a reading process does for data sets: the engine's door names each by its procedure.

import { drawSplit, findData, lookAtData } from './find-data.ts'
import { leaksOf, prepareData } from './leaks.ts'
import { namedData } from './named-data.ts'
import { previewsOf } from './previews.ts'

export const readingData = {
  find: findData,
  named: namedData,
  look: lookAtData,
  draw: drawSplit,
  previews: previewsOf,
  prepare: prepareData,
  leaks: leaksOf,
}
export type ReadingData = typeof readingData
