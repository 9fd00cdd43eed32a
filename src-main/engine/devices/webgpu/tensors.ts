// Tensors of the WebGPU engine: a shape, and a buffer that several may share, as no operation writes into what it was
// given. They live until they are disposed, or with their scope.
import type { Ops, Scope } from '../ops.ts'
import type { Tensor } from '../tensor.ts'
import type { BufferPool, Held } from './pool.ts'

export class GpuTensor<S extends readonly number[] = readonly number[]> implements Tensor {
  readonly shape: S
  readonly size: number
  readonly held: Held
  isKept = false
  isDisposed = false
  readonly #tensors: Tensors

  constructor(tensors: Tensors, shape: S, held: Held) {
    this.#tensors = tensors
    this.shape = shape
    this.size = sizeOf(shape)
    this.held = held
  }

  dispose(): void {
    if (this.isDisposed) return
    this.isDisposed = true
    this.#tensors.gone(this)
  }
}

/** Who makes tensors, and knows those that live. */
export class Tensors {
  readonly #pool: BufferPool
  #scopes: GpuTensor[][] = []
  #count = 0
  #bytes = 0

  constructor(pool: BufferPool) {
    this.#pool = pool
  }

  /** Its numbers are whatever was there. */
  make<T extends Tensor>(shape: T['shape']): T {
    return this.#made(shape, this.#pool.take(4 * Math.max(1, sizeOf(shape))))
  }

  /** The same numbers in another shape of as many. */
  share<T extends Tensor>(x: GpuTensor, shape: T['shape']): T {
    x.held.users++
    return this.#made(shape, x.held)
  }

  gone(x: GpuTensor): void {
    this.#count--
    this.#bytes -= 4 * x.size
    this.#pool.release(x.held)
  }

  memory(): { tensors: number; bytes: number } {
    return { tensors: this.#count, bytes: this.#bytes }
  }

  readonly lifetimes: Pick<Ops, 'scope' | 'keep'> = {
    scope: () => this.#scope(),
    keep(x) {
      own(x).isKept = true
      return x
    },
  }

  #made<T extends Tensor>(shape: T['shape'], held: Held): T {
    const made = new GpuTensor(this, shape, held)
    this.#count++
    this.#bytes += 4 * made.size
    this.#scopes.at(-1)?.push(made)
    return made as unknown as T
  }

  #scope(): Scope {
    const made: GpuTensor[] = []
    return {
      run: (work) => {
        this.#scopes.push(made)
        try {
          return work()
        } finally {
          this.#scopes.pop()
        }
      },
      dispose() {
        for (const tensor of made) if (!tensor.isKept) tensor.dispose()
        made.length = 0
      },
    }
  }
}

/** x, which must live on this engine. */
export function own(x: Tensor): GpuTensor {
  if (!(x instanceof GpuTensor)) throw new TypeError(`a tensor [${x.shape}] of another engine`)
  if (x.isDisposed) throw new TypeError(`a tensor [${x.shape}] that was disposed`)
  return x
}

function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, n) => product * n, 1)
}
