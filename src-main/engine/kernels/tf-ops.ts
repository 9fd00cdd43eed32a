// `Ops` in public operations of tfjs-core, right on every backend; used for native TensorFlow. There, the three that
// tfjs-core maps badly go to TensorFlow's own operations: MatMul (tfjs takes BatchMatMulV2, 1.6 times slower without a
// transposed b), BiasAdd, and BiasAddGrad for sums over rows (2 to 3.5 times faster than Sum).
import type { Activation, AttentionShape, Ops } from '../ops.ts'
import type { Tensor, Tensor1D, Tensor2D, Tensor3D } from '../tf.ts'
import { tf } from '../tf.ts'

/** What we use of NodeJSKernelBackend: any TensorFlow operation by name. */
export interface NativeBackend {
  binding: { TF_Version: string; TF_FLOAT: number; TF_ATTR_TYPE: number; TF_ATTR_BOOL: number }
  isUsingGpuDevice: boolean
  executeSingleOutput(name: string, attributes: { name: string; type: number; value: unknown }[], inputs: Tensor[]): Tensor
}

/** `native`: the current backend, when it is native TensorFlow. */
export function tfOps(native?: NativeBackend): Ops {
  const { matmul, addBias, sumRows } = native ? nativeProducts(native) : plainProducts
  return {
    matmul: (a, b, transposeA = false, transposeB = false) => tf.tidy(() => matmul(a, b, transposeA, transposeB)),
    linear: (x, weight, bias) => tf.tidy(() => addBias(matmul(x, weight, false, true), bias)),
    sumRows: (x) => tf.tidy(() => sumRows(x)),

    layerNorm: (x, gain, bias, epsilon) =>
      tf.tidy(() => {
        const mean = tf.mean(x, 1, true) // (rows, 1)
        const centred = tf.sub(x, mean)
        const scale = tf.rsqrt(tf.add(tf.mean(tf.square(centred), 1, true), epsilon)) // (rows, 1)
        const y = tf.add<Tensor2D>(tf.mul(tf.mul(centred, scale), gain), bias)
        return { y, saved: { mean: flat(mean), scale: flat(scale) } }
      }),

    layerNormGradient: (dy, x, saved, gain) =>
      tf.tidy(() => {
        const scale = tf.expandDims(saved.scale, 1)
        const h = tf.mul<Tensor2D>(tf.sub(x, tf.expandDims(saved.mean, 1)), scale)
        const g = tf.mul<Tensor2D>(dy, gain)
        const across = tf.mul(h, tf.mean(tf.mul(g, h), 1, true))
        const dx = tf.mul<Tensor2D>(scale, tf.sub(tf.sub(g, tf.mean(g, 1, true)), across))
        return { dx, dgain: sumRows(tf.mul<Tensor2D>(dy, h)), dbias: sumRows(dy) }
      }),

    activation: (x, kind) => tf.tidy(() => tf.mul<Tensor2D>(x, gate(x, kind))),
    activationGradient: (dy, x, kind) => tf.tidy(() => tf.mul<Tensor2D>(dy, derivative(x, kind))),
    attention: (qkv, shape) => tf.tidy(() => attention(qkv, shape)),
    attentionGradient: (dy, qkv, probabilities, shape) => tf.tidy(() => attentionGradient(dy, qkv, probabilities, shape)),

    add: <T extends Tensor>(x: T, y: T): T => tf.add<T>(x, y),
    compose: <T extends Tensor>(base: T, vectors: readonly T[], coefficients: readonly number[]): T =>
      tf.tidy(() => vectors.reduce<T>((sum, vector, k) => tf.add<T>(sum, tf.mul(vector, coefficients[k] ?? Number.NaN)), tf.clone(base))),
    dot: (a, b) => tf.tidy(() => tf.sum(tf.mul(a, b)).dataSync()[0] ?? Number.NaN),
    read: (a) => Float32Array.from(a.dataSync()),
  }
}

const plainProducts = {
  matmul: (a: Tensor2D, b: Tensor2D, transposeA: boolean, transposeB: boolean): Tensor2D => tf.matMul(a, b, transposeA, transposeB),
  addBias: (x: Tensor2D, bias: Tensor1D): Tensor2D => tf.add(x, bias),
  sumRows: (x: Tensor2D): Tensor1D => tf.sum(x, 0),
}

