// QuickGELU and GELU (functions.ts), and the forward mode of both: the tangents of f(x) are dx f'(x), x the same for
// all.
import type { Activation, Ops } from '../ops.ts'
import type { Tensor2D } from '../tensor.ts'
import type { WebGpuDevice } from './device.ts'
import { activationOf, flatIndex, flatMain } from './functions.ts'
import { family, kernel } from './kernel.ts'
import { flat } from './rows.ts'
import { tangentsIn } from './tangents.ts'

/** Four numbers a thread; what lies behind the last is computed along and not looked at. */
const applied = family((kind: Activation) =>
  kernel({
    name: kind,
    words: { count: 'u32' },
    reads: { x: 'array<vec4f>' },
    writes: { y: 'array<vec4f>' },
    code: `
// y = f(x)
${activationOf(kind, 'vec4f')}
${flatMain} {
  ${flatIndex('p.count')}
  y[i] = activate(x[i]);
}`,
  }),
)

/** By fours where x is whole ones. */
const moved = family((kind: Activation, lane: 'f32' | 'vec4f') =>
  kernel({
    name: `${kind}, tangents`,
    words: { count: 'u32', primal: 'u32' },
    reads: { dx: `array<${lane}>`, x: `array<${lane}>` },
    writes: { dy: `array<${lane}>` },
    code: `
// dy = dx f'(x), tangent by tangent
${activationOf(kind, lane)}
${flatMain} {
  ${flatIndex('p.count')}
  dy[i] = dx[i] * slope(x[i % p.primal]);
}`,
  }),
)

export function activations(device: WebGpuDevice): Pick<Ops, 'activation' | 'activationTangent'> {
  return {
    activation(x, kind) {
      const y = device.output<Tensor2D>(x.shape)
      const count = Math.ceil(x.size / 4)
      device.run(applied(kind), [x, y], flat(count), [count])
      return y
    },

    activationTangent(dx, x, kind) {
      tangentsIn(dx, x)
      const [lane, lanes] = x.size % 4 === 0 ? (['vec4f', 4] as const) : (['f32', 1] as const)
      const [count, primal] = [dx.size / lanes, x.size / lanes]
      const dy = device.output<Tensor2D>(dx.shape)
      device.run(moved(kind, lane), [dx, x, dy], flat(count), [count, primal])
      return dy
    },
  }
}
