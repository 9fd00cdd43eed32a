// MagMax (Marczak et al., ECCV 2024): of each element the task vector of largest magnitude; of two as large the later.
//   tau_i = tau_t,i,   t = argmax_t |tau_t,i|

import { magmax as card } from '../../../contract/merges/consensus/magmax.ts'
import { byElement } from '../facts/elements.ts'
import { merge } from '../merge.ts'

export const magmax = merge(card, {
  by: 'slice',
  of: 'all',
  prepare:
    () =>
    ({ vectors }) => [
      byElement(vectors, (values) => values.reduce((most, v) => (Math.abs(v) >= Math.abs(most) ? v : most), 0)),
    ],
})
