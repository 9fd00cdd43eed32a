// What merges of matrices share: a parameter of two dimensions is given to the merge's own mathematics, tau_t (m, n)
// one after the other, on the float64 device; of any other the mean over the vectors is taken, or nothing, or the sum.

import type { z } from 'zod'

import type { MergeCard } from '../../../contract/merges/card.ts'
import { axpy, scale } from '../../../numbers/vectors.ts'
import type { DoubleDevice, Matrix } from '../../devices/double/device.ts'
import { withDoubles } from '../../devices/double/open.ts'
import { differences, floatRow } from '../../devices/double/rows.ts'
import { type Merge, merge, type Part } from '../merge.ts'

export interface Taus {
  count: number // T
  rows: number // m
  columns: number // n
  /** tau_t on the device, in the scope that is open. */
  read(t: number): Promise<Matrix>
}

/** Gives (m n) numbers, or a matrix on the device. */
type OfMatrices<P> = (device: DoubleDevice, taus: Taus, parameters: P) => Promise<Matrix>

interface Resting {
  rest: 'mean' | 'zero' | 'sum'
}

export function ofMatrices<P extends z.ZodObject>(card: MergeCard<P>, matrix: OfMatrices<z.output<P>>): Merge {
  return merge(card, {
    by: 'tensor',
    of: 'all',
    inTurn: true,
    prepare: (_, parameters) => async (part) => {
      const { shape } = part
      const [m, n] = shape
      const { rest } = parameters as unknown as Resting
      if (shape.length !== 2 || !m || !n) return [await resting(part, rest)]
      const merged = await withDoubles(async (device) => {
        return Float64Array.from(device.values(await matrix(device, tausOf(device, part), parameters)))
      })
      return [merged]
    },
  })
}

export function tausOf(device: DoubleDevice, { shape, count, which, base, read, parent }: Part): Taus {
  const [rows = 0, columns = 0] = shape
  const still = parent ? floatRow(device, base) : 0
  const own = new Float32Array(parent ? count : 0)
  /** null where the part does not say of what, or where something is not finite: then element by element. */
  const onDevice = async (t: number): Promise<Matrix | null> => {
    if (!parent) return null
    const { model, weight } = await parent(t, own)
    const found = differences(device, still, count, [model])
    if (found && weight !== 1) scaled(device, found, weight)
    return found && { ...found, rows, columns }
  }
  return {
    ...{ count: which.length, rows, columns },
    read: async (t) => (await onDevice(t)) ?? device.matrix(rows, columns, await read(t)),
  }
}

export async function resting({ base, which, read }: Part, rest: Resting['rest']): Promise<Float64Array> {
  const sum = new Float64Array(base.length)
  if (rest === 'zero') return sum
  const by = rest === 'mean' ? 1 / which.length : 1
  for (const place of which.keys()) {
    axpy(by, await read(place), sum)
  }
  return sum
}

/** sum_t tau_t */
export async function sumOf(device: DoubleDevice, taus: Taus): Promise<Matrix> {
  const sum = device.matrix(taus.rows, taus.columns)
  for (let t = 0; t < taus.count; t++) await inScope(device, async () => added(device, sum, await taus.read(t)))
  return sum
}

export function added(device: DoubleDevice, to: Matrix, x: Matrix, by = 1): void {
  axpy(by, device.values(x), device.values(to))
}

/** What it makes on the device is gone after it. */
export async function inScope<T>(device: DoubleDevice, work: () => Promise<T>): Promise<T> {
  const end = device.mark()
  try {
    return await work()
  } finally {
    end()
  }
}

/** x <- by x. */
export function scaled(device: DoubleDevice, x: Matrix, by: number): void {
  scale(by, device.values(x))
}
