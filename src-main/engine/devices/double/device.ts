// Matrices in float64 on the processor's threads, whatever engine runs the models: the kernels of
// wasm/assembly/doubles.ts on a memory of their own. A product and a sum are rounded apart there, so that a merge has the
// same bits on every machine and can be verified by doing it again. Matrices lie in that memory, row after row, and go
// as a stack does: what is made within `scope` is gone after it.
import { availableParallelism } from 'node:os'

import { loadKernels } from '../wasm/kernel-files.ts'
import { KernelPool, POOL_BYTES } from '../wasm/pool.ts'
import { compiledKernels, type HeavyKernels } from './compiled.ts'

export interface Matrix {
  readonly rows: number
  readonly columns: number
  readonly address: number
}

const portable = { panel: 4, across: 16 }
const PAGE = 2 ** 16
const MOST_PAGES = 2 ** 16
const MOST_THREADS = 16

export class DoubleDevice {
  readonly pool: KernelPool
  readonly heavy: HeavyKernels
  readonly #memory: WebAssembly.Memory
  #top: number

  constructor(threads = Math.min(MOST_THREADS, availableParallelism()), compiled = compiledKernels) {
    const memory = new WebAssembly.Memory({ initial: 1, maximum: MOST_PAGES, shared: true })
    this.#memory = memory
    this.#top = POOL_BYTES
    const pool = new KernelPool(loadKernels().module, memory, 0, threads)
    this.pool = pool
    this.heavy = compiled(memory, threads) ?? { ...portable, run: (...job) => pool.run(...job) }
  }

  /** `bytes` that nothing else has until the scope ends; multiples of 64. Throws a RangeError beyond 4 GiB. */
  allocate(bytes: number): number {
    const address = this.#top
    this.#top += 64 * Math.ceil(bytes / 64)
    const lacking = this.#top - this.#memory.buffer.byteLength
    if (lacking > 0) this.#memory.grow(Math.ceil(lacking / PAGE))
    return address
  }

  /** All zero, or these numbers, row after row. */
  matrix(rows: number, columns: number, values?: ArrayLike<number>): Matrix {
    const made = { rows, columns, address: this.allocate(8 * rows * columns) }
    const view = this.values(made)
    if (values) view.set(values)
    else view.fill(0)
    return made
  }

  /** A matrix's numbers where they lie: good until its scope ends. */
  values({ rows, columns, address }: Matrix): Float64Array<SharedArrayBuffer> {
    return this.doubles(address, rows * columns)
  }

  doubles(address: number, count: number): Float64Array<SharedArrayBuffer> {
    return new Float64Array(this.#memory.buffer, address, count)
  }

  floats(address: number, count: number): Float32Array<SharedArrayBuffer> {
    return new Float32Array(this.#memory.buffer, address, count)
  }

  halves(address: number, count: number): Uint16Array<SharedArrayBuffer> {
    return new Uint16Array(this.#memory.buffer, address, count)
  }

  integers(address: number, count: number): Int32Array<SharedArrayBuffer> {
    return new Int32Array(this.#memory.buffer, address, count)
  }

  /** What it makes on the device is gone after it. */
  scope<T>(work: () => T): T {
    const end = this.mark()
    try {
      return work()
    } finally {
      end()
    }
  }

  /** Gives what ends a scope that begins now: for work that waits in between. */
  mark(): () => void {
    const top = this.#top
    return () => {
      this.#top = top
    }
  }

  get bytes(): number {
    return this.#memory.buffer.byteLength
  }

  close(): void {
    this.pool.close()
  }
}
