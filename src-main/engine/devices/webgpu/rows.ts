// Rows and tokens: picked, put, stacked, summed; patches behind their class token, and the way back.
import type { Ops } from '../ops.ts'
import type { Tensor, Tensor1D, Tensor2D } from '../tensor.ts'
import { inRows, type WebGpuDevice } from './device.ts'
import { flatIndex, flatMain, flatSize, type Lane } from './functions.ts'
import { family, kernel } from './kernel.ts'

type Rows = Pick<
  Ops,
  | 'embedding'
  | 'embeddingGradient'
  | 'takeRows'
  | 'putRows'
  | 'stackRows'
  | 'repeatRow'
  | 'zeros'
  | 'sumRows'
  | 'add'
  | 'clone'
  | 'upload'
  | 'read'
>

const picking = family((T: Lane) =>
  kernel({
    name: 'pick rows',
    words: { count: 'u32', width: 'u32' },
    reads: { x: `array<${T}>`, rows: 'array<i32>' },
    writes: { out: `array<${T}>` },
    code: `
// out[r] = x[rows[r]], or zeros where that is -1
${flatMain} {
  ${flatIndex('p.count')}
  let row = rows[i / p.width];
  if (row < 0) { out[i] = ${T}(0.0); } else { out[i] = x[u32(row) * p.width + i % p.width]; }
}`,
  }),
)

const repeating = kernel({
  name: 'repeat a row',
  words: { count: 'u32', width: 'u32' },
  reads: { row: 'array<f32>' },
  writes: { out: 'array<f32>' },
  code: `
${flatMain} {
  ${flatIndex('p.count')}
  out[i] = row[i % p.width];
}`,
})

const embedding = family((T: Lane) =>
  kernel({
    name: 'embedding',
    words: { count: 'u32', tokens: 'u32', width: 'u32' },
    reads: { patches: `array<${T}>`, classToken: `array<${T}>`, positions: `array<${T}>` },
    writes: { out: `array<${T}>` },
    code: `
// out[n, t] = positions[t] + (t = 0 ? classToken : patches[n, t - 1])
${flatMain} {
  ${flatIndex('p.count')}
  let row = i / p.width; let e = i % p.width; let t = row % p.tokens; let n = row / p.tokens;
  let place = positions[t * p.width + e];
  if (t == 0u) { out[i] = place + classToken[e]; }
  else { out[i] = place + patches[(n * (p.tokens - 1u) + t - 1u) * p.width + e]; }
}`,
  }),
)

const adding = kernel({
  name: 'add',
  words: { count: 'u32' },
  reads: { x: 'array<vec4f>', y: 'array<vec4f>' },
  writes: { out: 'array<vec4f>' },
  code: `
${flatMain} {
  ${flatIndex('p.count')}
  out[i] = x[i] + y[i];
}`,
})

const slabRows = 64

const summing = family((T: Lane) =>
  kernel({
    name: 'sum rows',
    words: { rows: 'u32', columns: 'u32', slab: 'u32' },
    reads: { x: `array<${T}>` },
    writes: { out: `array<${T}>` },
    code: `
// out[s, c] = sum of x[r, c] over the rows r of slab s, in their order
@compute @workgroup_size(64) fn main(@builtin(workgroup_id) group : vec3u, @builtin(local_invocation_index) t : u32) {
  let c = group.x * 64u + t;
  if (c >= p.columns) { return; }
  var sum = ${T}(0.0);
  let end = min(p.rows, (group.y + 1u) * p.slab);
  for (var r = group.y * p.slab; r < end; r++) { sum += x[r * p.columns + c]; }
  out[group.y * p.columns + c] = sum;
}`,
  }),
)

/** Sums over `rows` rows of x, as many columns as the shape has places: slabs of rows first, then over the slabs. */
export function sumInto<T extends Tensor>(device: WebGpuDevice, x: Tensor, rows: number, shape: T['shape']): T {
  const columns = shape.reduce((product, n) => product * n, 1)
  if (x.size !== rows * columns) throw new RangeError(`${x.size} elements are not ${rows} rows of ${columns}`)
  const out = device.output<T>(shape)
  const { T, lanes } = lanesOf(columns)
  const once = (from: Tensor, to: Tensor, many: number, slab: number): void =>
    device.run(
      summing(T),
      [from, to],
      [Math.ceil(columns / lanes / 64), Math.ceil(many / slab)],
      [many, columns / lanes, slab],
    )
  const slabs = Math.ceil(rows / slabRows)
  if (slabs === 1) {
    once(x, out, rows, rows)
    return out
  }
  const partial = device.output<Tensor2D>([slabs, columns])
  once(x, partial, rows, slabRows)
  once(partial, out, slabs, slabs)
  partial.dispose()
  return out
}

