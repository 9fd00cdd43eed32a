// What an engine computes: the operations a transformer, its reverse pass and its forward mode are made of, so that a
// model is written once and each engine brings the fastest form it has. All tensors are float32; activations are 2-D,
// (rows, width), rows = images * tokens. Every function returns new tensors that the caller disposes; arguments are
// left alone. Nothing here differentiates by itself: each operation stands beside its own derivative.
// Work is handed to the device and not waited for; what comes back to the host, `read` and `readDots`, is a promise.
import type { Tensor, Tensor1D, Tensor2D } from './tensor.ts'

export type Activation = 'quick-gelu' | 'gelu'

/** What the reverse pass of a layer norm needs: the input, each row's mean and 1 / sqrt(variance + epsilon). */
export interface LayerNormSaved {
  mean: Tensor1D // (rows)
  scale: Tensor1D // (rows)
}

/** What the reverse pass of attention and its tangents need beside qkv; each engine keeps what suits it. */
export interface AttentionSaved {
  dispose(): void
}

export interface AttentionShape {
  images: number
  tokens: number
  heads: number
  causal?: boolean // a token attends to itself and to those before it
}

/**
 * Images of one kind as they lie in memory, (channels, size, size) each: bytes, or float32 already normalised; one
 * channel stands for three equal ones.
 */
export interface Images {
  pixels: readonly Uint8Array[] | readonly Float32Array[]
  channels: 1 | 3
  size: number
}

/** A byte v of channel c becomes v factors[c] + shifts[c], each step rounded to float64 and the result to float32. */
export interface Normalisation {
  factors: readonly [number, number, number]
  shifts: readonly [number, number, number]
}

export type Precision = 'float32' | 'float16'

/** K vectors of one parameter, on the device, K from 0 to 64. */
export interface Vectors {
  /** base + sum_k coefficients[k] vector_k, of base's shape. */
  compose<T extends Tensor>(base: T, coefficients: readonly number[]): T

  /** < vector_k, gradient > for every k, on the device until `Ops.readDots`; they outlive scopes and the vectors. */
  dots(gradient: Tensor): Dots

  dispose(): void
}

/** Numbers that are on the device still, or under way there: inner products, or what a head tells. */
export interface Dots {
  dispose(): void
}

/** A frozen head's numbers: logits = scale W u + bias, u = z / |z| where it is normalised, else z. */
export interface HeadNumbers {
  weights: Float32Array // W (classes, embed)
  bias: Float32Array | null // (classes)
  classes: number
  embed: number
  scale: number
  normalised: boolean
}

/** Losses that a head on the device knows: cross-entropy with labels, and the prediction's entropy. */
export type DeviceLoss = 'label-likelihood' | 'softmax-entropy'

/** A frozen head on the device, in float32. */
export interface DeviceHead {
  /**
   * Of labels.length rows of features (n, embed), from row `first` on: each one's loss, and the class it is taken for
   * (the first among equals), 2 labels.length numbers in all; and the gradient of the sum of weight times losses,
   * (labels.length, embed). A label that is not known, -1, is for entropy alone.
   */
  judge(
    features: Tensor2D,
    first: number,
    labels: Int32Array,
    loss: DeviceLoss,
    weight: number,
  ): { told: Dots; dFeatures: Tensor2D }

  dispose(): void
}

/** What is made in one go or in several, with waiting in between, and goes together. */
export interface Scope {
  /** Does the work, which does not wait itself; what it makes on the device is the scope's. */
  run<T>(work: () => T): T

  /** Disposes all that was made and is still there, `Ops.keep` aside. */
  dispose(): void
}

/** A parameter as AdamW keeps it: what it is, and the running means of its gradient and of the gradient squared. */
export interface Moving {
  value: Tensor
  mean: Tensor // m, of value's shape
  square: Tensor // v
}

/** The numbers of one step of AdamW. */
export interface AdamwStep {
  rate: number // eta, of this step
  decay: number // w
  beta1: number
  beta2: number
  epsilon: number
  step: number // t, from 1: what the means are corrected by
  scale: number // what the gradient is multiplied by before anything else, as clipping by the global norm does
}

