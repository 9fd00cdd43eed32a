// Layer norm, its way back and its forward mode:
//   y  = h gain + bias,   h = (x - mean) scale,   scale = 1 / sqrt(variance + epsilon)
//   dx = scale (g - mean(g) - h mean(g h)),   g = dy gain;   dgain = sum over rows of dy h,   dbias = of dy
// and a tangent of x, d, becomes gain scale (d - mean(d) - h mean(d h)).
// A row is a workgroup's (row-kernel.ts); the sums over rows are taken in slabs, then the slabs' one after the other.
import type { LayerNormSaved, Ops } from '../ops.ts'
import type { Tensor1D, Tensor2D } from '../tensor.ts'
import { disposeAll } from '../tensor.ts'
import type { WebGpuDevice } from './device.ts'
import { family, type Kernel, kernel } from './kernel.ts'
import { each, elements, lengthOf, rowKernel, runRows } from './row-kernel.ts'
import { tangentsIn } from './tangents.ts'

type Norms = Pick<Ops, 'layerNorm' | 'layerNormAgain' | 'layerNormGradient' | 'layerNormTangent'>

const forward = family((width: number) =>
  rowKernel({
    name: 'layer norm',
    width,
    words: { epsilon: 'f32' },
    reads: ['x', 'gain', 'bias'],
    writes: ['y'],
    written: ['means', 'scales'],
    code: `
  var v = array<V, per>();
  var s = 0.0;
  ${each('v[i] = x[at + c]; s += sum(v[i]);')}
  let mean = total(t, vec2f(s, 0.0)).x / width;
  var q = 0.0;
  ${each('let d = v[i] - mean; q += product(d, d);')}
  let scale = inverseSqrt(total(t, vec2f(q, 0.0)).x / width + p.epsilon);
  ${each('y[at + c] = (v[i] - mean) * scale * gain[c] + bias[c];')}
  if (t == 0u) { means[row] = mean; scales[row] = scale; }`,
  }),
)

const again = family((width: number) =>
  rowKernel({
    name: 'layer norm again',
    width,
    reads: ['x', 'gain', 'bias'],
    numbers: ['means', 'scales'],
    writes: ['y'],
    code: `
  ${each('y[at + c] = (x[at + c] - means[row]) * scales[row] * gain[c] + bias[c];')}`,
  }),
)

/** dx from dy, or tangents from tangents; rows of x repeat for each tangent. */
const through = family((width: number, way: 'back' | 'back, plus' | 'tangents') =>
  rowKernel({
    name: `layer norm ${way}`,
    width,
    words: { primal: 'u32' }, // rows of x
    reads: ['dy', 'x', 'gain', ...(way === 'back, plus' ? ['residual'] : [])],
    numbers: ['means', 'scales'],
    writes: ['dx'],
    code: `
  let still = row % p.primal;
  let scale = scales[still];
  var g = array<V, per>();
  var h = array<V, per>();
  var s = vec2f();
  ${each(`
    g[i] = dy[at + c]${way === 'tangents' ? '' : ' * gain[c]'};
    h[i] = (x[still * count + c] - means[still]) * scale;
    s += vec2f(sum(g[i]), product(g[i], h[i]));`)}
  let m = total(t, s) / width;
  ${each(`
    let d = scale * (g[i] - m.x - h[i] * m.y);
    dx[at + c] = d${way === 'tangents' ? ' * gain[c]' : way === 'back, plus' ? ' + residual[at + c]' : ''};`)}`,
  }),
)

const across = 16 // elements of a row, and rows, that a workgroup has at a time

