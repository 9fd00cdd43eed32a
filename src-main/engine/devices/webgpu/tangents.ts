// Tangents of a tensor, stacked one below the other.
import type { Tensor } from '../tensor.ts'

/** How many tangents of x are stacked in dx. Throws RangeError where that is no whole number. */
export function tangentsIn(dx: Tensor, x: Tensor): number {
  if (x.size === 0 || dx.size % x.size !== 0)
    throw new RangeError(`tangents [${dx.shape}] are no whole number of those of [${x.shape}]`)
  return dx.size / x.size
}
