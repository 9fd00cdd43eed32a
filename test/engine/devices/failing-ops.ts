// The test double of a device in trouble: real operations, of which the n-th fails as a device's would.
import type { AttentionShape, Ops, Vectors } from '../../../src-main/engine/devices/ops.ts'

export const messages = {
  full: 'Invalid TF_Status: 8\nMessage: OOM when allocating tensor with shape[1600,3072] and type float on /GPU:0 by allocator GPU_0_bfc',
  refused: 'WebGPU refused a call: [Invalid ComputePipeline "products"] is invalid',
  gone: 'The GPU device was lost: vkQueueSubmit failed with VK_ERROR_DEVICE_LOST',
  taken: 'WebGPU failed to allocate: VK_ERROR_OUT_OF_DEVICE_MEMORY',
  lost: 'Invalid TF_Status: 13\nMessage: CUDA_ERROR_ILLEGAL_ADDRESS: an illegal memory access was encountered',
}

export interface FailingOps extends Ops {
  done: number // operations so far
}

/**
 * What an operation throws, asked before it with its number, from 0, its name and what it is given; null where it
 * works.
 */
export type Fails = (operation: number, name: string, given: readonly unknown[]) => string | null

export function failingOps(ops: Ops, fails: Fails): FailingOps {
  const counted = <A extends unknown[], R>(name: string, operation: (...args: A) => R) => {
    return (...args: A): R => {
      const message = fails(double.done++, name, args)
      if (message !== null) throw new Error(message)
      return operation(...args)
    }
  }
  const { scope, keep } = ops // no work of the device's
  const wrapped = Object.fromEntries(
    Object.entries(ops).map(([name, operation]) => [name, counted(name, operation)]),
  ) as unknown as Ops
  const vectors: Ops['vectors'] = (values, count, precision) => {
    const held: Vectors = wrapped.vectors(values, count, precision)
    return {
      compose: counted('compose', held.compose) as Vectors['compose'],
      dots: counted('dots', held.dots),
      dispose: held.dispose,
    }
  }
  const double: FailingOps = { ...wrapped, vectors, scope, keep, done: 0 }
  return double
}

/** A device whose memory holds the reverse pass of so many images, and the forward pass of any. */
export function holding(images: number): Fails {
  return (_, name, given) =>
    name === 'attentionGradient' && (given[3] as AttentionShape).images > images ? messages.full : null
}
