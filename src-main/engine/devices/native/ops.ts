// `Ops` on native TensorFlow, by its own operations (tensorflow.ts) where tfjs-core maps badly; in the host's memory by
// the addon's kernels (kernels.ts), where the addon is ours.
import type { Ops } from '../ops.ts'
import { own as ownTensor, tfLifetimes } from '../tf-tensors.ts'
import { activations } from './activations.ts'
import { tfAttention } from './attention.ts'
import { hostVectors } from './host-vectors.ts'
import { kernelOps, runKernel } from './kernels.ts'
import { norms } from './norms.ts'
import { patches } from './patches.ts'
import { products } from './products.ts'
import { rows } from './rows.ts'
import { tfTangents } from './tangents.ts'
import { type NativeBackend, type Own, tensorFlow } from './tensorflow.ts'
import { vectors } from './vectors.ts'

export function nativeOps(backend: NativeBackend, own: Own | undefined): Ops {
  const operations = tensorFlow(backend)
  const run = own && !backend.isUsingGpuDevice ? runKernel(backend, own) : undefined
  return {
    ...patches(backend, operations),
    ...rows(operations),
    ...products(operations),
    ...norms(operations),
    ...activations(operations),
    ...tfAttention,
    ...tfTangents,
    ...vectors(backend, operations),
    ...tfLifetimes,
    ...(run && { ...kernelOps(run, operations), ...hostVectors(backend, run) }),
    read: async (a) => Float32Array.from(await ownTensor(a).data()),
  }
}
