// Vectors of one parameter on the device, in float32, or in float16 as pairs in a word: base + sum_k c_k v_k, a few
// vectors a pass, and < v_k, g >, partial sums of which are made on the device in one fixed order and added up on the
// host in float64 when they are read, those of a whole step by one map. A vector's scale (precision.ts) is a power of
// two.
import { at } from '../../../numbers/vectors.ts'
import type { Dots, Ops, Precision, Vectors } from '../ops.ts'
import { halfBits, halfScales } from '../precision.ts'
import { disposeAll, type Tensor, type Tensor1D, type Tensor2D } from '../tensor.ts'
import { ofLength } from '../vectors-length.ts'
import type { WebGpuDevice } from './device.ts'
import { flatIndex, flatMain } from './functions.ts'
import { family, kernel } from './kernel.ts'
import { flat } from './rows.ts'

const together = 8 // vectors a pass
const most = 512 // groups of a dot, so partial sums of a vector
const threads = 256

interface Held {
  vectors: readonly Tensor[] // `together` at most in a tensor, one behind the other
  counts: readonly number[] // how many in each
  scales: readonly number[] // what each is multiplied by
  isHalf: boolean
  length: number
}

/** parts: (vectors of a tensor, partial sums) each. */
interface GpuDots extends Dots {
  parts: readonly Tensor2D[]
  scales: readonly number[]
}

/** (count, 1) as they are, read with inner products. */
export function asDots(numbers: Tensor2D): GpuDots {
  return {
    parts: [numbers],
    scales: Array.from({ length: numbers.shape[0] }, () => 1),
    dispose: () => numbers.dispose(),
  }
}

/** Words from one vector to the next: rows of whole fours. */
function strideOf(length: number, isHalf: boolean): number {
  return 4 * Math.ceil(length / (isHalf ? 8 : 4))
}

/** Text for each vector. */
function each(count: number, text: (k: number) => string): string {
  return Array.from({ length: count }, (_, k) => text(k)).join(' ')
}

const four = (isHalf: boolean): string =>
  isHalf
    ? `
fn four(k : u32, i : u32) -> vec4f {
  let two = v[k * p.stride + i];
  return vec4f(unpack2x16float(two.x), unpack2x16float(two.y));
}`
    : `
fn four(k : u32, i : u32) -> vec4f { return v[k * p.stride + i]; }`

const composing = family((isHalf: boolean, count: number) =>
  kernel({
    name: 'compose',
    words: { c: 'array<vec4f, 2>', count: 'u32', stride: 'u32' },
    reads: { base: 'array<vec4f>', v: isHalf ? 'array<vec2u>' : 'array<vec4f>' },
    writes: { out: 'array<vec4f>' },
    code: `
// out = base + sum over k of c_k v_k, four elements a thread
${four(isHalf)}
${flatMain} {
  ${flatIndex('p.count')}
  var sum = base[i];
  ${each(count, (k) => `sum = fma(vec4f(p.c[${k >> 2}][${k & 3}]), four(${k}u, i), sum);`)}
  out[i] = sum;
}`,
  }),
)

/** isBare: v is one tensor, behind whose end anything may be too. */
const dotting = family((isHalf: boolean, count: number, isBare: boolean) =>
  kernel({
    name: 'inner products',
    words: { size: 'u32', stride: 'u32', groups: 'u32' },
    reads: { g: 'array<vec4f>', v: isHalf ? 'array<vec2u>' : 'array<vec4f>' },
    writes: { out: 'array<f32>' },
    code: `
// out[k, group] = sum of v_k g over the group's elements: a thread's in their order, then threads by halves
var<workgroup> sums : array<f32, ${threads * count}>;
${four(isHalf)}
@compute @workgroup_size(${threads})
fn main(@builtin(workgroup_id) group : vec3u, @builtin(local_invocation_index) t : u32) {
  let whole = p.size / 4u; let rest = p.size % 4u;
  ${each(count, (k) => `var s${k} = 0.0;`)}
  for (var i = group.x * ${threads}u + t; i < whole + min(rest, 1u); i += p.groups * ${threads}u) {
    var x = g[i];
    if (i == whole) { x = select(vec4f(), x, vec4u(0u, 1u, 2u, 3u) < vec4u(rest)); } // beyond the end is anything
    ${isBare ? 'var y = four(0u, i);' : ''}
    ${isBare ? 'if (i == whole) { y = select(vec4f(), y, vec4u(0u, 1u, 2u, 3u) < vec4u(rest)); }' : ''}
    ${isBare ? 's0 += dot(x, y);' : each(count, (k) => `s${k} += dot(x, four(${k}u, i));`)}
  }
  ${each(count, (k) => `sums[${k * threads}u + t] = s${k};`)}
  workgroupBarrier();
  for (var half = ${threads / 2}u; half > 0u; half /= 2u) {
    if (t < half) { ${each(count, (k) => `sums[${k * threads}u + t] += sums[${k * threads}u + t + half];`)} }
    workgroupBarrier();
  }
  if (t < ${count}u) { out[t * p.groups + group.x] = sums[t * ${threads}u]; }
}`,
  }),
)

