// Task vectors of a part as rows on the float64 device, for merges whose mathematics is by element: what a step does to
// a billion of them is done there (devices/double/rows.ts).
import type { DoubleDevice, Matrix } from '../../devices/double/device.ts'
import { onDoubles } from '../../devices/double/open.ts'
import { differences, floatRow, movedBy, rowAt } from '../../devices/double/rows.ts'
import type { Moved, Part } from '../merge.ts'
import { lend } from './buffers.ts'

/** In place, what a merge does to the rows of a part. */
export type OnTaus = (device: DoubleDevice, taus: Matrix) => void

/**
 * `work` on a part's task vectors, (vectors x n), which are gone after it: it gives what it copied. What is not finite
 * and the same in a model and the base is no difference; where it is not the same, throws tensor-not-finite. `base`:
 * theta_pre, a row of float32 there.
 */
export async function onTaus<T>(part: Part, work: (device: DoubleDevice, taus: Matrix, base: number) => T): Promise<T> {
  const done = onDoubles((device) => {
    const base = floatRow(device, part.still)
    const taus = differences(device, base, part.count, part.theirs)
    return taus && { result: work(device, taus, base) }
  })
  if (done) return done.result
  const exact: Float64Array[] = []
  for (const place of part.which.keys()) exact.push(await part.read(place))
  return onDoubles((device) => {
    const base = floatRow(device, part.still)
    const taus = device.matrix(exact.length, part.count)
    for (const [t, tau] of exact.entries()) rowAt(device, taus, t).set(tau)
    return work(device, taus, base)
  })
}

/** What a merge gives: the models that the rows lead to. */
export const thetas = (device: DoubleDevice, taus: Matrix, base: number): Moved[] =>
  movedBy(device, base, taus, lend).map((theta) => ({ theta }))
