// A place of its own where models are read into and added up, a slice at a time (wasm/assembly/sums.ts):
//   theta = float32( theta_pre + sum_t c_t (theta_t - theta_pre) ),  in float64 from the first t to the last
// It waits for nobody's work on the float64 device, and its memory is the same for any number of models. What comes out
// has the bits of plain loops in float64.
import { DoubleDevice } from './device.ts'

/** Numbers as a file has them. */
export type Kind = 'F32' | 'BF16' | 'F16'
const kinds = { F32: 0, BF16: 1, F16: 2 } as const satisfies Record<Kind, number>

const PIECE = 4096 // elements of a tile
export const together = 8 // models that are added in one go
const free: Adder[] = []
const kept = 2

export class Adder {
  readonly #device = new DoubleDevice(1)
  readonly #base: number
  readonly #sums: number
  readonly #out: number
  readonly #halves: number
  readonly #factors: number
  readonly #words: number
  /** What models are read into, so many elements each. */
  readonly places: readonly Float32Array[]

  private constructor(elements: number, places: number) {
    const floats = (): number => this.#device.allocate(4 * elements)
    this.#base = floats()
    this.#out = floats()
    this.#halves = this.#device.allocate(2 * elements)
    this.#sums = this.#device.allocate(8 * elements)
    this.#factors = this.#device.allocate(8 * together)
    this.#words = this.#device.allocate(4 * Math.ceil(elements / PIECE))
    const addresses = Array.from({ length: places }, floats)
    this.places = addresses.map((address) => this.#device.floats(address, elements))
  }

  /** With `places` for so many elements, multiples of 64. */
  static lend(elements: number, places: number): Adder {
    return free.pop() ?? new Adder(elements, places)
  }

  /** Nobody reads into its places any more. */
  giveBack(): void {
    if (free.length < kept) free.push(this)
  }

  /** n elements of theta_pre, which lie in the start of one of the places; gives them as float32. */
  begin(model: Float32Array, kind: Kind, n: number): Float32Array {
    this.#run('widen', [model.byteOffset, this.#base, n, kinds[kind]], n)
    return this.#device.floats(this.#base, n)
  }

  /** Adds up to `together` models. Gives theta, and whether all of it is finite, when they are the last. */
  add(
    models: readonly { values: Float32Array; c: number }[],
    { kind, n, isFirst, isLast }: { kind: Kind; n: number; isFirst: boolean; isLast: boolean },
  ): { values: Float32Array; isFinite: boolean } {
    this.#device.doubles(this.#factors, models.length).set(models.map(({ c }) => c))
    const flags = (isFirst ? 1 : 0) + (isLast ? 2 : 0)
    const places = [this.#base, this.#sums, this.#out, n, this.#words, this.#factors]
    const addresses = models.map(({ values }) => values.byteOffset)
    this.#run('addUp', [...places, flags, kinds[kind], models.length, ...addresses], n)
    return { values: this.#device.floats(this.#out, n), isFinite: isLast && this.#isRight(n) }
  }

  /** The last theta as bfloat16, to nearest even; null where a number is not finite or would not be. */
  bfloat16(n: number): Uint16Array | null {
    this.#run('toBfloat16', [this.#out, this.#halves, n, this.#words], n)
    return this.#isRight(n) ? this.#device.halves(this.#halves, n) : null
  }

  #run(kernel: string, values: readonly number[], n: number): void {
    this.#device.heavy.run(kernel, values, Math.ceil(n / PIECE))
  }

  #isRight(n: number): boolean {
    return this.#device.integers(this.#words, Math.ceil(n / PIECE)).every((word) => word === 0)
  }
}
