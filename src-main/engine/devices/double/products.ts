// Products of matrices in float64, (rows, columns) each; a transposed one is one with its strides exchanged.
import { element } from '../../../numbers/vectors.ts'
import type { DoubleDevice, Matrix } from './device.ts'

const HEIGHT = 96 // of a tile of C
const WIDTH = 48 // of one, at least
const SMALL = 2 ** 17 // multiplications below which no thread is woken
/** Bytes that a thread of gemmDoubles packs rows of A into, and a tile for the edges of C. */
const SCRATCH = 8 * 256 * HEIGHT + 2048

const modes = { set: 0, add: 1, subtract: 2, upper: 3, addUpper: 4 } as const

/** A rectangle of a matrix. */
export interface View {
  address: number
  rows: number
  columns: number
  rowStride: number
  stride: number
}

export const viewOf = ({ rows, columns, address }: Matrix): View => ({
  address,
  rows,
  columns,
  rowStride: columns,
  stride: 1,
})

export const turned = ({ address, rows, columns, rowStride, stride }: View): View => ({
  address,
  rows: columns,
  columns: rows,
  rowStride: stride,
  stride: rowStride,
})

/** Rows [top, top + rows) and columns [left, left + columns). */
export const within = (view: View, top: number, left: number, rows: number, columns: number): View => ({
  ...view,
  address: view.address + 8 * (top * view.rowStride + left * view.stride),
  rows,
  columns,
})

/** C = A B, C + A B, C - A B, or of the first two what is above the diagonal alone; C's elements lie side by side. */
export function multiplyInto(
  device: DoubleDevice,
  how: keyof typeof modes,
  a: View,
  b: View,
  c: Omit<View, 'stride'>,
): void {
  const [m, n, k] = [a.rows, b.columns, a.columns]
  if (b.rows !== k || c.rows !== m || c.columns !== n)
    throw new RangeError(`(${m} x ${k}) (${b.rows} x ${n}) is not (${c.rows} x ${c.columns})`)
  if (m === 0 || n === 0 || k === 0) return
  const { pool, heavy } = device
  device.scope(() => {
    const panels = Math.ceil(n / heavy.panel)
    const packed = device.allocate(8 * k * panels * heavy.panel)
    const scratch = device.allocate(SCRATCH * pool.threads)
    const small = m * n * k < SMALL
    heavy.run('packDoubles', [b.address, b.rowStride, b.stride, n, k, packed], panels, small)
    const bands = Math.ceil(m / HEIGHT)
    const least = WIDTH / heavy.panel
    const columns = heavy.panel * Math.min(panels, Math.max(least, Math.ceil(panels / Math.ceil(32 / bands))))
    heavy.run(
      'gemmDoubles',
      [
        ...[m, n, k, a.address, a.rowStride, a.stride, packed, c.address, c.rowStride],
        ...[columns, modes[how], scratch, SCRATCH],
      ],
      bands * Math.ceil(n / columns),
      small,
    )
  })
}

/** A B, either transposed where it is said. */
export function multiply(device: DoubleDevice, a: View | Matrix, b: View | Matrix): Matrix {
  const [left, right] = [asView(a), asView(b)]
  const out = device.matrix(left.rows, right.columns)
  multiplyInto(device, 'set', left, right, viewOf(out))
  return out
}

export const asView = (a: View | Matrix): View => ('stride' in a ? a : viewOf(a))

/** A A', of which half is computed. */
export function gram(device: DoubleDevice, a: View | Matrix): Matrix {
  const rows = asView(a)
  const out = device.matrix(rows.rows, rows.rows)
  multiplyInto(device, 'upper', rows, turned(rows), viewOf(out))
  mirror(device, out)
  return out
}

/** What is below the diagonal becomes what is above it; in squares, as a column's elements lie far apart. */
export function mirror(device: DoubleDevice, { rows: n, ...of }: Matrix): void {
  const values = device.values({ ...of, rows: n })
  const square = 32
  for (let top = 0; top < n; top += square)
    for (let left = top; left < n; left += square)
      for (let i = top; i < Math.min(n, top + square); i++)
        for (let j = Math.max(i + 1, left); j < Math.min(n, left + square); j++)
          values[j * n + i] = element(values, i * n + j)
}
