// Buffers on the device, kept for reuse when nobody holds them any more: a step allocates what the step before it did,
// and so nothing. Sizes are rounded up to a sixteenth of their power of two, so that a buffer serves tensors of about
// its size. Commands run in the order they are given, so a buffer may be handed on before what read it last has run.
// Dawn does not throw where memory is full: a buffer made since the last word of the device may be none (`settle`).
import type { Faults } from './faults.ts'

const least = 256 // bytes
const idleReads = 64 // after which a buffer that nobody took goes

export interface Held {
  readonly id: number
  readonly buffer: GPUBuffer
  readonly bytes: number
  users: number
  chunk: number // of commands, the last that used it
}

export interface PoolPlace {
  device: GPUDevice
  faults: Faults
  /** Bytes that may be taken; and of one buffer. */
  bound(): number
  largest: number
  /** Commands given so far are on their way: a buffer they use may be destroyed. */
  submit(): void
  /** The buffer is no more. */
  forget(id: number): void
}

export class BufferPool {
  #bytes = 0 // of all buffers
  #next = 1
  #reads = 0
  readonly #place: PoolPlace
  readonly #free = new Map<number, { held: Held; since: number }[]>() // by size
  #unproven: Held[] = []
  readonly #broken = new Set<Held>()

  constructor(place: PoolPlace) {
    this.#place = place
  }

  /** All that is taken of the device, free buffers too. */
  get bytes(): number {
    return this.#bytes
  }

  /** What was in it before is in it still. Throws RangeError where the bound is reached. */
  take(wanted: number): Held {
    const bytes = rounded(wanted)
    const free = this.#free.get(bytes)?.pop()
    if (free) {
      free.held.users = 1
      return free.held
    }
    const { device, faults, largest, bound } = this.#place
    if (wanted > largest) throw full(wanted, `one buffer may hold ${largest}`)
    if (this.#bytes + bytes > bound()) this.trim()
    if (this.#bytes + bytes > bound()) throw full(wanted, `${this.#bytes} of ${Math.floor(bound())} are taken`)
    faults.watch()
    const { STORAGE, COPY_SRC, COPY_DST } = GPUBufferUsage
    const buffer = device.createBuffer({ size: bytes, usage: STORAGE | COPY_SRC | COPY_DST })
    const held = { id: this.#next++, buffer, bytes, users: 1, chunk: -1 }
    this.#bytes += bytes
    this.#unproven.push(held)
    return held
  }

  /** One user less; the last gives it back. */
  release(held: Held): void {
    held.users--
    if (held.users > 0) return
    if (this.#broken.delete(held)) {
      this.#destroy(held)
      return
    }
    const list = this.#free.get(held.bytes) ?? []
    list.push({ held, since: this.#reads })
    this.#free.set(held.bytes, list)
  }

  /** Frees what nobody holds, or has held for long. */
  trim(idle = 0): void {
    let submitted = false
    for (const [bytes, list] of this.#free) {
      const stay = list.filter(({ since }) => this.#reads - since < idle)
      if (stay.length === list.length) continue
      if (!submitted) this.#place.submit()
      submitted = true
      for (const one of list) if (!stay.includes(one)) this.#destroy(one.held)
      if (stay.length > 0) this.#free.set(bytes, stay)
      else this.#free.delete(bytes)
    }
  }

  /** The device has answered: buffers made before are whole, or, where it failed, may be none. */
  settle(failed: boolean): void {
    this.#reads++
    if (failed) {
      this.trim()
      for (const held of this.#unproven) if (held.users > 0) this.#broken.add(held)
    } else this.trim(idleReads)
    this.#unproven = []
  }

  #destroy(held: Held): void {
    this.#bytes -= held.bytes
    this.#unproven = this.#unproven.filter((one) => one !== held)
    this.#place.forget(held.id)
    held.buffer.destroy()
  }
}

/** Up to a sixteenth of its power of two. */
function rounded(bytes: number): number {
  const step = Math.max(least, 2 ** (Math.floor(Math.log2(Math.max(1, bytes))) - 4))
  return Math.max(least, Math.ceil(bytes / step) * step)
}

function full(bytes: number, why: string): RangeError {
  return new RangeError(`WebGPU failed to allocate ${bytes} bytes: ${why}`)
}
