// TIES (Yadav et al., NeurIPS 2023): theta = theta_pre + lambda tau, tau the trimmed, elected and merged vector that
// stands in place of the task vectors (weights/ties.ts), lambda searched on the grid 0, 0.125, ..., 2.5 by the
// selection metric. tau is a mean, so that lambda is about T times the one of a sum; its authors take 1 without
// validation data and search up to 2.5.

import type { Method } from '../method.ts'
import { searchScalar, taskArithmetic } from './task-arithmetic.ts'

const furthest = 2.5

export const ties: Method = { ...taskArithmetic, name: 'ties', learn: (stage) => searchScalar(stage, furthest) }
