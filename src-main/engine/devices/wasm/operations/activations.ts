// QuickGELU and GELU, their way back and their tangents.
import type { Activation, Ops } from '../../ops.ts'
import type { Tensor2D } from '../../tensor.ts'
import type { WasmDevice } from '../backend.ts'
import { SMALL_ARRAY, same, stacked, TILE } from './tiles.ts'

type Activations = Pick<Ops, 'activation' | 'activationReverse' | 'activationTangent'>

export function activations(device: WasmDevice): Activations {
  const at = device.address
  const exact = (kind: Activation): number => (kind === 'gelu' ? 1 : 0)
  const activation = (x: Tensor2D, kind: Activation): Tensor2D => {
    const out = device.output<Tensor2D>(x.shape)
    const values = [at(x), at(out), x.size, exact(kind)]
    device.pool.run('activation', values, Math.ceil(x.size / TILE), x.size < SMALL_ARRAY)
    return out
  }
  return {
    activation,

    activationReverse(x, kind) {
      const y = activation(x, kind)
      return {
        y,
        gradient(dy) {
          same('dy of an activation', dy.size, x.size)
          const out = device.output<Tensor2D>(x.shape)
          const values = [at(dy), at(x), at(out), x.size, exact(kind)]
          device.pool.run('activationGradient', values, Math.ceil(x.size / TILE), x.size < SMALL_ARRAY)
          return out
        },
        dispose: () => y.dispose(),
      }
    },

    activationTangent(dx, x, kind) {
      const k = stacked(dx.size, x.size)
      const out = device.output<Tensor2D>(dx.shape)
      const values = [at(dx), at(x), at(out), x.size, exact(kind)]
      device.pool.run('activationTangent', values, k * Math.ceil(x.size / TILE), dx.size < SMALL_ARRAY)
      return out
    },
  }
}
