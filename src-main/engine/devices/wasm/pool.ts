// Threads that run our kernels on tfjs' memory. A job is a kernel, its arguments, and a number of tiles; whoever is
// free takes the next tile, the calling thread included. Tickets count tiles through all jobs without end, so that a
// worker that wakes up late sees that its job is over, and nobody ever waits for a worker that has not begun.
// Workers are unref-ed: a program that is done ends by itself.
import { Worker } from 'node:worker_threads'

/** Arguments of a kernel as they lie in memory: pointers and integers, or [float]. */
export type Argument = number | readonly [number]

type Kernel = (job: number, tile: number, thread: number) => void

/**
 * Bytes for the constants of the kernels (assembly/exponential.ts), then for arguments: enough to compose 900 vectors.
 */
export const POOL_BYTES = 8192
const CONSTANTS = 256
const ARGUMENTS = (POOL_BYTES - CONSTANTS) / 4

// Words of the control block. VERSION is odd while a job is being written.
const VERSION = 0
const KERNEL = 1
const FIRST = 2
const TILES = 3
const NEXT = 4
const DONE = 5
const FAILED = 6
const WORDS = 7

export class KernelPool {
  readonly threads: number
  readonly #names: string[]
  readonly #kernels: Kernel[]
  readonly #control = new Int32Array(new SharedArrayBuffer(4 * WORDS))
  readonly #workers: Worker[]
  readonly #job: number
  readonly #integers: Int32Array
  readonly #floats: Float32Array

  /** `base`: the address of POOL_BYTES in `memory`, ours for as long as the pool lives. */
  constructor(module: WebAssembly.Module, memory: WebAssembly.Memory, base: number, threads: number) {
    const job = base + CONSTANTS
    this.threads = threads
    this.#job = job
    this.#integers = new Int32Array(memory.buffer, job, ARGUMENTS)
    this.#floats = new Float32Array(memory.buffer, job, ARGUMENTS)
    const exported = new WebAssembly.Instance(module, { env: { memory } }).exports
    this.#names = WebAssembly.Module.exports(module)
      .filter(({ kind }) => kind === 'function')
      .map(({ name }) => name)
    this.#kernels = this.#names.map((name) => exported[name] as Kernel)
    const prepare = exported['prepare'] as (job: number) => void
    prepare(job)
    const shared = { module, memory, control: this.#control, names: this.#names, job }
    // From source text, so that a bundled program needs no second file.
    const source = `(${serve.toString()})(require('node:worker_threads').workerData)`
    this.#workers = Array.from({ length: threads - 1 }, (_, index) => {
      const worker = new Worker(source, {
        eval: true,
        workerData: { ...shared, thread: index + 1 },
        execArgv: [],
        name: `kernels ${index + 1}`,
      })
      worker.unref()
      return worker
    })
  }

  /** Runs `kernel` on tiles 0 to tiles - 1 and returns when all are done. `small`: not worth waking anyone. */
  run(kernel: string, values: readonly Argument[], tiles: number, small = false): void {
    if (values.length > ARGUMENTS) throw new RangeError(`${values.length} arguments do not fit in a job`)
    values.forEach((value, index) => {
      if (typeof value === 'number') this.#integers[index] = value
      else this.#floats[index] = value[0]
    })
    const number = this.#names.indexOf(kernel)
    const call = this.#kernels[number]
    if (!call) throw new Error(`no kernel is called ${kernel}`)
    if (tiles === 1 || small || this.threads === 1) {
      for (let tile = 0; tile < tiles; tile++) call(this.#job, tile, 0)
    } else {
      this.#share(call, number, tiles)
    }
  }

  #share(call: Kernel, number: number, tiles: number): void {
    const control = this.#control
    const first = Atomics.load(control, NEXT)
    const end = (first + tiles) | 0
    Atomics.add(control, VERSION, 1)
    Atomics.store(control, KERNEL, number)
    Atomics.store(control, FIRST, first)
    Atomics.store(control, TILES, tiles)
    Atomics.add(control, VERSION, 1)
    Atomics.notify(control, VERSION)
    let failure: unknown
    for (;;) {
      const ticket = Atomics.load(control, NEXT)
      if (ticket === end) break
      if (Atomics.compareExchange(control, NEXT, ticket, ticket + 1) !== ticket) continue
      try {
        call(this.#job, (ticket - first) | 0, 0)
      } catch (error) {
        failure = error // thrown only when no worker is at this job any more
      }
      Atomics.add(control, DONE, 1)
    }
    this.#wait(end)
    if (failure) throw failure
    if (Atomics.exchange(control, FAILED, 0)) throw new Error(`a worker failed in the kernel ${this.#names[number]}`)
  }

  // What is left are tiles that workers are computing: rarely long, so look a while before sleeping.
  #wait(end: number): void {
    for (let look = 0; Atomics.load(this.#control, DONE) !== end; look++) {
      if (look < 2000) continue
      const done = Atomics.load(this.#control, DONE)
      if (done !== end) Atomics.wait(this.#control, DONE, done, 1000)
    }
  }

  /** Ends the workers. The pool must not be used afterwards. */
  close(): void {
    for (const worker of this.#workers) void worker.terminate()
  }
}

interface Shared {
  module: WebAssembly.Module
  memory: WebAssembly.Memory
  control: Int32Array
  names: string[]
  job: number
  thread: number
}

/** The whole life of a worker. It is sent as text: nothing from outside this function can be named in it. */
function serve({ module, memory, control, names, job, thread }: Shared): void {
  const [version, kernel, firstWord, tilesWord, next, done, failed] = [0, 1, 2, 3, 4, 5, 6] as const
  const exported = new WebAssembly.Instance(module, { env: { memory } }).exports
  const kernels = names.map((name) => exported[name] as (job: number, tile: number, thread: number) => void)
  let seen = 0
  for (;;) {
    let look = 0
    while (Atomics.load(control, version) === seen && look < 5000) look++
    if (look === 5000) Atomics.wait(control, version, seen)
    const now = Atomics.load(control, version)
    if (now % 2 !== 0 || now === seen) continue
    const call = kernels[Atomics.load(control, kernel)]
    const first = Atomics.load(control, firstWord)
    const tiles = Atomics.load(control, tilesWord)
    if (Atomics.load(control, version) !== now || !call) continue
    seen = now
    for (;;) {
      const ticket = Atomics.load(control, next)
      const tile = (ticket - first) | 0
      if (tile < 0 || tile >= tiles) break
      if (Atomics.compareExchange(control, next, ticket, (ticket + 1) | 0) !== ticket) continue
      try {
        call(job, tile, thread)
      } catch {
        Atomics.store(control, failed, 1)
      }
      Atomics.add(control, done, 1)
      Atomics.notify(control, done)
    }
  }
}
