// `Ops` on our own kernels: outputs in tfjs' memory, work cut into tiles (operations/tiles.ts) and run as jobs of the
// pool. The kernels and their lists of arguments are in assembly/.
import type { Ops } from '../ops.ts'
import type { Tensor } from '../tensor.ts'
import { tfLifetimes } from '../tf-tensors.ts'
import type { WasmDevice } from './backend.ts'
import { activations } from './operations/activations.ts'
import { attention } from './operations/attention.ts'
import { moving } from './operations/moving.ts'
import { norms } from './operations/norms.ts'
import { patches } from './operations/patches.ts'
import { products } from './operations/products.ts'
import { rows } from './operations/rows.ts'
import { vectors } from './operations/vectors.ts'

export function wasmOps(device: WasmDevice): Ops {
  return {
    ...patches(device),
    ...rows(device),
    ...products(device),
    ...norms(device),
    ...activations(device),
    ...attention(device),
    ...vectors(device),
    ...moving(device),
    ...tfLifetimes,
    clone<T extends Tensor>(x: T): T {
      const out = device.output<T>(x.shape)
      device.copy(device.address(x), device.address(out), 4 * x.size)
      return out
    },
    upload<T extends Tensor>(values: Float32Array, shape: T['shape']): T {
      const out = device.output<T>(shape)
      device.write(device.address(out), values)
      return out
    },
    read: async (a) => device.floats(device.address(a), a.size),
  }
}
