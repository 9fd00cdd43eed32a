// The dozen operations a transformer and its reverse pass are made of, so that a model is written once and each backend
// brings the fastest form it has. All tensors are float32; activations are 2-D, (rows, width), rows = images * tokens.
// Every function returns new tensors that the caller disposes; arguments are left alone. Nothing here differentiates by
// itself: each operation stands beside its own derivative.
import type { Tensor, Tensor1D, Tensor2D, Tensor3D } from './tf.ts'

export type Activation = 'quick-gelu' | 'gelu'

/** What the reverse pass of a layer norm needs: the input, each row's mean and 1 / sqrt(variance + epsilon). */
export interface LayerNormSaved {
  mean: Tensor1D // (rows)
  scale: Tensor1D // (rows)
}

/** An activation again, and its way back, which share what they compute. */
export interface ActivationReverse {
  y: Tensor2D
  gradient(dy: Tensor2D): Tensor2D // dy f'(x)
  dispose(): void // y too
}

export interface AttentionShape {
  images: number
  tokens: number
  heads: number
  causal?: boolean // a token attends to itself and to those before it
}

/** A model's weights by name, in the shapes a tower holds them in. */
export type Weights = (name: string) => Tensor

export type Precision = 'float32' | 'float16'

/** K vectors of one parameter, on the device, K from 0 to 64. */
export interface Vectors {
  /** base + sum_k coefficients[k] vector_k, of base's shape. */
  compose<T extends Tensor>(base: T, coefficients: readonly number[]): T

  /** < vector_k, gradient > for every k. */
  dots(gradient: Tensor): number[]

  dispose(): void
}

export interface Ops {
  /** a (m, k), or (k, m) if transposeA; b (k, n), or (n, k) if transposeB; gives (m, n). */
  matmul(a: Tensor2D, b: Tensor2D, transposeA?: boolean, transposeB?: boolean): Tensor2D

  /** x (rows, in), weight (out, in), or (in, out) if turned, bias (out): x weight' + bias, (rows, out). */
  linear(x: Tensor2D, weight: Tensor2D, bias: Tensor1D, turned?: boolean): Tensor2D

  /** Sums over rows: (rows, columns) to (columns). */
  sumRows(x: Tensor2D): Tensor1D

  /** y = (x - mean) * scale * gain + bias over each row; x (rows, width). */
  layerNorm(x: Tensor2D, gain: Tensor1D, bias: Tensor1D, epsilon: number): { y: Tensor2D; saved: LayerNormSaved }

  /** y again, from what its forward pass saved. */
  layerNormAgain(x: Tensor2D, saved: LayerNormSaved, gain: Tensor1D, bias: Tensor1D, epsilon: number): Tensor2D

  /** From dL/dy (rows, width): dL/dx (rows, width), dL/dgain and dL/dbias (width). */
  layerNormGradient(
    dy: Tensor2D,
    x: Tensor2D,
    saved: LayerNormSaved,
    gain: Tensor1D,
  ): { dx: Tensor2D; dgain: Tensor1D; dbias: Tensor1D }

  /** QuickGELU x * sigmoid(1.702 x), or GELU x * Phi(x) (exact, by erf). */
  activation(x: Tensor2D, kind: Activation): Tensor2D

  activationReverse(x: Tensor2D, kind: Activation): ActivationReverse

  /**
   * Multi-head self-attention, softmax(q k' / sqrt(width / heads)) v.
   * qkv (images * tokens, 3 * width): each row holds q, k, v side by side, each split into heads.
   * Gives y (images * tokens, width) and the probabilities (images * heads, tokens, tokens) that the reverse pass
   * needs; causal, they are 0 above the diagonal.
   */
  attention(qkv: Tensor2D, shape: AttentionShape): { y: Tensor2D; probabilities: Tensor3D }

  /** From dL/dy (images * tokens, width): dL/dqkv (images * tokens, 3 * width). */
  attentionGradient(dy: Tensor2D, qkv: Tensor2D, probabilities: Tensor3D, shape: AttentionShape): Tensor2D

  /**
   * Forward mode: from k tangents of x, stacked in dx (k * rows, width), those of layerNorm(x) at fixed gain and bias,
   * (k * rows, width); x (rows, width).
   */
  layerNormTangent(dx: Tensor2D, x: Tensor2D, saved: LayerNormSaved, gain: Tensor1D): Tensor2D

  /** From dx (k * rows, width): the k tangents of activation(x), dx f'(x), stacked. */
  activationTangent(dx: Tensor2D, x: Tensor2D, kind: Activation): Tensor2D

  /** From dqkv (k * images * tokens, 3 * width): the k tangents of attention's y, (k * images * tokens, width). */
  attentionTangent(dqkv: Tensor2D, qkv: Tensor2D, probabilities: Tensor3D, shape: AttentionShape): Tensor2D

  /** x + y, both of one shape. */
  add<T extends Tensor>(x: T, y: T): T

  /** values on the device, copied: they may be written over afterwards. */
  upload(values: Float32Array, shape: readonly number[]): Tensor

  /**
   * `count` vectors (count, n), copied to the device; in float16 each is rounded to 11 bits of its largest element's
   * binade downwards. Inner products are accumulated in float64 where the backend can.
   */
  vectors(values: Float32Array, count: number, precision: Precision): Vectors

  /** a, disposed by the caller, as numbers; a copy that stays valid. */
  read(a: Tensor): Float32Array
}
