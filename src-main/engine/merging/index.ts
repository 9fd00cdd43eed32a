// What the merges without training compute, one line for each card of contract/merges/index.ts.

import { merges as cards } from '../../contract/merges/index.ts'
import { modelStock } from './averages/model-stock.ts'
import { weightedAverage } from './averages/weighted-average.ts'
import { wiseFt } from './averages/wise-ft.ts'
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
import type { Merge } from './merge.ts'
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

const mathematics: readonly Merge[] = [
  arceeFusion,
  awd,
  bases,
  breadcrumbs,
  centredClipping,
  consensusTa,
  coordinateMedian,
  dare,
  dcMerge,
  della,
  emr,
  esm,
  fedgma,
  fednova,
  fisher,
  hierarchicalOt,
  isoC,
  isoCts,
  karcher,
  knots,
  lines,
  magmax,
  modelStock,
  multiSlerp,
  nearswap,
  nuslerp,
  pave,
  pcb,
  ram,
  randomParts,
  regmean,
  regmeanPlusPlus,
  sce,
  slerp,
  tallMasks,
  taskArithmetic,
  ties,
  tsvM,
  weightedAverage,
  wiseFt,
  wudi,
  wudiClosed,
]

/** In the cards' order. */
export const merges: readonly Merge[] = cards.flatMap(({ name }) =>
  mathematics.filter(({ card }) => card.name === name),
)
