// Picks, starts and names the TensorFlow.js backend: native TensorFlow where it is installed (on a GPU or not), else
// wasm with our own kernels, which runs everywhere. Nothing else in the program names a backend.
// BASIL_BACKEND=native or wasm forces one, whatever was preferred; BASIL_THREADS is the number of threads and
// BASIL_ADDON the native addon when none is given.
import { availableParallelism, totalmem } from 'node:os'

import type { Native } from './native/backend.ts'
import { openNative } from './native/backend.ts'
import { tfOps } from './native/ops.ts'
import type { Ops } from './ops.ts'
import { tf } from './tf.ts'
import { openWasm } from './wasm/backend.ts'
import { wasmOps } from './wasm/ops.ts'

const MOST_THREADS = 16
const wasmBytes = 3.9 * 2 ** 30 // of 4 GiB

export interface BackendOptions {
  /** 'wasm' leaves native TensorFlow alone; 'native', as without it, is native first and wasm if there is none. */
  prefer?: 'native' | 'wasm'
  threads?: number
  /** The path of the native addon, tfjs_binding.node. */
  addon?: string
  /** The folder of the compiled kernels, when it is not out/kernels. */
  kernels?: string
}

export interface Backend {
  name: string // as shown on screen
  kind: 'native-gpu' | 'native-cpu' | 'wasm'
  threads: number
  simd: string
  reason: string // why native TensorFlow is not used; empty when it is
  versions: Record<string, string>
  ops: Ops
  memory(): { tensors: number; bytes: number }
  /**
   * What may be taken on the device and of the host's memory in all, the same at every start on a machine, as the place
   * of vectors shows in a sum's last digits; and what is free now. BASIL_MEMORY_GB sets a bound of one's own.
   */
  deviceBytes(): number
  hostBytes(): number
  freeBytes(): number // on the device
  close(): void // tensors made on the backend are gone after this
}

/** Starts a backend, which becomes tfjs' current one. One at a time: close the last before opening the next. */
export async function openBackend({ prefer, threads, addon, kernels }: BackendOptions = {}): Promise<Backend> {
  const forced = forcedByEnvironment()
  const count = threads ?? threadsFromEnvironment() ?? Math.min(MOST_THREADS, availableParallelism())
  if (!Number.isInteger(count) || count < 1)
    throw new RangeError(`A number of threads is a whole number from 1, not ${count}.`)
  if ((forced ?? prefer) === 'wasm') return wasmBackend(count, kernels, 'wasm was asked for')
  const native = await openNative(addon ?? process.env['BASIL_ADDON'], count)
  if (typeof native !== 'string') return nativeBackend(native, count)
  if (forced === 'native')
    throw new Error(`BASIL_BACKEND asks for native TensorFlow, which is not available (${native}).`)
  return wasmBackend(count, kernels, native)
}

async function wasmBackend(threads: number, folder: string | undefined, reason: string): Promise<Backend> {
  const { device, version } = await openWasm(threads, folder)
  const counted = threads === 1 ? '1 thread' : `${threads} threads`
  return {
    name: `wasm, ${counted}, ${device.simd}`,
    kind: 'wasm',
    threads,
    simd: device.simd,
    reason,
    versions: { 'tfjs-core': tf.version_core, 'tfjs-backend-wasm': version },
    ops: wasmOps(device),
    memory,
    deviceBytes: () => Math.min(wasmBytes, memoryBound()),
    freeBytes: () => Math.min(wasmBytes, memoryBound()) - memory().bytes,
    hostBytes,
    close: () => device.close(),
  }
}

function nativeBackend({ backend, versions }: Native, threads: number): Backend {
  const gpu = backend.isUsingGpuDevice
  return {
    name: `native TensorFlow ${backend.binding.TF_Version} (${gpu ? 'GPU' : 'CPU'})`,
    kind: gpu ? 'native-gpu' : 'native-cpu',
    threads,
    simd: 'native',
    reason: '',
    versions: { 'tfjs-core': tf.version_core, ...versions },
    ops: tfOps(backend),
    memory,
    deviceBytes: gpu ? gpuBytes : hostBytes,
    freeBytes: gpu ? () => gpuBytes() - memory().bytes : () => Math.min(0.9 * process.availableMemory(), memoryBound()),
    hostBytes,
    close: () => tf.disposeVariables(), // the library stays loaded, and its backend registered
  }
}

function hostBytes(): number {
  return Math.min(0.9 * (process.constrainedMemory() || totalmem()), 0.9 * totalmem(), memoryBound())
}

// Told by whoever started the engine; TensorFlow does not say.
function gpuBytes(): number {
  return Math.min(Number(process.env['BASIL_GPU_BYTES']) || Number.POSITIVE_INFINITY, memoryBound())
}

function memoryBound(): number {
  return 2 ** 30 * (Number(process.env['BASIL_MEMORY_GB']) || Number.POSITIVE_INFINITY)
}

function memory(): { tensors: number; bytes: number } {
  const { numTensors, numBytes } = tf.memory()
  return { tensors: numTensors, bytes: numBytes }
}

function forcedByEnvironment(): 'native' | 'wasm' | undefined {
  const value = process.env['BASIL_BACKEND']
  if (value === undefined || value === '') return undefined
  if (value === 'native' || value === 'wasm') return value
  throw new Error(`BASIL_BACKEND is "native" or "wasm", not "${value}".`)
}

function threadsFromEnvironment(): number | undefined {
  const value = process.env['BASIL_THREADS']
  return value === undefined || value === '' ? undefined : Number(value)
}
