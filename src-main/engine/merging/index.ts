// What the merges without training compute, one line for each card of contract/merges/index.ts.
import type { Merge } from './merge.ts'
import { randomParts } from './random-parts.ts'
import { bases } from './spectral/bases.ts'
import { dcMerge } from './spectral/dc-merge.ts'
import { isoC } from './spectral/iso-c.ts'
import { isoCts } from './spectral/iso-cts.ts'
import { knots } from './spectral/knots.ts'
import { tsvM } from './spectral/tsv-m.ts'
import { wudi } from './spectral/wudi.ts'
import { wudiClosed } from './spectral/wudi-closed.ts'
import { taskArithmetic } from './task-arithmetic.ts'
import { ties } from './ties.ts'

export const merges: readonly Merge[] = [
  taskArithmetic,
  ties,
  randomParts,
  tsvM,
  isoC,
  isoCts,
  wudi,
  wudiClosed,
  knots,
  dcMerge,
  bases,
]
