// Attention and its way back, heads split off and joined by transposes.
import type { AttentionShape, Ops } from '../ops.ts'
import { type Tensor2D, type Tensor3D, tf } from '../tf.ts'

export const tfAttention: Pick<Ops, 'attention' | 'attentionGradient'> = {
  attention: (qkv: Tensor2D, shape) => tf.tidy(() => attention(qkv, shape)),
  attentionGradient: (dy: Tensor2D, qkv: Tensor2D, probabilities: Tensor3D, shape) =>
    tf.tidy(() => attentionGradient(dy, qkv, probabilities, shape)),
}

function attention(qkv: Tensor2D, shape: AttentionShape): { y: Tensor2D; saved: Tensor3D } {
  const [q, k, v] = splitHeads(qkv, 3, shape)
  const logits = tf.mul<Tensor3D>(tf.matMul(q, k, false, true), 1 / Math.sqrt(q.shape[2]))
  const probabilities = tf.softmax<Tensor3D>(shape.causal ? tf.add(logits, futureOf(shape.tokens)) : logits)
  return { y: joinHeads([tf.matMul(probabilities, v)], shape), saved: probabilities }
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
