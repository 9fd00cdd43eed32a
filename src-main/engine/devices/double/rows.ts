// Task vectors as rows of a matrix on the float64 device, (T, n), and what merges do to their elements there: the
// kernels of wasm/assembly/merging.ts. What comes out has the bits of plain loops in float64.
import type { DoubleDevice, Matrix } from './device.ts'

const PIECE = 4096 // elements of a tile
const SMALL = 2 ** 14 // elements below which no thread is woken
const BINS = 2 ** 16

const piecesOf = ({ columns }: Matrix): number => Math.ceil(columns / PIECE)
const isSmall = ({ rows, columns }: Matrix): boolean => rows * columns < SMALL

export function rowAt(device: DoubleDevice, { address, columns }: Matrix, t: number): Float64Array {
  return device.doubles(address + 8 * t * columns, columns)
}

/** Numbers as a file has them: float32, or bfloat16 by its halves. */
export type Raw = Float32Array | Uint16Array

/** A row of float32 on the device, its address. */
export function floatRow(device: DoubleDevice, values: Raw): number {
  const { length: n } = values
  const row = device.allocate(4 * n)
  putRow(device, values, row)
  return row
}

function putRow(device: DoubleDevice, values: Raw, row: number): void {
  const { length: n } = values
  if (values instanceof Float32Array) device.floats(row, n).set(values)
  else
    device.scope(() => {
      const halves = device.allocate(2 * n)
      device.halves(halves, n).set(values)
      device.pool.run('widenHalves', [halves, row, n], Math.ceil(n / PIECE), n < SMALL)
    })
}

/** theirs - base, (T, n), base a row of float32; null where one of them is not finite. */
export function differences(device: DoubleDevice, base: number, n: number, theirs: readonly Raw[]): Matrix | null {
  const rows = theirs.length
  const taus: Matrix = { rows, columns: n, address: device.allocate(8 * rows * n) }
  const isFinite = device.scope(() => {
    const moved = device.allocate(4 * rows * n)
    for (const [t, values] of theirs.entries()) putRow(device, values, moved + 4 * t * n)
    const tiles = rows * piecesOf(taus)
    const words = device.allocate(4 * tiles)
    device.pool.run('differences', [base, moved, taus.address, n, words], tiles, isSmall(taus))
    return device.integers(words, tiles).every((word) => word === 0)
  })
  return isFinite ? taus : null
}

/** float32(base + tau) of each row, in what `place` gives. */
export function movedBy(
  device: DoubleDevice,
  base: number,
  taus: Matrix,
  place = (count: number): Float32Array => new Float32Array(count),
): Float32Array[] {
  const { rows, columns: n } = taus
  return device.scope(() => {
    const out = device.allocate(4 * rows * n)
    device.pool.run('moved', [base, taus.address, out, n], rows * piecesOf(taus), isSmall(taus))
    return Array.from({ length: rows }, (_, t) => {
      const theta = place(n)
      theta.set(device.floats(out + 4 * t * n, n))
      return theta
    })
  })
}

/**
 * Adds to counts (T arrays of 2^16) how many magnitudes have each upper half of their bits as float32, or, of the upper
 * half that is asked of a row, each lower half.
 */
export function countMagnitudes(
  device: DoubleDevice,
  taus: Matrix,
  uppers: readonly (number | null)[],
  counts: readonly Int32Array[],
): void {
  device.scope(() => {
    const [table, asked] = [device.allocate(4 * BINS * taus.rows), device.allocate(4 * taus.rows)]
    const all = device.integers(table, BINS * taus.rows)
    for (const [t, own] of counts.entries()) all.set(own, t * BINS)
    device.integers(asked, taus.rows).set(uppers.map((upper) => upper ?? -1))
    device.pool.run('countMagnitudes', [taus.address, taus.columns, table, asked], taus.rows, isSmall(taus))
    for (const [t, own] of counts.entries()) own.set(all.subarray(t * BINS, (t + 1) * BINS))
  })
}

const words = new Int32Array(1)
const float = new Float32Array(words.buffer)

function bitsOf(x: number): number {
  float[0] = x
  return words[0] ?? 0
}

