// What the merges without training compute, one line for each card of contract/merges/index.ts.
import type { Merge } from './merge.ts'
import { arceeFusion } from './pairs/arcee-fusion.ts'
import { awd } from './vectors/awd.ts'
import { breadcrumbs } from './sparse/breadcrumbs.ts'
import { centredClipping } from './federated/centred-clipping.ts'
import { coordinateMedian } from './federated/coordinate-median.ts'
import { dare } from './sparse/dare.ts'
import { della } from './sparse/della.ts'
import { emr } from './masks/emr.ts'
import { fedgma } from './federated/fedgma.ts'
import { fednova } from './federated/fednova.ts'
import { karcher } from './spheres/karcher.ts'
import { lines } from './vectors/lines.ts'
import { magmax } from './consensus/magmax.ts'
import { modelStock } from './averages/model-stock.ts'
import { multiSlerp } from './spheres/multi-slerp.ts'
import { nearswap } from './pairs/nearswap.ts'
import { nuslerp } from './spheres/nuslerp.ts'
import { pcb } from './consensus/pcb.ts'
import { ram } from './consensus/ram.ts'
import { randomParts } from './sparse/random-parts.ts'
import { sce } from './consensus/sce.ts'
import { slerp } from './spheres/slerp.ts'
import { taskArithmetic } from './vectors/task-arithmetic.ts'
import { ties } from './consensus/ties.ts'
import { weightedAverage } from './averages/weighted-average.ts'
import { wiseFt } from './averages/wise-ft.ts'
import { consensusTa, tallMasks } from './masks/tall.ts'

export const merges: readonly Merge[] = [
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
]
