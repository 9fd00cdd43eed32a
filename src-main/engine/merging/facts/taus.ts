// Task vectors of a part as rows on the float64 device, for merges whose mathematics is by element: what a step does to
// a billion of them is done there (devices/double/rows.ts).
import type { DoubleDevice, Matrix } from '../../devices/double/device.ts'
import { onDoubles } from '../../devices/double/open.ts'
import { differences, rowAt } from '../../devices/double/rows.ts'
import type { Part } from '../merge.ts'

/** In place, what a merge does to the rows of a part. */
export type OnTaus = (device: DoubleDevice, taus: Matrix) => void

/**
 * `work` on a part's task vectors, (vectors x n), which are gone after it: it gives what it copied. What is not finite
 * and the same in a model and the base is no difference; where it is not the same, throws tensor-not-finite.
 */
export async function onTaus<T>(part: Part, work: (device: DoubleDevice, taus: Matrix) => T): Promise<T> {
  const done = onDoubles((device) => {
    const taus = differences(device, part.base, part.theirs)
    return taus && { result: work(device, taus) }
  })
  if (done) return done.result
  const exact: Float64Array[] = []
  for (const place of part.which.keys()) exact.push(await part.read(place))
  return onDoubles((device) => {
    const taus = device.matrix(exact.length, part.base.length)
    for (const [t, tau] of exact.entries()) rowAt(device, taus, t).set(tau)
    return work(device, taus)
  })
}

/** Copies of all rows. */
export const rowsOf = (device: DoubleDevice, taus: Matrix): Float64Array[] =>
  Array.from({ length: taus.rows }, (_, t) => Float64Array.from(rowAt(device, taus, t)))
