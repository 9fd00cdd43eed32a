// Native TensorFlow, on a GPU where there is one: the fastest, for whoever has installed it.
import type { Engine } from '../engine.ts'
import { hostBytes, memoryBound } from '../memory.ts'
import { tf } from '../tf.ts'
import { memory } from '../tf-tensors.ts'
import { openNative } from './backend.ts'
import { nativeOps } from './ops.ts'

export const native = {
  name: 'native',
  called: 'native TensorFlow',
  kinds: ['native-gpu', 'native-cpu'],
  async open({ threads, addon, how }) {
    const opened = await openNative(addon, threads)
    if (typeof opened === 'string') return opened
    const { backend, own, kernels, versions } = opened
    const gpu = backend.isUsingGpuDevice
    const free = (): number =>
      gpu ? gpuBytes() - memory().bytes : Math.min(0.9 * process.availableMemory(), memoryBound())
    return {
      name: `native TensorFlow ${backend.binding.TF_Version} (${gpu ? 'GPU' : 'CPU'})`,
      kind: gpu ? 'native-gpu' : 'native-cpu',
      threads,
      simd: kernels || 'native',
      versions: { 'tfjs-core': tf.version_core, ...versions },
      ops: nativeOps(backend, own, how ?? (gpu ? 'functions' : 'kernels')),
      memory,
      deviceBytes: gpu ? gpuBytes : hostBytes,
      freeBytes: free,
      hostBytes,
      close: () => tf.disposeVariables(), // the library stays loaded, and its backend registered
    }
  },
} as const satisfies Engine

// Told by whoever started the engine; TensorFlow does not say.
function gpuBytes(): number {
  return Math.min(Number(process.env['BASIL_GPU_BYTES']) || Number.POSITIVE_INFINITY, memoryBound())
}
