// The wasm backend in plain Node: tfjs' own kernels on one thread, ours on a pool of threads, both on one shared memory
// of at most 4 GiB. A `WasmDevice` lives from openWasm() to close(); there is one at a time, as tfjs knows one backend
// by the name 'wasm'. Tensors made on it die with it.
import { createRequire } from 'node:module'

import type { Tensor } from '../tensor.ts'
import { tf } from '../tf.ts'
import { own, tfLifetimes } from '../tf-tensors.ts'
import { loadKernels } from './kernel-files.ts'
import type { WasmModule } from './module.ts'
import { startWasmModule } from './module.ts'
import { KernelPool, POOL_BYTES } from './pool.ts'

const require = createRequire(import.meta.url)

/** What we use of tfjs' BackendWasm: a tensor is a record with an address. */
type BackendWasm = InstanceType<typeof tf.KernelBackend> & {
  dataIdMap: { get(id: object): { memoryOffset: number } }
  makeOutput(shape: number[], dtype: 'float32'): { dataId: object; shape: number[]; dtype: 'float32' }
}

interface BackendWasmPackage {
  BackendWasm: new (module: WasmModule) => BackendWasm
  setThreadsCount(threads: number): void
  version_wasm: string
}

export class WasmDevice {
  readonly pool: KernelPool
  readonly simd: string
  readonly #module: WasmModule
  readonly #backend: BackendWasm
  readonly #scratch = new Map<string, { pointer: number; bytes: number }>()

  constructor(module: WasmModule, backend: BackendWasm, kernels: ReturnType<typeof loadKernels>, threads: number) {
    this.#module = module
    this.#backend = backend
    this.simd = kernels.simd
    this.pool = new KernelPool(kernels.module, module.wasmMemory, module._malloc(POOL_BYTES), threads)
  }

  /** Bytes that the shared memory has grown to: it never shrinks. */
  get bytes(): number {
    return this.#module.wasmMemory.buffer.byteLength
  }

  /** A new float32 tensor, not set to anything. Throws RangeError when the 4 GiB are full. */
  output<T extends Tensor>(shape: T['shape']): T {
    const made = this.#backend.makeOutput([...shape], 'float32')
    const info = made as Parameters<ReturnType<typeof tf.engine>['makeTensorFromTensorInfo']>[0]
    return tf.engine().makeTensorFromTensorInfo(info) as unknown as T
  }

  /** The same, which outlives every scope. */
  kept<T extends Tensor>(shape: T['shape']): T {
    return tfLifetimes.keep(this.output<T>(shape))
  }

  /** Where a tensor's numbers lie; valid until it is disposed. Tensors are the places of other numbers than floats too. */
  readonly address = (tensor: Tensor): number => {
    const { dtype, dataId } = own(tensor)
    if (dtype !== 'float32') throw new TypeError(`a kernel computes in float32, not ${dtype}`)
    return this.#backend.dataIdMap.get(dataId).memoryOffset
  }

  /** The memory kept under `name`, at least `bytes` long; what was in it is gone when it had to grow. */
  scratch(name: string, bytes: number): number {
    const present = this.#scratch.get(name)
    if (present && present.bytes >= bytes) return present.pointer
    if (present) this.#module._free(present.pointer)
    this.#scratch.delete(name)
    const pointer = this.#module._malloc(bytes)
    this.#scratch.set(name, { pointer, bytes })
    return pointer
  }

  /**
   * A copy of `count` floats or doubles at `pointer`. The view is made anew: growth of the memory outdates older ones.
   */
  floats(pointer: number, count: number): Float32Array<ArrayBuffer> {
    return new Float32Array(this.#module.wasmMemory.buffer, pointer, count).slice() as Float32Array<ArrayBuffer>
  }

  doubles(pointer: number, count: number): Float64Array<ArrayBuffer> {
    return new Float64Array(this.#module.wasmMemory.buffer, pointer, count).slice() as Float64Array<ArrayBuffer>
  }

  write(pointer: number, values: Uint8Array | Int32Array | Float32Array): void {
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
    new Uint8Array(this.#module.wasmMemory.buffer, pointer, bytes.length).set(bytes)
  }

  copy(from: number, to: number, bytes: number): void {
    const { buffer } = this.#module.wasmMemory
    new Uint8Array(buffer, to, bytes).set(new Uint8Array(buffer, from, bytes))
  }

  clear(pointer: number, bytes: number): void {
    new Uint8Array(this.#module.wasmMemory.buffer, pointer, bytes).fill(0)
  }

  /** Ends the threads and drops the memory. */
  close(): void {
    this.pool.close()
    tf.removeBackend('wasm')
  }
}

/** Starts the backend, makes it tfjs' current one, and returns the device and the version of tfjs-backend-wasm. */
export async function openWasm(threads: number, folder?: string): Promise<{ device: WasmDevice; version: string }> {
  const kernels = loadKernels(folder)
  const { BackendWasm, setThreadsCount, version_wasm } = require('@tensorflow/tfjs-backend-wasm') as BackendWasmPackage
  const module = await startWasmModule()
  setThreadsCount(1)
  const backend = new BackendWasm(module)
  // The package has registered its own way to start, which does not work in Node.
  if (tf.findBackendFactory('wasm')) tf.removeBackend('wasm')
  tf.registerBackend('wasm', () => backend)
  if (!(await tf.setBackend('wasm'))) throw new Error('TensorFlow.js refused the wasm backend.')
  return { device: new WasmDevice(module, backend, kernels, threads), version: version_wasm }
}
