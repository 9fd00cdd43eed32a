// The merges without training, the terminal's default first; a run's configuration asks for its steps in this order. To
// add one: its card and a line in this list, its mathematics and a line in engine/merging/index.ts. What follows by
// itself: "basil merge --method", its options and help, the check of recipes, names, cards, rebuilding, and the shared
// suites. test/house/adding-a-merge.test.ts adds one and counts.

import { modelStock } from './averages/model-stock.ts'
import { weightedAverage } from './averages/weighted-average.ts'
import { wiseFt } from './averages/wise-ft.ts'
import type { MergeCard } from './card.ts'
import { magmax } from './consensus/magmax.ts'
import { pcb } from './consensus/pcb.ts'
import { ram } from './consensus/ram.ts'
import { sce } from './consensus/sce.ts'
import { ties } from './consensus/ties.ts'
import { centredClipping } from './federated/centred-clipping.ts'
import { coordinateMedian } from './federated/coordinate-median.ts'
import { fedgma } from './federated/fedgma.ts'
import { fednova } from './federated/fednova.ts'
import { hierarchicalOt } from './federated/hierarchical-ot.ts'
import { consensusTa } from './masks/consensus-ta.ts'
import { emr } from './masks/emr.ts'
import { tallMasks } from './masks/tall-masks.ts'
import { arceeFusion } from './pairs/arcee-fusion.ts'
import { nearswap } from './pairs/nearswap.ts'
import { breadcrumbs } from './sparse/breadcrumbs.ts'
import { dare } from './sparse/dare.ts'
import { della } from './sparse/della.ts'
import { randomParts } from './sparse/random-parts.ts'
import { bases } from './spectral/bases.ts'
import { dcMerge } from './spectral/dc-merge.ts'
import { isoC } from './spectral/iso-c.ts'
import { isoCts } from './spectral/iso-cts.ts'
import { knots } from './spectral/knots.ts'
import { tsvM } from './spectral/tsv-m.ts'
import { wudi } from './spectral/wudi.ts'
import { wudiClosed } from './spectral/wudi-closed.ts'
import { karcher } from './spheres/karcher.ts'
import { multiSlerp } from './spheres/multi-slerp.ts'
import { nuslerp } from './spheres/nuslerp.ts'
import { slerp } from './spheres/slerp.ts'
import { esm } from './statistics/esm.ts'
import { fisher } from './statistics/fisher.ts'
import { pave } from './statistics/pave.ts'
import { regmean } from './statistics/regmean.ts'
import { regmeanPlusPlus } from './statistics/regmean-plus-plus.ts'
import { awd } from './vectors/awd.ts'
import { lines } from './vectors/lines.ts'
import { taskArithmetic } from './vectors/task-arithmetic.ts'

export const merges: readonly MergeCard[] = [
  taskArithmetic,
  ties,
  weightedAverage,
  wiseFt,
  modelStock,
  lines,
  awd,
  sce,
  ram,
  magmax,
  pcb,
  dare,
  della,
  breadcrumbs,
  randomParts,
  slerp,
  nuslerp,
  multiSlerp,
  karcher,
  nearswap,
  arceeFusion,
  tallMasks,
  consensusTa,
  emr,
  fednova,
  fedgma,
  coordinateMedian,
  centredClipping,
  hierarchicalOt,
  tsvM,
  isoC,
  isoCts,
  wudi,
  wudiClosed,
  knots,
  dcMerge,
  bases,
  fisher,
  regmean,
  regmeanPlusPlus,
  pave,
  esm,
]
