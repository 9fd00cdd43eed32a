// Commands to the device: dispatches of kernels, recorded and handed over in chunks, so that the device begins while
// the host goes on; no answer is waited for. Pipelines are made once for a kernel's text, bind groups once for a
// layout and its buffers. The words of a chunk's dispatches lie one behind the other in one uniform buffer, which is
// written when the chunk is handed over: queues keep order, so a chunk before it has read its own.
import type { Faults } from './faults.ts'
import type { Kernel } from './kernel.ts'
import type { Held } from './pool.ts'

const chunkDispatches = 64
const slot = 256 // bytes, what a uniform's offset is a multiple of
const chunkBytes = 4 * slot * chunkDispatches
const mostGroups = 4096 // bind groups kept

/** Part of a buffer that a kernel sees, from its beginning. */
export interface Bound {
  held: Held
  bytes: number
}

/** Workgroups in x, y and z. */
export type Workgroups = readonly [number, number?, number?]

interface Layout {
  id: number
  group: GPUBindGroupLayout
  pipeline: GPUPipelineLayout
}

export class Commands {
  readonly #device: GPUDevice
  readonly #faults: Faults
  readonly #words: GPUBuffer
  readonly #staged = new ArrayBuffer(chunkBytes)
  readonly #view = new DataView(this.#staged)
  readonly #layouts = new Map<string, Layout>()
  readonly #pipelines = new Map<string, GPUComputePipeline>()
  readonly #known = new WeakMap<Kernel, { pipeline: GPUComputePipeline; layout: Layout }>()
  readonly #groups = new Map<string, GPUBindGroup>()
  readonly #groupsOf = new Map<number, Set<string>>() // by buffer
  #encoder: GPUCommandEncoder | undefined
  #pass: GPUComputePassEncoder | undefined
  #filled = 0 // bytes of words
  #dispatches = 0
  #chunk = 0

  constructor(device: GPUDevice, faults: Faults) {
    this.#device = device
    this.#faults = faults
    faults.watch()
    this.#words = device.createBuffer({ size: chunkBytes, usage: GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST })
  }

  run(kernel: Kernel, bound: readonly Bound[], [x, y = 1, z = 1]: Workgroups, words: readonly number[]): void {
    if (bound.length !== kernel.reads + kernel.writes || words.length !== kernel.lanes.length)
      throw new RangeError(
        `${kernel.name}: ${bound.length} tensors and ${words.length} words, not ${kernel.reads + kernel.writes} and ${kernel.lanes.length}`,
      )
    if (x * y * z === 0) return
    this.#faults.watch()
    const { pipeline, layout } = this.#pipelineOf(kernel)
    const wordBytes = roundUp(4 * words.length, slot)
    if (this.#filled + wordBytes > chunkBytes || this.#dispatches >= chunkDispatches) this.submit()
    const at = this.#filled
    for (const [i, value] of words.entries())
      if (kernel.lanes[i] === 'u32') this.#view.setUint32(at + 4 * i, value, true)
      else this.#view.setFloat32(at + 4 * i, value, true)
    this.#filled += wordBytes
    this.#dispatches++
    this.#faults.watch() // a chunk may have ended
    this.#encoder ??= this.#device.createCommandEncoder()
    this.#pass ??= this.#encoder.beginComputePass()
    this.#pass.setPipeline(pipeline)
    this.#pass.setBindGroup(0, this.#groupOf(layout, kernel, bound), words.length > 0 ? [at] : [])
    this.#pass.dispatchWorkgroups(x, y, z)
    for (const { held } of bound) held.chunk = this.#chunk
  }

  /** bytes of one buffer into another. */
  copy(from: Held, to: GPUBuffer | Held, bytes: number, at = 0): void {
    this.#outside().copyBufferToBuffer(from.buffer, 0, 'buffer' in to ? to.buffer : to, at, bytes)
    from.chunk = this.#chunk
    if ('buffer' in to) to.chunk = this.#chunk
  }

  clear(held: Held, bytes: number): void {
    this.#outside().clearBuffer(held.buffer, 0, bytes)
    held.chunk = this.#chunk
  }

  /** values, copied, into a buffer, in its turn: behind all commands so far. */
  write(held: Held, values: ArrayBufferView, at = 0): void {
    if (held.chunk === this.#chunk) this.submit()
    this.#faults.watch()
    const whole = values.byteLength - (values.byteLength % 4)
    const { buffer, byteOffset } = values
    if (whole > 0) this.#device.queue.writeBuffer(held.buffer, at, buffer as ArrayBuffer, byteOffset, whole)
    if (whole === values.byteLength) return
    const rest = new Uint8Array(4) // a write is of whole words
    rest.set(new Uint8Array(buffer, byteOffset + whole, values.byteLength - whole))
    this.#device.queue.writeBuffer(held.buffer, at + whole, rest)
  }

  /** Hands over what was recorded. */
  submit(): void {
    if (this.#encoder) {
      this.#pass?.end()
      if (this.#filled > 0) this.#device.queue.writeBuffer(this.#words, 0, this.#staged, 0, this.#filled)
      this.#device.queue.submit([this.#encoder.finish()])
      this.#encoder = undefined
      this.#pass = undefined
      this.#filled = 0
      this.#dispatches = 0
      this.#chunk++
    }
    this.#faults.closed()
  }

  /** The buffer is no more: nor are bind groups with it. */
  forget(id: number): void {
    for (const key of this.#groupsOf.get(id) ?? []) this.#groups.delete(key)
    this.#groupsOf.delete(id)
  }

  /** An encoder that is not within a pass. */
  #outside(): GPUCommandEncoder {
    this.#faults.watch()
    this.#pass?.end()
    this.#pass = undefined
    this.#encoder ??= this.#device.createCommandEncoder()
    return this.#encoder
  }

  #pipelineOf(kernel: Kernel): { pipeline: GPUComputePipeline; layout: Layout } {
    const known = this.#known.get(kernel)
    if (known) return known
    const layout = this.#layoutOf(kernel)
    const pipeline =
      this.#pipelines.get(kernel.text) ??
      this.#device.createComputePipeline({
        label: kernel.name,
        layout: layout.pipeline,
        compute: {
          module: this.#device.createShaderModule({ label: kernel.name, code: kernel.text }),
          entryPoint: 'main',
        },
      })
    this.#pipelines.set(kernel.text, pipeline)
    this.#known.set(kernel, { pipeline, layout })
    return { pipeline, layout }
  }