/** Of each slab of rows the sums of dy h and dy: gains and biases (slabs, width). */
const sums = family((width: number) =>
  kernel({
    name: `layer norm sums of ${width}`,
    words: { rows: 'u32', slab: 'u32' },
    reads: { dy: 'array<V>', x: 'array<V>', means: 'array<f32>', scales: 'array<f32>' },
    writes: { gains: 'array<V>', biases: 'array<V>' },
    code: `${elements(width)}
const count = ${lengthOf(width)}u;
const across = ${across}u;
var<workgroup> ofGain : array<V, across * across>;
var<workgroup> ofBias : array<V, across * across>;
@compute @workgroup_size(across, across)
fn main(@builtin(workgroup_id) group : vec3u, @builtin(local_invocation_id) id : vec3u,
        @builtin(local_invocation_index) t : u32) {
  let c = group.x * across + id.x;
  let end = min(p.rows, (group.y + 1u) * p.slab);
  var g = V();
  var b = V();
  if (c < count) {
    for (var row = group.y * p.slab + id.y; row < end; row += across) {
      let d = dy[row * count + c];
      g += d * ((x[row * count + c] - means[row]) * scales[row]);
      b += d;
    }
  }
  ofGain[t] = g;
  ofBias[t] = b;
  workgroupBarrier();
  for (var half = across / 2u; half > 0u; half /= 2u) {
    if (id.y < half) {
      ofGain[t] += ofGain[t + half * across];
      ofBias[t] += ofBias[t + half * across];
    }
    workgroupBarrier();
  }
  if (id.y == 0u && c < count) {
    gains[group.y * count + c] = ofGain[t];
    biases[group.y * count + c] = ofBias[t];
  }
}`,
  }),
)

/** The slabs added up: two of (slabs, width) to two of (width). */
const joined = family((width: number) =>
  kernel({
    name: `layer norm slabs of ${width}`,
    words: { slabs: 'u32' },
    reads: { gains: 'array<V>', biases: 'array<V>' },
    writes: { dgain: 'array<V>', dbias: 'array<V>' },
    code: `${elements(width)}
const count = ${lengthOf(width)}u;
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id : vec3u) {
  let c = id.x;
  if (c >= count) { return; }
  var g = gains[c];
  var b = biases[c];
  for (var slab = 1u; slab < p.slabs; slab++) { g += gains[slab * count + c]; b += biases[slab * count + c]; }
  dgain[c] = g;
  dbias[c] = b;
}`,
  }),
)

const mostSlabs = 32
const leastRows = 64 // of a slab, where there are so many

export function norms(gpu: WebGpuDevice): Norms {
  const passed = (
    made: Kernel,
    dy: Tensor2D,
    x: Tensor2D,
    { mean, scale }: LayerNormSaved,
    others: readonly (Tensor1D | Tensor2D)[],
  ): Tensor2D => {
    const dx = gpu.output<Tensor2D>(dy.shape)
    runRows(gpu, made, [dy, x, ...others, mean, scale, dx], dy.shape[0], [x.shape[0]])
    return dx
  }

  const columnSums = (dy: Tensor2D, x: Tensor2D, { mean, scale }: LayerNormSaved): [Tensor1D, Tensor1D] => {
    const [rows, width] = dy.shape
    const slabs = Math.max(1, Math.min(mostSlabs, Math.floor(rows / leastRows)))
    const parts = [gpu.output<Tensor2D>([slabs, width]), gpu.output<Tensor2D>([slabs, width])] as const
    const groups = Math.ceil(lengthOf(width) / across)
    gpu.run(sums(width), [dy, x, mean, scale, ...parts], [groups, slabs], [rows, Math.ceil(rows / slabs)])
    const found: [Tensor1D, Tensor1D] = [gpu.output<Tensor1D>([width]), gpu.output<Tensor1D>([width])]
    gpu.run(joined(width), [...parts, ...found], [Math.ceil(lengthOf(width) / 64)], [slabs])
    disposeAll(parts)
    return found
  }

  return {
    layerNorm(x, gain, bias, epsilon) {
      const [rows, width] = x.shape
      const y = gpu.output<Tensor2D>(x.shape)
      const [mean, scale] = [gpu.output<Tensor1D>([rows]), gpu.output<Tensor1D>([rows])]
      runRows(gpu, forward(width), [x, gain, bias, y, mean, scale], rows, [epsilon])
      return { y, saved: { mean, scale } }
    },

    layerNormAgain(x, { mean, scale }, gain, bias) {
      const y = gpu.output<Tensor2D>(x.shape)
      runRows(gpu, again(x.shape[1]), [x, gain, bias, mean, scale, y], x.shape[0])
      return y
    },

    layerNormGradient(dy, x, saved, gain, residual) {
      const way = residual ? 'back, plus' : 'back'
      const dx = passed(through(x.shape[1], way), dy, x, saved, residual ? [gain, residual] : [gain])
      const [dgain, dbias] = columnSums(dy, x, saved)
      return { dx, dgain, dbias }
    },

    layerNormTangent(dx, x, saved, gain) {
      tangentsIn(dx, x)
      return passed(through(x.shape[1], 'tangents'), dx, x, saved, [gain])
    },
  }
}
