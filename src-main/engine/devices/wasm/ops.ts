// `Ops` on our own kernels: allocates outputs in tfjs' memory, says how the work is cut into tiles, and runs the job.
// The cut depends on shapes only, never on the number of threads. Shapes are checked here, as a kernel would read
// whatever lies beyond. The kernels and their lists of arguments are in assembly/.
import type { Activation, AttentionShape, LayerNormSaved, Ops } from '../ops.ts'
import type { Tensor, Tensor1D, Tensor2D, Tensor3D } from '../tf.ts'
import { tf } from '../tf.ts'
import type { WasmDevice } from './backend.ts'
import type { Argument } from './pool.ts'
import { wasmVectors } from './vectors.ts'

// As in assembly/lanes.ts, columns.ts, pack.ts and multiply.ts.
const TILE = 16384
const SUM_COLUMNS = 256
const PANEL = 8
const HEIGHT = 48
const MULTIPLY_SCRATCH = 4 * 256 * 48 + 192

/** Work below this many multiplications or elements is done before another thread is awake. */
const SMALL_PRODUCT = 200_000
const SMALL_ARRAY = 32_768

export function wasmOps(device: WasmDevice): Ops {
  const { pool } = device
  const at = (tensor: Tensor) => device.address(tensor)

  function multiply(a: Tensor2D, b: Tensor2D, transposeA: boolean, transposeB: boolean, bias: number): Tensor2D {
    const [k, m] = transposeA ? a.shape : [a.shape[1], a.shape[0]]
    const [n, kb] = transposeB ? b.shape : [b.shape[1], b.shape[0]]
    same('inner sizes of a product', k, kb)
    const out = device.output<Tensor2D>([m, n]) // (m, n)
    const panels = Math.ceil(n / PANEL)
    const packed = device.scratch('packed', 4 * k * panels * PANEL)
    const small = m * n * k < SMALL_PRODUCT
    const bStrides = transposeB ? [1, k] : [n, 1]
    const panelsATile = Math.max(1, Math.ceil(TILE / (k * PANEL)))
    pool.run(
      'packColumns',
      [at(b), ...bStrides, n, k, packed, panelsATile],
      Math.ceil(panels / panelsATile),
      small || k * n < SMALL_ARRAY,
    )
    const bands = Math.ceil(m / HEIGHT)
    const columns = columnsATile(bands, panels)
    const scratch = device.scratch('threads', threadScratch(0) * pool.threads)
    const aStrides = transposeA ? [1, m] : [k, 1]
    const values = [m, n, k, at(a), ...aStrides, packed, at(out), bias, columns, scratch, threadScratch(0)]
    pool.run('gemm', values, bands * Math.ceil(n / columns), small)
    return out
  }

  // Three equal parts of a row of qkv, `heads` to a part.
  function sizes(qkv: Tensor2D, { images, tokens, heads }: AttentionShape): { width: number; size: number } {
    const width = qkv.shape[1] / 3
    same('rows of qkv', qkv.shape[0], images * tokens)
    if (!Number.isInteger(width / heads)) throw new RangeError(`qkv of width ${qkv.shape[1]} is not 3 x ${heads} heads`)
    return { width, size: width / heads }
  }

  // Scratch of one thread: `extra` floats, the block of A and the edge tile, then B packed.
  function attentionScratch(tokens: number, size: number, extra: number): [number, number] {
    const b = Math.max(size * roundUp(tokens, PANEL), tokens * roundUp(tokens, PANEL), tokens * roundUp(size, PANEL))
    const bytes = threadScratch(4 * (extra + b) + 16)
    return [device.scratch('threads', bytes * pool.threads), bytes]
  }

  function combine(partial: number, out: Tensor1D, chunks: number, columns: number, step: number): void {
    pool.run(
      'combineChunks',
      [partial, at(out), chunks, columns, step],
      Math.ceil(columns / SUM_COLUMNS),
      chunks * columns < SMALL_ARRAY,
    )
  }

  function elementwise(kernel: string, like: Tensor, values: readonly Argument[]): void {
    pool.run(kernel, values, Math.ceil(like.size / TILE), like.size < SMALL_ARRAY)
  }

  function layerNorm(
    x: Tensor2D,
    gain: Tensor1D,
    bias: Tensor1D,
    epsilon: number,
  ): { y: Tensor2D; saved: LayerNormSaved } {
    const [rows, width] = x.shape
    same('gain of a layer norm', gain.size, width)
    same('bias of a layer norm', bias.size, width)
    const y = device.output<Tensor2D>([rows, width])
    const mean = device.output<Tensor1D>([rows])
    const scale = device.output<Tensor1D>([rows])
    const { chunks, perChunk } = chunksOf(rows)
    const values = [at(x), at(gain), at(bias), at(y), at(mean), at(scale), rows, width, [epsilon], perChunk] as const
    pool.run('layerNorm', values, chunks, x.size < SMALL_ARRAY)
    return { y, saved: { mean, scale } }
  }

  function activation(x: Tensor2D, kind: Activation): Tensor2D {
    const out = device.output<Tensor2D>(x.shape)
    elementwise('activation', x, [at(x), at(out), x.size, kind === 'gelu' ? 1 : 0])
    return out
  }

  return {
    matmul: (a, b, transposeA = false, transposeB = false) => multiply(a, b, transposeA, transposeB, 0),

    linear(x, weight, bias, turned = false) {
      same('bias and outputs of the weight', bias.size, weight.shape[turned ? 1 : 0])
      return multiply(x, weight, false, !turned, at(bias))
    },

    sumRows(x) {
      const [rows, columns] = x.shape
      const out = device.output<Tensor1D>([columns])
      const { chunks, perChunk } = chunksOf(rows)
      const partial = device.scratch('partial', 4 * chunks * columns)
      pool.run('columnSums', [at(x), partial, rows, columns, perChunk], chunks, x.size < SMALL_ARRAY)
      combine(partial, out, chunks, columns, columns)
      return out
    },

    layerNorm,

    layerNormAgain(x, _saved, gain, bias, epsilon) {
      const { y, saved } = layerNorm(x, gain, bias, epsilon)
      tf.dispose([saved.mean, saved.scale])
      return y
    },

    layerNormGradient(dy, x, { mean, scale }: LayerNormSaved, gain) {
      const [rows, width] = x.shape
      same('dy of a layer norm', dy.size, x.size)
      same('gain of a layer norm', gain.size, width)
      same('means of a layer norm', mean.size, rows)
      same('scales of a layer norm', scale.size, rows)
      const dx = device.output<Tensor2D>([rows, width])
      const dgain = device.output<Tensor1D>([width])
      const dbias = device.output<Tensor1D>([width])
      const { chunks, perChunk } = chunksOf(rows)
      const partial = device.scratch('partial', 8 * chunks * width) // (chunks, 2, width)
      const values = [at(dy), at(x), at(mean), at(scale), at(gain), at(dx), partial, rows, width, perChunk]
      pool.run('layerNormGradient', values, chunks, x.size < SMALL_ARRAY)
      combine(partial, dgain, chunks, width, 2 * width)
      combine(partial + 4 * width, dbias, chunks, width, 2 * width)
      return { dx, dgain, dbias }
    },

    activation,

    activationReverse(x, kind) {
      const y = activation(x, kind)
      return {
        y,
        gradient(dy) {
          same('dy of an activation', dy.size, x.size)
          const out = device.output<Tensor2D>(x.shape)
          elementwise('activationGradient', x, [at(dy), at(x), at(out), x.size, kind === 'gelu' ? 1 : 0])
          return out
        },
        dispose: () => y.dispose(),
      }
    },

    attention(qkv, shape) {
      const { images, tokens, heads } = shape
      const { width, size } = sizes(qkv, shape)
      const y = device.output<Tensor2D>([images * tokens, width])
      const probabilities = device.output<Tensor3D>([images * heads, tokens, tokens])
      const scratch = attentionScratch(tokens, size, 0)
      const causal = shape.causal ? 1 : 0
      const values = [
        at(qkv),
        at(y),
        at(probabilities),
        tokens,
        heads,
        size,
        [1 / Math.sqrt(size)],
        ...scratch,
        causal,
      ] as const
      pool.run('attention', values, images * heads, images * tokens * tokens * width < SMALL_PRODUCT)
      return { y, probabilities }
    },

    attentionGradient(dy, qkv, probabilities, shape) {
      const { images, tokens, heads } = shape
      const { width, size } = sizes(qkv, shape)
      same('dy of attention', dy.size, images * tokens * width)
      same('probabilities of attention', probabilities.size, images * heads * tokens * tokens)
      const dqkv = device.output<Tensor2D>(qkv.shape)
      const scratch = attentionScratch(tokens, size, tokens * tokens)
      const values = [
        at(dy),
        at(qkv),
        at(probabilities),
        at(dqkv),
        tokens,
        heads,
        size,
        [1 / Math.sqrt(size)],
        ...scratch,
      ] as const
      pool.run('attentionGradient', values, images * heads, images * tokens * tokens * width < SMALL_PRODUCT)
      return dqkv
    },

    layerNormTangent(dx, x, { mean, scale }: LayerNormSaved, gain) {
      const [rows, width] = x.shape
      stacked(dx.size, x.size)
      same('gain of a layer norm', gain.size, width)
      same('means of a layer norm', mean.size, rows)
      same('scales of a layer norm', scale.size, rows)
      const out = device.output<Tensor2D>(dx.shape)
      const { chunks, perChunk } = chunksOf(dx.shape[0])
      const values = [at(dx), at(x), at(mean), at(scale), at(gain), at(out), dx.shape[0], rows, width, perChunk]
      pool.run('layerNormTangent', values, chunks, dx.size < SMALL_ARRAY)
      return out
    },

    activationTangent(dx, x, kind) {
      const k = stacked(dx.size, x.size)
      const out = device.output<Tensor2D>(dx.shape)
      const values = [at(dx), at(x), at(out), x.size, kind === 'gelu' ? 1 : 0]
      pool.run('activationTangent', values, k * Math.ceil(x.size / TILE), dx.size < SMALL_ARRAY)
      return out
    },

    attentionTangent(dqkv, qkv, probabilities, shape) {
      const { images, tokens, heads } = shape
      const { width, size } = sizes(qkv, shape)
      const k = stacked(dqkv.size, qkv.size)
      same('probabilities of attention', probabilities.size, images * heads * tokens * tokens)
      const out = device.output<Tensor2D>([k * images * tokens, width])
      const larger = tokens * Math.max(tokens, size)
      const [scratch, bytes] = attentionScratch(tokens, size, 2 * larger)
      const values = [
        at(dqkv),
        at(qkv),
        at(probabilities),
        at(out),
        images,
        tokens,
        heads,
        size,
        [1 / Math.sqrt(size)],
      ] as const
      const small = k * images * tokens * tokens * width < SMALL_PRODUCT
      pool.run('attentionTangent', [...values, scratch, bytes, larger], k * images * heads, small)
      return out
    },

    add<T extends Tensor>(x: T, y: T): T {
      same('sizes of a sum', x.size, y.size)
      const out = device.output<T>(x.shape)
      elementwise('add', x, [at(x), at(y), at(out), x.size])
      return out
    },

    upload: (values, shape) => tf.tensor(values, [...shape]),
    vectors: wasmVectors(device),
    read: (a) => device.floats(at(a), a.size),
  }
}

function same(what: string, one: number, other: number): void {
  if (one !== other) throw new RangeError(`${what} differ: ${one} and ${other}`)
}

/** How many tangents of `one` size lie in `all`. */
function stacked(all: number, one: number): number {
  if (all % one !== 0) throw new RangeError(`${all} elements are not a stack of tangents of ${one}`)
  return all / one
}

function roundUp(value: number, step: number): number {
  return Math.ceil(value / step) * step
}

/** Bytes of scratch a thread, a multiple of a cache line. */
function threadScratch(extra: number): number {
  return roundUp(MULTIPLY_SCRATCH + extra, 64)
}

/** At most 32 chunks of rows, each at least 8 rows: the order of every sum over rows. */
function chunksOf(rows: number): { chunks: number; perChunk: number } {
  const perChunk = Math.max(8, Math.ceil(rows / 32))
  return { chunks: Math.ceil(rows / perChunk), perChunk }
}

/** About 32 tiles in all where a product is large enough, but no tile so narrow that packing its rows would show. */
function columnsATile(bands: number, panels: number): number {
  const parts = Math.max(1, Math.ceil(32 / bands))
  return PANEL * Math.min(panels, Math.max(12, Math.ceil(panels / parts)))
}
