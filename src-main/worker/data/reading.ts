// What a reading process does for data sets: the engine's door names each by its procedure.
import type { EngineSide } from '../engine-door.ts'
import { drawSplit, findData, lookAtData } from './find-data.ts'
import { leaksOf, prepareData } from './leaks.ts'
import { namedData } from './named-data.ts'
import { previewsOf } from './previews.ts'

export const readingData = {
  find: ({ path }) => findData(path),
  named: ({ folders }) => namedData(folders),
  look: ({ path }) => lookAtData(path),
  draw: ({ images }) => drawSplit(images),
  previews: ({ images, wanted }) => previewsOf(images, wanted),
  prepare: prepareData,
  leaks: leaksOf,
} satisfies EngineSide['data']
