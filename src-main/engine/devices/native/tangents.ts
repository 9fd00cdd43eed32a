// The forward-mode operations of `Ops` in public operations of tfjs-core: k tangents stacked over one primal.
// Attention's small products are cut so that the tangents are more rows, or more columns, of one product a head, and
// nothing is copied k times: (k T, s) k', q (k T, s)', (k T, T) v and P (T, k s).
import type { Activation, AttentionShape, Ops } from '../ops.ts'
import type { Tensor, Tensor1D, Tensor2D, Tensor3D } from '../tf.ts'
import { tf } from '../tf.ts'

interface Saved {
  mean: Tensor1D
  scale: Tensor1D
}

export const tfTangents: Pick<Ops, 'layerNormTangent' | 'activationTangent' | 'attentionTangent'> = {
  layerNormTangent: (dx: Tensor2D, x: Tensor2D, saved: Saved, gain: Tensor1D) =>
    tf.tidy(() => layerNormTangent(dx, x, saved, gain)),
  activationTangent: (dx: Tensor2D, x: Tensor2D, kind) =>
    tf.tidy(
      () =>
        tf.reshape(
          tf.mul<Tensor>(tf.reshape(dx, [dx.size / x.size, x.size]), slope(tf.reshape(x, [x.size]), kind)),
          dx.shape,
        ) as Tensor2D,
    ),
  attentionTangent: (dqkv: Tensor2D, qkv: Tensor2D, probabilities: Tensor3D, shape) =>
    tf.tidy(() => attentionTangent(dqkv, qkv, probabilities, shape)),
}

function layerNormTangent(dx: Tensor2D, x: Tensor2D, { mean, scale }: Saved, gain: Tensor1D): Tensor2D {
  const rows = tf.expandDims(scale, 1)
  const h = tf.mul(tf.sub(x, tf.expandDims(mean, 1)), rows) // (rows, width)
  const d = tf.reshape(dx, [dx.size / x.size, ...x.shape]) // (k, rows, width)
  const centred = tf.sub(tf.sub(d, tf.mean(d, 2, true)), tf.mul(h, tf.mean(tf.mul(d, h), 2, true)))
  return tf.reshape(tf.mul(centred, tf.mul(rows, gain)), dx.shape)
}

/** f'(x) = s + 1.702 x s (1 - s), s = s(1.702 x); or Phi(x) + x phi(x). */
function slope(x: Tensor, kind: Activation): Tensor {
  if (kind === 'gelu') {
    const phi = tf.mul(tf.exp(tf.mul(tf.square(x), -0.5)), 1 / Math.sqrt(2 * Math.PI))
    return tf.add(tf.mul(tf.add(tf.erf(tf.mul(x, Math.SQRT1_2)), 1), 0.5), tf.mul(x, phi))
  }
  const scaled = tf.mul(x, 1.702)
  const s = tf.sigmoid(scaled)
  return tf.add(s, tf.mul(scaled, tf.mul(s, tf.sub(1, s))))
}

function attentionTangent(
  dqkv: Tensor2D,
  qkv: Tensor2D,
  probabilities: Tensor3D,
  { images, tokens, heads }: AttentionShape,
): Tensor2D {
  const batch = images * heads
  const size = qkv.shape[1] / 3 / heads
  const k = dqkv.size / qkv.size
  // (k, images, tokens, 3, heads, size) to three of (images * heads, k * tokens, size)
  const split = (x: Tensor2D, count: number): Tensor3D[] => {
    const parts = tf.transpose(tf.reshape(x, [count, images, tokens, 3, heads, size]), [3, 1, 4, 0, 2, 5])
    return tf.unstack(tf.reshape(parts, [3, batch, count * tokens, size])) as Tensor3D[]
  }
  const [query, key, value] = split(qkv, 1) as [Tensor3D, Tensor3D, Tensor3D]
  const [dQuery, dKey, dValue] = split(dqkv, k) as [Tensor3D, Tensor3D, Tensor3D]
  const stack = [batch, k, tokens, tokens] as const
  const swapped = tf.reshape(tf.matMul(dKey, query, false, true), [...stack]) // (batch, k, of the key, of the query)
  const ds = tf.add(tf.reshape(tf.matMul(dQuery, key, false, true), [...stack]), tf.transpose(swapped, [0, 1, 3, 2]))
  const p = tf.reshape(probabilities, [batch, 1, tokens, tokens])
  const centred = tf.sub(ds, tf.sum(tf.mul(ds, p), 3, true))
  const dp = tf.reshape(tf.mul(tf.mul(centred, p), 1 / Math.sqrt(size)), [batch, k * tokens, tokens]) as Tensor3D
  const moved = tf.reshape(tf.matMul(dp, value), [batch, k, tokens, size])
  const columns = tf.transpose(tf.reshape(dValue, [batch, k, tokens, size]), [0, 2, 1, 3]) // (batch, tokens, k, size)
  const mixed = tf.matMul(probabilities, tf.reshape(columns, [batch, tokens, k * size]) as Tensor3D)
  const back = tf.transpose(tf.reshape(mixed, [batch, tokens, k, size]), [0, 2, 1, 3])
  const dy = tf.reshape(tf.add(moved, back), [images, heads, k, tokens, size])
  return tf.reshape(tf.transpose(dy, [2, 0, 3, 1, 4]), [k * images * tokens, heads * size])
}