function nativeProducts(backend: NativeBackend): typeof plainProducts {
  const { TF_FLOAT, TF_ATTR_TYPE, TF_ATTR_BOOL } = backend.binding
  const float = { name: 'T', type: TF_ATTR_TYPE, value: TF_FLOAT }
  return {
    matmul(a, b, transposeA, transposeB) {
      const transposed = [
        { name: 'transpose_a', type: TF_ATTR_BOOL, value: transposeA },
        { name: 'transpose_b', type: TF_ATTR_BOOL, value: transposeB },
      ]
      return backend.executeSingleOutput('MatMul', [float, ...transposed], [a, b]) as Tensor2D
    },
    addBias: (x, bias) => backend.executeSingleOutput('BiasAdd', [float], [x, bias]) as Tensor2D,
    sumRows: (x) => backend.executeSingleOutput('BiasAddGrad', [float], [x]) as Tensor1D,
  }
}

function flat(x: Tensor): Tensor1D {
  return tf.reshape(x, [x.size]) as Tensor1D
}

/** f(x) / x: s(1.702 x), or Phi(x). */
function gate(x: Tensor2D, kind: Activation): Tensor2D {
  if (kind === 'quick-gelu') return tf.sigmoid(tf.mul<Tensor2D>(x, 1.702))
  return tf.mul(tf.add(tf.erf(tf.mul(x, Math.SQRT1_2)), 1), 0.5)
}

/** f'(x): s + 1.702 x s (1 - s), or Phi(x) + x exp(-x^2 / 2) / sqrt(2 pi). */
function derivative(x: Tensor2D, kind: Activation): Tensor2D {
  const g = gate(x, kind)
  if (kind === 'quick-gelu') return tf.mul(g, tf.add(tf.mul(tf.mul(x, 1.702), tf.sub(1, g)), 1))
  const density = tf.mul(tf.exp(tf.mul(tf.square(x), -0.5)), 1 / Math.sqrt(2 * Math.PI))
  return tf.add(g, tf.mul(x, density))
}

function attention(qkv: Tensor2D, shape: AttentionShape): { y: Tensor2D; probabilities: Tensor3D } {
  const [q, k, v] = splitHeads(qkv, 3, shape)
  const logits = tf.mul(tf.matMul(q, k, false, true), 1 / Math.sqrt(q.shape[2]))
  const probabilities = tf.softmax<Tensor3D>(logits as Tensor3D)
  return { y: joinHeads([tf.matMul(probabilities, v)], shape), probabilities }
}

function attentionGradient(dy: Tensor2D, qkv: Tensor2D, probabilities: Tensor3D, shape: AttentionShape): Tensor2D {
  const [q, k, v] = splitHeads(qkv, 3, shape)
  const [d] = splitHeads(dy, 1, shape)
  const dp = tf.matMul(d, v, false, true)
  const centred = tf.sub(dp, tf.sum(tf.mul(dp, probabilities), 2, true))
  const ds = tf.mul<Tensor3D>(tf.mul(centred, probabilities), 1 / Math.sqrt(q.shape[2]))
  return joinHeads([tf.matMul(ds, k), tf.matMul(ds, q, true, false), tf.matMul(probabilities, d, true, false)], shape)
}

/** (images * tokens, parts * width) to `parts` tensors (images * heads, tokens, width / heads). */
function splitHeads(x: Tensor2D, parts: number, { images, tokens, heads }: AttentionShape): [Tensor3D, Tensor3D, Tensor3D] {
  const size = x.shape[1] / parts / heads
  const split = tf.reshape(x, [images, tokens, parts, heads, size])
  const byPart = tf.reshape(tf.transpose(split, [2, 0, 3, 1, 4]), [parts, images * heads, tokens, size])
  return tf.unstack(byPart) as [Tensor3D, Tensor3D, Tensor3D]
}

/** The way back: parts side by side in each row. */
function joinHeads(parts: Tensor3D[], { images, tokens, heads }: AttentionShape): Tensor2D {
  const size = parts[0]?.shape[2] ?? 0
  const stacked = tf.reshape(tf.stack(parts), [parts.length, images, heads, tokens, size])
  return tf.reshape(tf.transpose(stacked, [1, 3, 0, 2, 4]), [images * tokens, parts.length * heads * size]) as Tensor2D
}