/** mask: 0 or 1 for each element, of value's shape; origin: what the value is the difference from. */
export interface AdamwBeside {
  mask?: Tensor | undefined
  origin?: Tensor | undefined
}

export interface Ops {
  /**
   * images (n, channels, size, size), cut into the rows that the patch embedding multiplies: (n * patches,
   * 3 * patch^2), in the order channel, row, column. Bytes are normalised on the way; float32 pixels stay as they are.
   */
  patches(images: Images, patch: number, normalisation: Normalisation): Tensor2D

  /**
   * [class; patches] + positions: patches (images * (tokens - 1), width), a class token (width), positions (tokens,
   * width); gives (images * tokens, width).
   */
  embedding(patches: Tensor2D, classToken: Tensor1D, positions: Tensor2D): Tensor2D

  /** From dL/d embedding (images * tokens, width). */
  embeddingGradient(dy: Tensor2D, images: number): { dpatches: Tensor2D; dclassToken: Tensor1D; dpositions: Tensor2D }

  /** The rows of x (n, width) by number, in the order given: (rows, width). */
  takeRows(x: Tensor2D, rows: readonly number[]): Tensor2D

  /** The way back: (rows, width) to (n, width), zero in the rows that are not named. */
  putRows(x: Tensor2D, rows: readonly number[], n: number): Tensor2D

  /** One below the other; all of one width. */
  stackRows(parts: readonly Tensor2D[]): Tensor2D

  /** (width) to (rows, width), all alike. */
  repeatRow(row: Tensor1D, rows: number): Tensor2D

  zeros<T extends Tensor>(shape: T['shape']): T

  /** a (m, k), or (k, m) if transposeA; b (k, n), or (n, k) if transposeB; gives (m, n). */
  matmul(a: Tensor2D, b: Tensor2D, transposeA?: boolean, transposeB?: boolean): Tensor2D

  /**
   * x (rows, in), weight (out, in), or (in, out) if turned, bias (out), residual (rows, out): x weight' + bias, plus
   * the residual where one is given, (rows, out).
   */
  linear(x: Tensor2D, weight: Tensor2D, bias: Tensor1D, turned?: boolean, residual?: Tensor2D): Tensor2D

  /** wide = x weight' + bias, and active = f(wide). */
  linearActivated(x: Tensor2D, weight: Tensor2D, bias: Tensor1D, kind: Activation): { wide: Tensor2D; active: Tensor2D }

  /**
   * The way back through y = f(wide) weight', weight (out, in), or (in, out) if turned: from dL/dy (rows, out) and wide
   * (rows, in), f(wide) again and dL/dwide = (dy weight) f'(wide).
   */
  activatedGradient(
    dy: Tensor2D,
    weight: Tensor2D,
    wide: Tensor2D,
    kind: Activation,
    turned?: boolean,
  ): { active: Tensor2D; dwide: Tensor2D }

  /** Sums over rows: (rows, columns) to (columns). */
  sumRows(x: Tensor2D): Tensor1D

  /** y = (x - mean) * scale * gain + bias over each row; x (rows, width). */
  layerNorm(x: Tensor2D, gain: Tensor1D, bias: Tensor1D, epsilon: number): { y: Tensor2D; saved: LayerNormSaved }

  /** y again, from what its forward pass saved. */
  layerNormAgain(x: Tensor2D, saved: LayerNormSaved, gain: Tensor1D, bias: Tensor1D, epsilon: number): Tensor2D

  /**
   * From dL/dy (rows, width): dL/dx (rows, width), plus the residual where one is given, dL/dgain and dL/dbias (width).
   */
  layerNormGradient(
    dy: Tensor2D,
    x: Tensor2D,
    saved: LayerNormSaved,
    gain: Tensor1D,
    residual?: Tensor2D,
  ): { dx: Tensor2D; dgain: Tensor1D; dbias: Tensor1D }

  /** QuickGELU x * sigmoid(1.702 x), or GELU x * Phi(x) (exact, by erf). */
  activation(x: Tensor2D, kind: Activation): Tensor2D

