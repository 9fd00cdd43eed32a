// `Ops` on WebGPU by our own kernels.
import type { Ops } from '../ops.ts'
import { activations } from './activations.ts'
import { attention } from './attention.ts'
import type { WebGpuDevice } from './device.ts'
import { head } from './head.ts'
import { moving } from './moving.ts'
import { norms } from './norms.ts'
import { patches } from './patches.ts'
import { products } from './products.ts'
import { rows } from './rows.ts'
import type { Tuning } from './tuning.ts'
import { vectors } from './vectors.ts'

export function webgpuOps(device: WebGpuDevice, tuning: Tuning): Ops {
  const multiplied = products(device, tuning)
  return {
    ...patches(device),
    ...rows(device),
    ...multiplied,
    ...norms(device),
    ...activations(device),
    ...attention(device),
    ...vectors(device),
    ...moving(device),
    ...head(device, multiplied),
    ...device.tensors.lifetimes,
  }
}