/** Of each row how many magnitudes are as large as its `size`, up to `most`, and where that many are there, or -1. */
export function tied(
  device: DoubleDevice,
  taus: Matrix,
  asked: readonly { size: number; most: number }[],
): { seen: number; place: number }[] {
  return device.scope(() => {
    const table = device.allocate(8 * taus.rows)
    const rows = device.integers(table, 2 * taus.rows)
    rows.set(asked.flatMap(({ size, most }) => [bitsOf(size), most]))
    device.pool.run('placeOfTied', [taus.address, taus.columns, table], taus.rows, isSmall(taus))
    return asked.map((_, t) => ({ seen: rows[2 * t] ?? 0, place: rows[2 * t + 1] ?? 0 }))
  })
}

/** Elements above a magnitude, and those as large up to a place. */
export interface Among {
  least: number
  last: number
}

/** In place: of each row only what is among them stays; or, dropped, only what is not. */
export function trim(device: DoubleDevice, taus: Matrix, among: readonly Among[], isDropped = false): void {
  device.scope(() => {
    const table = device.allocate(8 * taus.rows)
    device.integers(table, 2 * taus.rows).set(among.flatMap(({ least, last }) => [bitsOf(least), last]))
    const tiles = taus.rows * piecesOf(taus)
    device.pool.run('trim', [taus.address, taus.columns, table, isDropped ? 1 : 0], tiles, isSmall(taus))
  })
}

/** In place, each row by its own factor, 1 where there is none. */
export function scaleRows(device: DoubleDevice, taus: Matrix, by: readonly number[]): void {
  if (by.every((factor) => factor === 1)) return
  device.scope(() => {
    const factors = device.matrix(1, taus.rows)
    device.values(factors).set(Array.from({ length: taus.rows }, (_, t) => by[t] ?? 1))
    const tiles = taus.rows * piecesOf(taus)
    device.pool.run('scaleRows', [taus.address, taus.columns, factors.address], tiles, isSmall(taus))
  })
}

/** sum_i |x_i| of each row, from the first to the last. */
export function sizesOf(device: DoubleDevice, taus: Matrix): number[] {
  return device.scope(() => {
    const sums = device.matrix(1, taus.rows)
    device.pool.run('sizesOfRows', [taus.address, taus.columns, sums.address], taus.rows, isSmall(taus))
    return [...device.values(sums)]
  })
}

/** In place: what has not the sign of its column's sum, or of `byZero` where that is 0, becomes 0. */
export function elect(device: DoubleDevice, taus: Matrix, byZero: number): void {
  device.scope(() => {
    const other = device.matrix(1, 1, [byZero])
    const values = [taus.address, taus.columns, taus.rows, other.address]
    device.pool.run('elect', values, piecesOf(taus), isSmall(taus))
  })
}

/** (1, n): of each column's elements that are not 0 their sum, their weighted mean, or the largest. */
export function agreed(
  device: DoubleDevice,
  taus: Matrix,
  weights: readonly number[],
  how: 'sum' | 'mean' | 'largest',
): Matrix {
  const out: Matrix = { rows: 1, columns: taus.columns, address: device.allocate(8 * taus.columns) }
  device.scope(() => {
    const own = device.matrix(1, taus.rows, weights)
    const which = { sum: 0, mean: 1, largest: 2 }[how]
    const values = [taus.address, taus.columns, taus.rows, own.address, out.address, which]
    device.pool.run('agree', values, piecesOf(taus), isSmall(taus))
  })
  return out
}

interface Chances {
  seed: number
  stream: number
  name: readonly [number, number]
  first: number // place of the row's first element in its tensor
  density: number // above 0, below 1
  by: number // what stays is multiplied by it
}

/**
 * In place, of one row: each element stays by chance, where its random number in [0, 1), word (i mod 4) of Philox at
 * floor(i / 4), is below the density.
 */
export function keepByChance(
  device: DoubleDevice,
  taus: Matrix,
  row: number,
  { seed, stream, name: [a, b], first, density, by }: Chances,
): void {
  const one: Matrix = { rows: 1, columns: taus.columns, address: taus.address + 8 * row * taus.columns }
  device.scope(() => {
    const factor = device.matrix(1, 1, [by])
    const scratch = device.allocate((128 + 320) * device.pool.threads) // the keys of ten rounds behind
    const most = Math.ceil(density * 2 ** 32) - 1 // word / 2^32 < density
    device.pool.run(
      'keepByChance',
      [
        ...[one.address, one.columns, first >>> 0, Math.floor(first / 2 ** 32)],
        ...[seed >>> 0, stream >>> 0, most, factor.address, a | 0, b | 0, scratch],
      ],
      piecesOf(one),
      isSmall(one),
    )
  })
}
