// `Ops` on native TensorFlow, by its own operations (tensorflow.ts) where tfjs-core maps badly; in the host's memory by
// the addon's kernels (kernels.ts), where the addon is ours.
import type { Products } from '../../../contract/run/products.ts'
import type { EngineOptions } from '../engine.ts'
import type { Ops } from '../ops.ts'
import type { Tensor } from '../tensor.ts'
import { own as ownTensor, tfLifetimes } from '../tf-tensors.ts'
import { activations } from './activations.ts'
import { tfAttention } from './attention.ts'
import { deviceVectors } from './device-vectors.ts'
import { functions } from './functions.ts'
import { head } from './head.ts'
import { hostVectors } from './host-vectors.ts'
import { kernelOps, kernelTangents, runKernel } from './kernels.ts'
import { movingByFunctions, movingByKernels, movingByOperations } from './moving.ts'
import { norms } from './norms.ts'
import { patches } from './patches.ts'
import { products } from './products.ts'
import { rows } from './rows.ts'
import { tfTangents } from './tangents.ts'
import { type NativeBackend, type Own, tensorFlow } from './tensorflow.ts'
import { vectors } from './vectors.ts'

/**
 * How operations are done beyond TensorFlow's own, one by one, which are all that an older addon has: by kernels in the
 * host's memory, or gathered into functions, as suits a card.
 */
type How = NonNullable<EngineOptions['how']>

export function nativeOps(
  backend: NativeBackend,
  own: Own | undefined,
  how: How,
  multiplied: Products,
): { ops: Ops; close(): void } {
  const operations = tensorFlow(backend, multiplied)
  const plain = {
    ...patches(backend, operations),
    ...rows(operations),
    ...products(operations),
    ...norms(operations),
    ...activations(operations),
    ...tfAttention,
    ...tfTangents,
    ...vectors(backend, operations),
    ...movingByOperations,
    ...tfLifetimes,
    read: async (a: Tensor) => Float32Array.from(await ownTensor(a).data()),
  }
  if (!own) return { ops: plain, close: () => undefined }
  if (how === 'functions') {
    const recorded = functions(backend, own)
    const { moving, dispose } = movingByFunctions(backend, operations, recorded)
    const ops = {
      ...plain,
      ...deviceVectors(backend, operations, recorded),
      ...moving,
      ...head(operations, recorded),
      traced: recorded.call,
    }
    const close = (): void => {
      dispose()
      recorded.dispose()
    }
    return { ops, close }
  }
  const run = runKernel(backend, own)
  const ops = {
    ...plain,
    ...kernelOps(run, operations),
    ...hostVectors(backend, run),
    ...(own.hasKernel?.('adamw') && movingByKernels(backend, run)),
    ...(own.hasKernel?.('normTangent') && kernelTangents(run)),
  }
  return { ops, close: () => undefined }
}
