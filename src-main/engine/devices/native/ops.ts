// `Ops` on native TensorFlow, by its own operations (tensorflow.ts) where tfjs-core maps badly.
import type { Ops } from '../ops.ts'
import { own, tfLifetimes } from '../tf-tensors.ts'
import { activations } from './activations.ts'
import { tfAttention } from './attention.ts'
import { norms } from './norms.ts'
import { patches } from './patches.ts'
import { products } from './products.ts'
import { rows } from './rows.ts'
import { tfTangents } from './tangents.ts'
import { type NativeBackend, tensorFlow } from './tensorflow.ts'
import { vectors } from './vectors.ts'

export function nativeOps(backend: NativeBackend): Ops {
  const operations = tensorFlow(backend)
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
    read: async (a) => Float32Array.from(await own(a).data()),
  }
}
