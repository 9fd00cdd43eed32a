// Native TensorFlow, on a GPU where there is one: the fastest, for whoever has installed it.
import type { Products } from '../../../contract/run/products.ts'
import { measuredOf } from '../card-file.ts'
import type { Engine } from '../engine.ts'
import { hostBytes, memoryBound } from '../memory.ts'
import { tf } from '../tf.ts'
import { memory } from '../tf-tensors.ts'
import { openNative } from './backend.ts'
import { cudaCard } from './card.ts'
import { nativeOps } from './ops.ts'
import type { Own } from './tensorflow.ts'

export const native = {
  name: 'native',
  called: 'native TensorFlow',
  kinds: ['native-gpu', 'native-cpu'],
  products: ['float32', 'tf32', 'bf16'],
  async open({ threads, addon, how, products = 'float32', tuning }) {
    const opened = await openNative(addon, threads)
    if (typeof opened === 'string') return opened
    const { backend, own, kernels, versions } = opened
    const gpu = backend.isUsingGpuDevice
    own?.allowTf32(products === 'tf32')
    const { ops, close } = nativeOps(backend, own, how ?? (gpu ? 'functions' : 'kernels'), products)
    const card = gpu ? cudaCard() : undefined
    const free = (): number =>
      gpu ? gpuBytes() - memory().bytes : Math.min(0.9 * process.availableMemory(), memoryBound())
    return {
      name: `native TensorFlow ${backend.binding.TF_Version} (${gpu ? 'GPU' : 'CPU'})`,
      kind: gpu ? 'native-gpu' : 'native-cpu',
      threads,
      simd: kernels || 'native',
      versions: { 'tfjs-core': tf.version_core, ...versions },
      card,
      ...(card &&
        tuning !== undefined && { measured: measuredOf(tuning, `CUDA in ${products}, ${card.name}, ${card.driver}`) }),
      repeats: !gpu, // sums on a GPU are not known to
      products: productsHere(own, gpu),
      ops,
      memory,
      deviceBytes: gpu ? gpuBytes : hostBytes,
      freeBytes: free,
      hostBytes,
      close, // the library stays loaded, and its backend registered
    }
  },
} as const satisfies Engine

/** tf32 needs a card's cores for it; bf16 a processor's instructions for it, else it would be many times slower. */
function productsHere(own: Own | undefined, gpu: boolean): Products[] {
  if (!own) return ['float32']
  return gpu ? ['float32', 'tf32', 'bf16'] : own.hasBf16() ? ['float32', 'bf16'] : ['float32']
}

// Told by whoever started the engine; TensorFlow does not say.
function gpuBytes(): number {
  return Math.min(Number(process.env['BASIL_GPU_BYTES']) || Number.POSITIVE_INFINITY, memoryBound())
}