  /**
   * Multi-head self-attention, softmax(q k' / sqrt(width / heads)) v.
   * qkv (images * tokens, 3 * width): each row holds q, k, v side by side, each split into heads.
   * Gives y (images * tokens, width) and what the reverse pass needs.
   */
  attention(qkv: Tensor2D, shape: AttentionShape): { y: Tensor2D; saved: AttentionSaved }

  /** From dL/dy (images * tokens, width): dL/dqkv (images * tokens, 3 * width). */
  attentionGradient(dy: Tensor2D, qkv: Tensor2D, saved: AttentionSaved, shape: AttentionShape): Tensor2D

  /**
   * Forward mode: from k tangents of x, stacked in dx (k * rows, width), those of layerNorm(x) at fixed gain and bias,
   * (k * rows, width); x (rows, width).
   */
  layerNormTangent(dx: Tensor2D, x: Tensor2D, saved: LayerNormSaved, gain: Tensor1D): Tensor2D

  /** From dx (k * rows, width): the k tangents of activation(x), dx f'(x), stacked. */
  activationTangent(dx: Tensor2D, x: Tensor2D, kind: Activation): Tensor2D

  /** From dqkv (k * images * tokens, 3 * width): the k tangents of attention's y, (k * images * tokens, width). */
  attentionTangent(dqkv: Tensor2D, qkv: Tensor2D, saved: AttentionSaved, shape: AttentionShape): Tensor2D

  /** x + y, both of one shape. */
  add<T extends Tensor>(x: T, y: T): T

  /** sum_i coefficients[i] tensors[i]: one tensor at least, all of one shape. */
  combine<T extends Tensor>(tensors: readonly T[], coefficients: readonly number[]): T

  /** < x, y > over all elements, both of one shape: one number, on the device until `readDots`. */
  dot(x: Tensor, y: Tensor): Dots

  /**
   * One step of AdamW (Loshchilov and Hutter 2019), decay on all there is; with g = scale gradient:
   *   m <- b1 m + (1 - b1) g,   v <- b2 v + (1 - b2) g^2
   *   x <- x - M eta (w (origin + x) + m / (1 - b1^t) / (sqrt(v / (1 - b2^t)) + epsilon))
   * where M = 1 and origin = 0 if not given; an element with M = 0 keeps its bits. The means see the whole gradient.
   * Takes `present`, which is disposed or written over, and gives the next, which outlives every scope; the rest stays
   * the caller's, clones of `present` too.
   */
  adamw(present: Moving, gradient: Tensor, step: AdamwStep, beside?: AdamwBeside): Moving

  /** The same values once more, with a life of their own. */
  clone<T extends Tensor>(x: T): T

  /** values on the device, copied: they may be written over afterwards. */
  upload<T extends Tensor>(values: Float32Array, shape: T['shape']): T

  /**
   * `count` vectors (count, n), copied to the device; in float16 each is rounded to 11 bits of its largest element's
   * binade downwards. Inner products are accumulated in float64 where the backend can.
   */
  vectors(values: Float32Array, count: number, precision: Precision): Vectors

  /** A head on the device; engines without take heads' losses on the host, in float64. */
  head?(numbers: HeadNumbers): DeviceHead

  /** a, disposed by the caller once they have come, as numbers; a copy that stays valid. */
  read(a: Tensor): Promise<Float32Array>

  /** The numbers of each, by one read for all; they stay the caller's. */
  readDots(all: readonly Dots[]): Promise<number[][]>

  scope(): Scope

  /**
   * work(inputs) as one call, on engines where calls are dear; the others do without. Inputs and what work gives are
   * tensors in objects and arrays; work reads no other tensor and waits for nothing. `key` says what it does: at the
   * first of its key and shapes it is written down on stand-ins, then it is done from what is written.
   */
  traced?<I, O>(key: string, inputs: I, work: (inputs: I) => O): O

  /** x, which from now on outlives every scope: its holder disposes it. */
  keep<T extends Tensor>(x: T): T
}
