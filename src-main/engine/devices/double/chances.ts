// Task vectors that lose elements by chance, in one go from what the files have to where they lead (wasm/assembly/
// chances.ts): nothing of them is written down in between. An element stays where its random number in [0, 1), word
// (i mod 4) of Philox at floor(i / 4), is below the density:
//   theta = float32( base + m tau by factor weight / divisor ),   sums |tau|, |m tau by|
// The bits are those of plain loops in float64.
import type { DoubleDevice } from './device.ts'
import type { Raw } from './rows.ts'

const PIECE = 4096 // elements of a tile
const SMALL = 2 ** 14 // elements below which no thread is woken
const ROW = 48 // bytes of a row's table
const SCRATCH = 256 + 320 // bytes of a thread
const ROOM = 64 // bytes before and behind a row: kernels look at sixteen elements at a time

/** Models as their files have them, and where in their tensor their elements begin. */
export interface Stretch {
  still: Raw
  theirs: readonly Raw[]
  first: number
  seed: number
  stream: number
}

/** Of one vector. */
export interface Chance {
  density: number // below 0 as 0, above 1 as 1
  by: number // what stays by chance is multiplied by it
  name: readonly [number, number]
}

/** Of one vector, what its elements are multiplied by afterwards, in this order. */
export interface Scaling {
  factor: number
  weight: number
  divisor: number
}

/** Which elements stay, by a bit each, of a stretch that was drawn: so that nothing is drawn twice. */
export type Drawn = Uint16Array

/** [sum |tau|, sum |m tau by|] of each vector, and what was drawn; null where one of them is not finite. */
export function sizesByChance(
  device: DoubleDevice,
  stretch: Stretch,
  chances: readonly Chance[],
): { sizes: [number, number][]; drawn: Drawn } | null {
  return device.scope(() => {
    const { still, theirs } = stretch
    const sums = device.allocate(16 * theirs.length)
    const plain = chances.map((chance) => ({ ...chance, factor: 1, weight: 1, divisor: 1 }))
    const { values, bits, count } = placed(device, stretch, plain, sums)
    device.heavy.run('sizesByChance', values, theirs.length, theirs.length * still.length < SMALL)
    const found = device.doubles(sums, 2 * theirs.length)
    if (!found.every(Number.isFinite)) return null
    const sizes = theirs.map((_, t): [number, number] => [found[2 * t] ?? 0, found[2 * t + 1] ?? 0])
    return { sizes, drawn: device.halves(bits, count).slice() }
  })
}

/** Theta of each vector into `out`, by what was drawn of the same stretch where that is known; false where a tau is not finite. */
export function movedByChance(
  device: DoubleDevice,
  stretch: Stretch,
  rows: readonly (Chance & Scaling)[],
  out: readonly Float32Array[],
  drawn?: Drawn,
): boolean {
  return device.scope(() => {
    const n = stretch.still.length
    const stride = 16 * Math.ceil((n + ROOM / 2) / 16)
    const moved = device.allocate(4 * stride * rows.length + ROOM) + ROOM
    const tiles = rows.length * Math.ceil(n / PIECE)
    const words = device.allocate(4 * tiles)
    const { values } = placed(device, stretch, rows, moved, drawn)
    values.push(words, stride)
    device.heavy.run('movedByChance', values, tiles, rows.length * n < SMALL)
    for (const [t, theta] of out.entries()) theta.set(device.floats(moved + 4 * stride * t, n))
    return device.integers(words, tiles).every((word) => word === 0)
  })
}

const modes = { none: 0, chance: 1, all: 2, known: 3 } as const

/** The arguments that both kernels begin with; and the bits, that many. */
function placed(
  device: DoubleDevice,
  { still, theirs, first, seed, stream }: Stretch,
  rows: readonly (Chance & Scaling)[],
  out: number,
  drawn?: Drawn,
): { values: number[]; bits: number; count: number } {
  const base = put(device, still)
  const models = device.allocate(8 * theirs.length)
  device.integers(models, 2 * theirs.length).set(theirs.flatMap((values) => [put(device, values), isHalf(values)]))
  const table = device.allocate(ROW * rows.length)
  for (const [t, { density, by, name, factor, weight, divisor }] of rows.entries()) {
    const isChance = density > 0 && density < 1
    const mode = density <= 0 ? modes.none : density >= 1 ? modes.all : drawn ? modes.known : modes.chance
    const most = Math.ceil(density * 2 ** 32) - 1 // word / 2^32 < density
    device.doubles(table + ROW * t, 4).set([isChance ? by : 1, factor, weight, divisor])
    device.integers(table + ROW * t + 32, 4).set([mode, most, ...name])
  }
  const place = [first >>> 0, Math.floor(first / 2 ** 32)]
  const sixteens = Math.ceil((still.length + 15) / 16)
  const count = sixteens * rows.length
  const bits = device.allocate(2 * count)
  if (drawn) device.halves(bits, count).set(drawn)
  const scratch = device.allocate(SCRATCH * device.pool.threads)
  const given = [base, still.length, ...place, seed >>> 0, stream >>> 0, isHalf(still), models, table]
  return { values: [...given, out, scratch, bits, sixteens], bits, count }
}

const isHalf = (values: Raw): number => (values instanceof Float32Array ? 0 : 1)

/** With zeros around it, which no sum is changed by. */
function put(device: DoubleDevice, values: Raw): number {
  const { byteLength: bytes, length: n } = values
  const address = device.allocate(bytes + 2 * ROOM) + ROOM
  for (const end of [address - ROOM, address + bytes]) device.halves(end, ROOM / 2).fill(0)
  const place = values instanceof Float32Array ? device.floats(address, n) : device.halves(address, n)
  place.set(values)
  return address
}