export function vectors(device: WebGpuDevice): Pick<Ops, 'vectors' | 'readDots'> {
  return {
    vectors(values, count, precision): Vectors {
      const held = uploaded(device, values, count, precision)
      return ofLength(count ? held.length : null, {
        compose: (base, coefficients) => composed(device, held, base, coefficients),
        dots: (gradient) => dotted(device, held, gradient),
        dispose: () => disposeAll(held.vectors),
      })
    },

    async readDots(all: readonly GpuDots[]) {
      const read = await device.read(all.flatMap(({ parts }) => parts))
      let next = 0
      return all.map(({ parts, scales }) => {
        const sums = parts.flatMap(({ shape: [count, groups] }) => {
          const values = read[next++] as Float32Array
          return Array.from({ length: count }, (_, k) => sumOf(values.subarray(k * groups, (k + 1) * groups)))
        })
        return scales.map((scale, k) => at(sums, k) / scale)
      })
    },
  }
}

function sumOf(values: Float32Array): number {
  return values.reduce((sum, value) => sum + value, 0)
}

// Apart from the closures that live on: they would keep `values` with them.
function uploaded(device: WebGpuDevice, values: Float32Array, count: number, precision: Precision): Held {
  const isHalf = precision === 'float16'
  const scales = isHalf ? halfScales(values, count) : Array.from({ length: count }, () => 1)
  const length = count && values.length / count
  const stride = strideOf(length, isHalf)
  const most = Math.floor(device.limits.maxStorageBufferBindingSize / Math.max(1, 4 * stride))
  const step = Math.max(1, Math.min(together, most))
  const made: Tensor[] = []
  const counts: number[] = []
  try {
    for (let first = 0; first < count; first += step) {
      const many = Math.min(step, count - first)
      const place = device.kept<Tensor1D>([many * stride])
      made.push(place)
      counts.push(many)
      for (let k = 0; k < many; k++) {
        const row = values.subarray((first + k) * length, (first + k + 1) * length)
        const numbers = isHalf ? halfBits(row, at(scales, first + k)) : row
        device.write(place, numbers, k * stride)
        const rest = new Float32Array(stride - numbers.length) // read with the others
        if (rest.length > 0) device.write(place, rest, k * stride + numbers.length)
      }
    }
  } catch (error) {
    disposeAll(made)
    throw error
  }
  return { vectors: made, counts, scales, isHalf, length }
}

function composed<T extends Tensor>(
  device: WebGpuDevice,
  { vectors, counts, scales, isHalf, length }: Held,
  base: T,
  coefficients: readonly number[],
): T {
  if (coefficients.length !== scales.length)
    throw new RangeError(`${scales.length} vectors, ${coefficients.length} coefficients`)
  if (vectors.length === 0) return device.reshaped<T>(base, base.shape)
  const fours = Math.ceil(base.size / 4)
  const stride = strideOf(length, isHalf) / (isHalf ? 2 : 4)
  let sum: Tensor = base
  let out = base
  let first = 0
  for (const [n, vector] of vectors.entries()) {
    const count = at(counts, n)
    const c = Array.from({ length: together }, (_, k) =>
      k < count ? at(coefficients, first + k) / at(scales, first + k) : 0,
    )
    first += count
    out = device.output<T>(base.shape)
    device.run(composing(isHalf, count), [sum, vector, out], flat(fours), [...c, fours, stride])
    if (sum !== base) sum.dispose()
    sum = out
  }
  return out
}

/** < x, y >, of one size. */
export function dotOf(device: WebGpuDevice, x: Tensor, y: Tensor): GpuDots {
  return dotted(device, { vectors: [y], counts: [1], scales: [1], isHalf: false, length: y.size }, x, true)
}

function dotted(
  device: WebGpuDevice,
  { vectors, counts, scales, isHalf, length }: Held,
  gradient: Tensor,
  isBare = false,
): GpuDots {
  const groups = Math.max(1, Math.min(most, Math.ceil(gradient.size / 4 / (4 * threads))))
  const stride = strideOf(length, isHalf) / (isHalf ? 2 : 4)
  const parts = vectors.map((vector, n) => {
    const out = device.kept<Tensor2D>([at(counts, n), groups])
    const code = dotting(isHalf, at(counts, n), isBare)
    device.run(code, [gradient, vector, out], [groups], [gradient.size, stride, groups])
    return out
  })
  return { parts, scales, dispose: () => disposeAll(parts) }
}
