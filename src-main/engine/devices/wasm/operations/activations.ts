// QuickGELU and GELU, behind a product as well, their way back and their tangents.
import type { Activation, Ops } from '../../ops.ts'
import type { Tensor2D } from '../../tensor.ts'
import type { WasmDevice } from '../backend.ts'
import { multiply } from './products.ts'
import { SMALL_ARRAY, same, stacked, TILE } from './tiles.ts'

type Activations = Pick<Ops, 'activation' | 'linearActivated' | 'activatedGradient' | 'activationTangent'>

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

    linearActivated(x, weight, bias, kind) {
      same('bias and outputs of the weight', bias.size, weight.shape[0])
      const wide = multiply(device, x, weight, false, true, at(bias))
      return { wide, active: activation(wide, kind) }
    },

    activatedGradient(dy, weight, wide, kind, turned = false) {
      const active = activation(wide, kind)
      const dactive = multiply(device, dy, weight, false, turned, 0)
      same('dy of an activation', dactive.size, wide.size)
      const dwide = device.output<Tensor2D>(wide.shape)
      const values = [at(dactive), at(wide), at(dwide), wide.size, exact(kind)]
      device.pool.run('activationGradient', values, Math.ceil(wide.size / TILE), wide.size < SMALL_ARRAY)
      dactive.dispose()
      return { active, dwide }
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
