// QuickGELU and GELU, their slopes, and what is made of them, element by element:
//   QuickGELU  f(x) = x s,   f'(x) = s + 1.702 x s (1 - s),   s = 1 / (1 + exp(-1.702 x))
//   GELU       f(x) = x P,   f'(x) = P + x exp(-x^2 / 2) / sqrt(2 pi),   P = Phi(x)
// Phi to float32's accuracy, with z = |x| / sqrt(2):
//   near 0   1/2 + x / sqrt(2 pi) sum_n (-z^2)^n / (n! (2n + 1))
//   far      erfc(z) / 2 = exp(-z^2) t Q(t) / 2,   t = 1 / (1 + 0.35 z);   or 1 less that, for x > 0
// Q is fitted to t in (0, 0.81], that is z from 0.7 on, to 2e-8 of itself.
import type { Activation, Ops } from '../ops.ts'
import type { Tensor2D } from '../tensor.ts'
import { inRows, type WebGpuDevice } from './device.ts'
import { family, kernel } from './kernel.ts'
import { tangentsIn } from './tangents.ts'

const tail = [
  0.1974865347, 0.1969951985, 0.1900276244, 0.1357174814, 0.2112963051, -0.0834254622, 0.2523767054, -0.1005255058,
]

const series = Array.from({ length: 9 }, (_, n) => (-1) ** n / (factorial(n) * (2 * n + 1)))

/** activate(x), f of four numbers, and slopeAt(x), f'. */
export function activationCode(kind: Activation): string {
  if (kind === 'quick-gelu')
    return `
fn sigmoid(x : vec4f) -> vec4f { return 1.0 / (1.0 + exp(min(-1.702 * x, vec4f(88.0)))); }
fn activate(x : vec4f) -> vec4f { return x * sigmoid(x); }
fn slopeAt(x : vec4f) -> vec4f { let s = sigmoid(x); return s + 1.702 * x * s * (1.0 - s); }`
  return `
fn bell(x : vec4f) -> vec4f { let z = min(abs(x), vec4f(13.0)); return exp(-0.5 * z * z); }
fn phi(x : vec4f) -> vec4f {
  let z = min(abs(x), vec4f(13.0)) * ${Math.SQRT1_2};
  let w = z * z;
  let near = 0.5 + x * ${1 / Math.sqrt(2 * Math.PI)} * (${horner(series, 'w')});
  let t = 1.0 / (1.0 + 0.35 * z);
  let far = 0.5 * bell(x) * t * (${horner(tail, 't')});
  return select(select(far, 1.0 - far, x > vec4f()), near, z < vec4f(0.75));
}
fn activate(x : vec4f) -> vec4f { return x * phi(x); }
fn slopeAt(x : vec4f) -> vec4f { return phi(x) + x * ${1 / Math.sqrt(2 * Math.PI)} * bell(x); }`
}

/** c_0 + v (c_1 + v (c_2 + ...)), by fused steps. */
function horner(coefficients: readonly number[], v: string): string {
  return coefficients.map((c) => `vec4f(${c})`).reduceRight((sum, c) => `fma(${sum}, ${v}, ${c})`)
}

function factorial(n: number): number {
  return n < 2 ? 1 : n * factorial(n - 1)
}

const threads = 256

const flat = `
fn place(group : vec3u, groups : vec3u, t : u32) -> u32 { return (group.y * groups.x + group.x) * ${threads}u + t; }
@compute @workgroup_size(${threads})
fn main(@builtin(workgroup_id) group : vec3u, @builtin(num_workgroups) groups : vec3u, @builtin(local_invocation_index) t : u32) {
  let i = place(group, groups, t);
  if (i >= p.count) { return; }`

/** y = f(x), four numbers a thread; what lies behind the last is computed along and not looked at. */
const applied = family((kind: Activation) =>
  kernel({
    name: kind,
    words: { count: 'u32' },
    reads: { x: 'array<vec4f>' },
    writes: { y: 'array<vec4f>' },
    code: `${activationCode(kind)}${flat}
  y[i] = activate(x[i]);
}`,
  }),
)

/** dx f'(x) for each of the tangents stacked, x again for each: by fours where x is whole ones. */
const moved = family((kind: Activation, whole: boolean) => {
  const type = whole ? 'array<vec4f>' : 'array<f32>'
  const slope = (at: string): string => (whole ? `slopeAt(x[${at}])` : `slopeAt(vec4f(x[${at}])).x`)
  return kernel({
    name: `${kind}, tangents`,
    words: { count: 'u32', primal: 'u32' },
    reads: { dx: type, x: type },
    writes: { dy: type },
    code: `${activationCode(kind)}${flat}
  dy[i] = dx[i] * ${slope('i % p.primal')};
}`,
  })
})

export function activations(gpu: WebGpuDevice): Pick<Ops, 'activation' | 'activationTangent'> {
  return {
    activation(x, kind) {
      const y = gpu.output<Tensor2D>(x.shape)
      const count = Math.ceil(x.size / 4)
      gpu.run(applied(kind), [x, y], inRows(Math.ceil(count / threads)), [count])
      return y
    },

    activationTangent(dx, x, kind) {
      tangentsIn(dx, x)
      const whole = x.size % 4 === 0
      const [count, primal] = whole ? [dx.size / 4, x.size / 4] : [dx.size, x.size]
      const dy = gpu.output<Tensor2D>(dx.shape)
      gpu.run(moved(kind, whole), [dx, x, dy], inRows(Math.ceil(count / threads)), [count, primal])
      return dy
    },
  }
}