  #layoutOf({ reads, writes, lanes }: Kernel): Layout {
    const key = `${reads} ${writes} ${lanes.length > 0}`
    const present = this.#layouts.get(key)
    if (present) return present
    const visibility = GPUShaderStage.COMPUTE
    const entries: GPUBindGroupLayoutEntry[] = Array.from({ length: reads + writes }, (_, i) => ({
      binding: i + 1,
      visibility,
      buffer: { type: i < reads ? 'read-only-storage' : 'storage' },
    }))
    if (lanes.length > 0) entries.push({ binding: 0, visibility, buffer: { type: 'uniform', hasDynamicOffset: true } })
    const group = this.#device.createBindGroupLayout({ entries })
    const made = {
      id: this.#layouts.size,
      group,
      pipeline: this.#device.createPipelineLayout({ bindGroupLayouts: [group] }),
    }
    this.#layouts.set(key, made)
    return made
  }

  #groupOf(layout: Layout, { lanes }: Kernel, bound: readonly Bound[]): GPUBindGroup {
    const key = `${layout.id} ${lanes.length} ${bound.map(({ held, bytes }) => `${held.id}:${bytes}`).join()}`
    const present = this.#groups.get(key)
    if (present) return present
    if (this.#groups.size >= mostGroups) {
      this.#groups.clear()
      this.#groupsOf.clear()
    }
    const entries: GPUBindGroupEntry[] = bound.map(({ held, bytes }, i) => ({
      binding: i + 1,
      resource: { buffer: held.buffer, size: roundUp(bytes, 16) },
    }))
    if (lanes.length > 0)
      entries.push({ binding: 0, resource: { buffer: this.#words, size: roundUp(4 * lanes.length, 16) } })
    const made = this.#device.createBindGroup({ layout: layout.group, entries })
    this.#groups.set(key, made)
    for (const { held } of bound) {
      const of = this.#groupsOf.get(held.id) ?? new Set()
      this.#groupsOf.set(held.id, of.add(key))
    }
    return made
  }
}

function roundUp(value: number, step: number): number {
  return Math.ceil(value / step) * step
}
