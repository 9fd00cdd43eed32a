// The merges without training, the terminal's default first; a run's configuration asks for its steps in this order. To
// add one: its card and a line in this list, its mathematics and a line in engine/merging/index.ts. What follows by
// itself: "basil merge --method", its options and help, the check of recipes, names, cards, rebuilding, and the shared
// suites. test/house/adding-a-merge.test.ts adds one and counts.
import type { MergeCard } from './card.ts'
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

export const merges: readonly MergeCard[] = [
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
