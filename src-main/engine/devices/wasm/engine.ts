// wasm with our own kernels, which runs everywhere.
import type { Engine } from '../engine.ts'
import { hostBytes, memoryBound } from '../memory.ts'
import { tf } from '../tf.ts'
import { memory } from '../tf-tensors.ts'
import { openWasm } from './backend.ts'
import { wasmOps } from './ops.ts'

const wasmBytes = 3.9 * 2 ** 30 // of 4 GiB

export const wasm = {
  name: 'wasm',
  called: 'wasm',
  kinds: ['wasm'],
  products: ['float32'],
  async open({ threads, kernels }) {
    const { device, version } = await openWasm(threads, kernels)
    const counted = threads === 1 ? '1 thread' : `${threads} threads`
    const bytes = (): number => Math.min(wasmBytes, memoryBound())
    return {
      name: `wasm, ${counted}, ${device.simd}`,
      kind: 'wasm',
      threads,
      simd: device.simd,
      versions: { 'tfjs-core': tf.version_core, 'tfjs-backend-wasm': version },
      repeats: true,
      ops: wasmOps(device),
      memory,
      takenBytes: () => device.bytes,
      deviceBytes: bytes,
      freeBytes: () => bytes() - memory().bytes,
      hostBytes,
      close: () => device.close(),
    }
  },
} as const satisfies Engine
