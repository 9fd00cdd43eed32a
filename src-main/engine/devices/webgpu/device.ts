// The WebGPU device as operations see it, from its opening to `close`: tensors on it, kernels run on them, numbers read
// back. Everything is handed over and not waited for, `read` aside, which also throws whatever went wrong before it.
import type { Tensor } from '../tensor.ts'
import { Commands, type Workgroups } from './commands.ts'
import { Faults } from './faults.ts'
import type { Kernel } from './kernel.ts'
import { BufferPool } from './pool.ts'
import { own, Tensors } from './tensors.ts'
import { waitFor } from './waiting.ts'

export interface GpuLimits {
  maxBufferSize: number
  maxStorageBufferBindingSize: number
  maxComputeWorkgroupStorageSize: number // bytes
  maxComputeInvocationsPerWorkgroup: number
  maxComputeWorkgroupSizeX: number
  maxComputeWorkgroupsPerDimension: number
  maxStorageBuffersPerShaderStage: number
}

export interface GpuPlace {
  device: GPUDevice
  /** What may be taken of its memory, bytes. */
  bound(): number
}

export class WebGpuDevice {
  readonly limits: GpuLimits
  readonly features: ReadonlySet<string>
  readonly tensors: Tensors
  readonly #device: GPUDevice
  readonly #faults: Faults
  readonly #commands: Commands
  readonly #pool: BufferPool

  constructor({ device, bound }: GpuPlace) {
    this.#device = device
    this.limits = device.limits
    this.features = device.features
    this.#faults = new Faults(device)
    this.#commands = new Commands(device, this.#faults)
    this.#pool = new BufferPool({
      device,
      faults: this.#faults,
      bound,
      largest: Math.min(device.limits.maxBufferSize, device.limits.maxStorageBufferBindingSize),
      submit: () => this.#commands.submit(),
      forget: (id) => this.#commands.forget(id),
    })
    this.tensors = new Tensors(this.#pool)
  }

  /** Bytes taken of the device, buffers that wait for reuse too. */
  get bytes(): number {
    return this.#pool.bytes
  }

  /** A new tensor, not set to anything. Throws RangeError where no more may be taken. */
  output<T extends Tensor>(shape: T['shape']): T {
    return this.tensors.make(shape)
  }

  /** The same, which outlives every scope. */
  kept<T extends Tensor>(shape: T['shape']): T {
    return this.tensors.lifetimes.keep(this.output<T>(shape))
  }

  /** The numbers of x in another shape of as many; nothing is copied. */
  reshaped<T extends Tensor>(x: Tensor, shape: T['shape']): T {
    return this.tensors.share(own(x), shape)
  }

  /** A kernel on tensors, what it reads and then what it writes, with its words; none may be read and written. */
  run(kernel: Kernel, tensors: readonly Tensor[], workgroups: Workgroups, words: readonly number[] = []): void {
    const bound = tensors.map((tensor) => ({ held: own(tensor).held, bytes: 4 * Math.max(1, tensor.size) }))
    this.#commands.run(kernel, bound, workgroups, words)
  }

  /** values on the device from element `at` on, copied: they may be written over afterwards. */
  write(x: Tensor, values: Uint8Array | Int32Array | Float32Array, at = 0): void {
    this.#commands.write(own(x).held, values, 4 * at)
  }

  /** All of x into another tensor, from its element `at` on. */
  copy(x: Tensor, to: Tensor, at = 0): void {
    if (x.size > 0) this.#commands.copy(own(x).held, own(to).held, 4 * x.size, 4 * at)
  }

  clear(x: Tensor): void {
    this.#commands.clear(own(x).held, 4 * Math.max(1, x.size))
  }

  /** The numbers of each, by one map for all. Throws what went wrong since the last. */
  async read(all: readonly Tensor[]): Promise<Float32Array[]> {
    this.#faults.watch()
    const bytes = Math.max(4, 4 * all.reduce((sum, { size }) => sum + size, 0))
    const { MAP_READ, COPY_DST } = GPUBufferUsage
    const place = this.#device.createBuffer({ size: bytes, usage: MAP_READ | COPY_DST })
    let at = 0
    for (const x of all) {
      if (x.size > 0) this.#commands.copy(own(x).held, place, 4 * x.size, at)
      at += 4 * x.size
    }
    this.#commands.submit()
    try {
      const values = await waitFor(this.#mapped(place))
      let end = 0
      return all.map(({ size }) => {
        end += size
        return values.slice(end - size, end)
      })
    } finally {
      place.destroy()
    }
  }

  async #mapped(place: GPUBuffer): Promise<Float32Array> {
    const map = place.mapAsync(GPUMapMode.READ).then(
      () => null,
      (error: unknown) => error,
    )
    try {
      await this.#faults.check()
      const failed = await map
      await this.#faults.check() // it may have been lost meanwhile
      if (failed) throw failed
    } catch (error) {
      this.#pool.settle(true)
      throw error
    }
    this.#pool.settle(false)
    const values = new Float32Array(place.getMappedRange().slice(0))
    place.unmap()
    return values
  }

  /** Tensors made on it are gone. */
  close(): void {
    this.#commands.submit()
    this.#device.destroy()
  }
}

/** Workgroups for so many of them in a row: x and y, with x from `num_workgroups`. */
export function inRows(workgroups: number): Workgroups {
  const most = 65_535
  return workgroups <= most ? [workgroups] : [most, Math.ceil(workgroups / most)]
}
