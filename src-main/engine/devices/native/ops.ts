// `Ops` on native TensorFlow, by its own operations where tfjs-core maps badly: MatMul (tfjs-core takes BatchMatMulV2,
// 1.6 times slower where b is not transposed), BiasAdd, BiasAddGrad for sums over rows (2 to 3.5 times faster than Sum)
// and SigmoidGrad. Nothing is fused here, so each pass over a wide activation counts.
import type { Activation, AttentionShape, LayerNormSaved, Ops } from '../ops.ts'
import type { Tensor, Tensor1D, Tensor2D, Tensor3D } from '../tf.ts'
import { tf } from '../tf.ts'
import type { Attribute, NativeBackend } from './operations.ts'
import { tfTangents } from './tangents.ts'
import { tfVectors } from './vectors.ts'

export function tfOps(backend: NativeBackend): Ops {
  const { TF_FLOAT, TF_ATTR_TYPE, TF_ATTR_BOOL } = backend.binding
  const float: Attribute = { name: 'T', type: TF_ATTR_TYPE, value: TF_FLOAT }
  const op = (name: string, inputs: Tensor[], attributes: Attribute[] = []): Tensor =>
    backend.executeSingleOutput(name, [float, ...attributes], inputs)
  const product = (
    name: string,
    [first, second]: [string, string],
    a: Tensor,
    b: Tensor,
    ofA: boolean,
    ofB: boolean,
  ): Tensor =>
    op(
      name,
      [a, b],
      [
        { name: first, type: TF_ATTR_BOOL, value: ofA },
        { name: second, type: TF_ATTR_BOOL, value: ofB },
      ],
    )
  const matmul = (a: Tensor2D, b: Tensor2D, transposeA = false, transposeB = false): Tensor2D =>
    product('MatMul', ['transpose_a', 'transpose_b'], a, b, transposeA, transposeB) as Tensor2D
  const sumRows = (x: Tensor2D): Tensor1D => op('BiasAddGrad', [x]) as Tensor1D
  const addBias = (x: Tensor2D, bias: Tensor1D): Tensor2D => op('BiasAdd', [x, bias]) as Tensor2D
  /**
   * x s(z) and s(z) + z s(z) (1 - s(z)), z = 1.702 x, the last term by SigmoidGrad(s, z); or x Phi(x) and Phi(x) + x
   * exp(-x^2 / 2) / sqrt(2 pi).
   */
  const activationAndSlope = (x: Tensor2D, kind: Activation): { y: Tensor2D; slope: Tensor2D } => {
    if (kind === 'quick-gelu') {
      const z = tf.mul<Tensor2D>(x, 1.702)
      const s = tf.sigmoid(z)
      return { y: tf.mul(x, s), slope: tf.add(s, op('SigmoidGrad', [s, z])) }
    }
    const phi = gate(x, kind)
    const density = tf.mul(tf.exp(tf.mul(tf.square(x), -0.5)), 1 / Math.sqrt(2 * Math.PI))
    return { y: tf.mul(x, phi), slope: tf.add(phi, tf.mul(x, density)) }
  }
  return {
    matmul,
    linear: (x, weight, bias, turned = false) => tf.tidy(() => addBias(matmul(x, weight, false, !turned), bias)),
    sumRows,

    layerNorm: (x, gain, bias, epsilon) =>
      tf.tidy(() => {
        const mean = tf.mean(x, 1, true) // (rows, 1)
        const centred = tf.sub(x, mean)
        const scale = tf.rsqrt(tf.add(tf.mean(tf.square(centred), 1, true), epsilon)) // (rows, 1)
        const y = addBias(tf.mul<Tensor2D>(tf.mul(centred, scale), gain), bias)
        return { y, saved: { mean: flat(mean), scale: flat(scale) } }
      }),

    layerNormAgain: (x, saved, gain, bias) =>
      tf.tidy(() => addBias(tf.mul<Tensor2D>(normalised(x, saved), gain), bias)),

    layerNormGradient: (dy, x, saved, gain) =>
      tf.tidy(() => {
        const scale = tf.expandDims(saved.scale, 1)
        const h = normalised(x, saved)
        const g = tf.mul<Tensor2D>(dy, gain)
        const across = tf.mul(h, tf.mean(tf.mul(g, h), 1, true))
        const dx = tf.mul<Tensor2D>(scale, tf.sub(tf.sub(g, tf.mean(g, 1, true)), across))
        return { dx, dgain: sumRows(tf.mul<Tensor2D>(dy, h)), dbias: sumRows(dy) }
      }),

    activation: (x, kind) => tf.tidy(() => tf.mul<Tensor2D>(x, gate(x, kind))),
    activationReverse(x, kind) {
      const { y, slope } = tf.tidy(() => activationAndSlope(x, kind))
      return { y, gradient: (dy) => tf.mul<Tensor2D>(dy, slope), dispose: () => tf.dispose([y, slope]) }
    },
    attention: (qkv, shape) => tf.tidy(() => attention(qkv, shape)),
    attentionGradient: (dy, qkv, probabilities, shape) =>
      tf.tidy(() => attentionGradient(dy, qkv, probabilities, shape)),
    ...tfTangents,

    add: <T extends Tensor>(x: T, y: T): T => tf.add<T>(x, y),
    // TensorFlow may go on reading the array itself; what an operation gives is its own.
    upload: (values, shape) => tf.tidy(() => tf.mul(tf.tensor(values, [...shape]), 1)),
    vectors: tfVectors(backend),
    read: (a) => Float32Array.from(a.dataSync()),
  }
}

function normalised(x: Tensor2D, { mean, scale }: LayerNormSaved): Tensor2D {
  return tf.mul(tf.sub(x, tf.expandDims(mean, 1)), tf.expandDims(scale, 1))
}

function flat(x: Tensor): Tensor1D {
  return tf.reshape(x, [x.size]) as Tensor1D
}

/** f(x) / x: s(1.702 x), or Phi(x). */
function gate(x: Tensor2D, kind: Activation): Tensor2D {
  if (kind === 'quick-gelu') return tf.sigmoid(tf.mul<Tensor2D>(x, 1.702))
  return tf.mul(tf.add(tf.erf(tf.mul(x, Math.SQRT1_2)), 1), 0.5)
}

function attention(qkv: Tensor2D, shape: AttentionShape): { y: Tensor2D; probabilities: Tensor3D } {
  const [q, k, v] = splitHeads(qkv, 3, shape)
  const logits = tf.mul<Tensor3D>(tf.matMul(q, k, false, true), 1 / Math.sqrt(q.shape[2]))
  const probabilities = tf.softmax<Tensor3D>(shape.causal ? tf.add(logits, futureOf(shape.tokens)) : logits)
  return { y: joinHeads([tf.matMul(probabilities, v)], shape), probabilities }
}

/** (tokens, tokens), minus infinity above the diagonal, else 0. */
function futureOf(tokens: number): Tensor2D {
  const mask = Float32Array.from({ length: tokens * tokens }, (_, i) =>
    i % tokens > Math.floor(i / tokens) ? Number.NEGATIVE_INFINITY : 0,
  )
  return tf.tensor2d(mask, [tokens, tokens])
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
function splitHeads(
  x: Tensor2D,
  parts: number,
  { images, tokens, heads }: AttentionShape,
): [Tensor3D, Tensor3D, Tensor3D] {
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