/** Four at a time where rows of so many begin at whole fours. */
function lanesOf(width: number): { T: Lane; lanes: 1 | 4 } {
  return width % 4 === 0 ? { T: 'vec4f', lanes: 4 } : { T: 'f32', lanes: 1 }
}

export function flat(count: number): ReturnType<typeof inRows> {
  return inRows(Math.ceil(count / flatSize))
}

/** Row r of the result is row from[r] of x, (rows of any number, width); zeros where that is -1. */
function pick<T extends Tensor>(
  device: WebGpuDevice,
  x: Tensor,
  width: number,
  from: Int32Array,
  shape: T['shape'],
): T {
  const n = x.size / width
  if (from.some((row) => row < -1 || row >= n)) throw new RangeError(`there are ${n} rows, and others were asked for`)
  const { T, lanes } = lanesOf(width)
  const out = device.output<T>(shape)
  const numbers = device.output<Tensor1D>([from.length])
  device.write(numbers, from)
  device.run(picking(T), [x, numbers, out], flat(out.size / lanes), [out.size / lanes, width / lanes])
  numbers.dispose()
  return out
}

export function rows(device: WebGpuDevice): Rows {
  return {
    embedding(patches, classToken, positions) {
      const [tokens, width] = positions.shape
      const images = patches.shape[0] / (tokens - 1)
      if (patches.size !== images * (tokens - 1) * width || classToken.size !== width)
        throw new RangeError(`patches [${patches.shape}] do not fit ${tokens} tokens of ${width}`)
      const { T, lanes } = lanesOf(width)
      const out = device.output<Tensor2D>([images * tokens, width])
      const words = [out.size / lanes, tokens, width / lanes]
      device.run(embedding(T), [patches, classToken, positions, out], flat(out.size / lanes), words)
      return out
    },

    embeddingGradient(dy, images) {
      const [count, width] = dy.shape
      const tokens = count / images
      const dpositions = sumInto<Tensor2D>(device, dy, images, [tokens, width])
      const dclassToken = device.reshaped<Tensor1D>(dpositions, [width]) // its first row
      const ofPatches = Int32Array.from({ length: count - images }, (_, i) => i + Math.floor(i / (tokens - 1)) + 1)
      return { dpatches: pick(device, dy, width, ofPatches, [count - images, width]), dclassToken, dpositions }
    },

    takeRows: (x, wanted) => pick(device, x, x.shape[1], Int32Array.from(wanted), [wanted.length, x.shape[1]]),

    putRows(x, places, n) {
      const from = new Int32Array(n).fill(-1)
      places.forEach((place, row) => {
        from[place] = row
      })
      return pick(device, x, x.shape[1], from, [n, x.shape[1]])
    },

    stackRows(parts) {
      const width = parts[0]?.shape[1] ?? 0
      if (parts.some(({ shape }) => shape[1] !== width)) throw new RangeError('widths of rows differ')
      const out = device.output<Tensor2D>([parts.reduce((sum, { shape }) => sum + shape[0], 0), width])
      let at = 0
      for (const part of parts) {
        device.copy(part, out, at)
        at += part.size
      }
      return out
    },

    repeatRow(row, count) {
      const out = device.output<Tensor2D>([count, row.size])
      device.run(repeating, [row, out], flat(out.size), [out.size, row.size])
      return out
    },

    zeros<T extends Tensor>(shape: T['shape']): T {
      const out = device.output<T>(shape)
      device.clear(out)
      return out
    },

    sumRows: (x) => sumInto<Tensor1D>(device, x, x.shape[0], [x.shape[1]]),

    add<T extends Tensor>(x: T, y: T): T {
      if (x.size !== y.size) throw new RangeError(`sizes of a sum differ: ${x.size} and ${y.size}`)
      const out = device.output<T>(x.shape)
      const fours = Math.ceil(x.size / 4) // buffers are of whole fours
      device.run(adding, [x, y, out], flat(fours), [fours])
      return out
    },

    clone: <T extends Tensor>(x: T): T => device.reshaped<T>(x, x.shape),

    upload<T extends Tensor>(values: Float32Array, shape: T['shape']): T {
      const out = device.output<T>(shape)
      device.write(out, values)
      return out
    },

    read: async (a) => (await device.read([a]))[0] as Float32Array,
  }
}
