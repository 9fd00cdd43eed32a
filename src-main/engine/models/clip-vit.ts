// CLIP's image tower: forward pass and its hand-written reverse.
//   x = ln_pre([class; patches] + position);  L times  x += attn(ln_1 x),  x += mlp(ln_2 x);
//   feature = ln_post(x_class) proj,  not normalised.
// Only the class token is read out, so behind its attention the last layer computes that token alone.
// The reverse pass hands each parameter's gradient to `emit` as soon as it is known and frees it after, so that no more
// than one block's gradient lives at a time: that is what < tau_b, dL/d theta_b > needs (methods' one primitive).
// Rows are images * tokens; `Weights` are 1-D or 2-D tensors by name, as weights/layout.ts holds them.
import type { AttentionShape, LayerNormSaved, Ops, Weights } from '../devices/ops.ts'
import { type Tensor, type Tensor1D, type Tensor2D, type Tensor3D, tf } from '../devices/tf.ts'
import type { Architecture } from '../layouts/clip-names.ts'
import { isTurned } from '../weights/held.ts'

export interface Tower {
  architecture: Architecture
  ops: Ops
  freeBytes?: () => number // for activations; no bound if not given
}

/** Takes a parameter's gradient, in the parameter's own shape as `Weights` has it; must not keep it. */
export type Emit = (name: string, gradient: Tensor) => void

/**
 * What a layer's reverse needs, beside the norms' outputs, which cost less to make again than to keep; in the last
 * layer x2 and what follows have a row an image.
 */
export interface LayerTape {
  ln1: LayerNormSaved
  qkv: Tensor2D // (rows, 3 * width)
  probabilities: Tensor3D // (images * heads, tokens, tokens)
  mixed: Tensor2D // (rows, width)
  x2: Tensor2D
  ln2: LayerNormSaved
  wide: Tensor2D // (rows, mlp), before the activation
}

export interface Tape {
  images: number
  patches: Tensor2D
  embedded: Tensor2D
  lnPre: LayerNormSaved
  layers: { x: Tensor2D; kept: LayerTape | undefined }[] // x (rows, width); what is not kept is computed again
  classRows: Tensor2D // (images, width)
  lnPost: LayerNormSaved
  pooled: Tensor2D
}

/**
 * What stays of a forward pass: a tape holds the activations of as many layers as fit into memory, of the others their
 * input; a full tape of all.
 */
export type Keep = 'nothing' | 'tape' | 'full tape'

const layerName = (i: number): string => `transformer.resblocks.${i}.`

/** patches (images * patches, 3 * patch * patch) to features (images, embed), with the tape `reverse` needs. */
export function forward(
  tower: Tower,
  weights: Weights,
  patches: Tensor2D,
  keep: Keep,
): { features: Tensor2D; tape: Tape | undefined } {
  const { ops, architecture } = tower
  const { tokens, layers, layerNormEps } = architecture
  const images = patches.shape[0] / (tokens - 1)
  const w1 = (name: string): Tensor1D => weights(name) as Tensor1D
  const embedded = embed(tower, weights, patches)
  const pre = ops.layerNorm(embedded, w1('ln_pre.weight'), w1('ln_pre.bias'), layerNormEps)
  const tapes: Tape['layers'] = []
  const whole = keep === 'tape' ? layersThatFit(tower, images) : keep === 'full tape' ? layers : 0
  let x = pre.y
  for (let i = 0; i < layers; i++) {
    const { next, tape } = layer(tower, weights, i, x, images)
    const isKept = i >= layers - whole
    if (!isKept) disposeLayer(tape)
    if (keep === 'nothing') x.dispose()
    else tapes.push({ x, kept: isKept ? tape : undefined })
    x = next
  }
  const post = ops.layerNorm(x, w1('ln_post.weight'), w1('ln_post.bias'), layerNormEps)
  const features = ops.matmul(post.y, weights('proj') as Tensor2D)
  const tape = {
    images,
    patches,
    embedded,
    lnPre: pre.saved,
    layers: tapes,
    classRows: x,
    lnPost: post.saved,
    pooled: post.y,
  }
  if (keep !== 'nothing') return { features, tape }
  disposeTape(tape)
  return { features, tape: undefined }
}

/** [class; patches conv1'] + position, (images * tokens, width); linear in its three parameters. */
export function embed({ ops, architecture }: Tower, weights: Weights, patches: Tensor2D): Tensor2D {
  const { tokens, width } = architecture
  const images = patches.shape[0] / (tokens - 1)
  return tf.tidy(() => {
    const patchTokens = tf.reshape(ops.matmul(patches, weights('conv1.weight') as Tensor2D, false, true), [
      images,
      tokens - 1,
      width,
    ])
    const classToken = tf.tile(tf.reshape(weights('class_embedding'), [1, 1, width]), [images, 1, 1])
    const positions = tf.reshape(weights('positional_embedding'), [1, tokens, width])
    return tf.reshape(tf.add(tf.concat([classToken, patchTokens], 1), positions), [images * tokens, width]) as Tensor2D
  })
}

/** Layer i on x (rows, width): the next x, which is (images, width) behind the last layer. */
function layer(tower: Tower, weights: Weights, i: number, x: Tensor2D, images: number) {
  const { tokens, heads, layers } = tower.architecture
  const readOn = i === layers - 1 ? (rows: Tensor2D) => classRowsOf(rows, images) : undefined
  return transformerLayer(tower, weights, i, x, { images, tokens, heads }, readOn)
}

/**
 * x += attn(ln_1 x), x += mlp(ln_2 x); readOn: the rows of x, of all behind the attention, that are read any further.
 */
export function transformerLayer(
  {
    ops,
    architecture: { activation, layerNormEps },
  }: { ops: Ops; architecture: Pick<Architecture, 'activation' | 'layerNormEps'> },
  weights: Weights,
  i: number,
  x: Tensor2D,
  shape: AttentionShape,
  readOn?: (rows: Tensor2D) => Tensor2D,
) {
  const at = layerName(i)
  const w1 = (name: string): Tensor1D => weights(at + name) as Tensor1D
  const w2 = (name: string): Tensor2D => weights(at + name) as Tensor2D
  const ln1 = ops.layerNorm(x, w1('ln_1.weight'), w1('ln_1.bias'), layerNormEps)
  const qkv = ops.linear(ln1.y, w2('attn.in_proj_weight'), w1('attn.in_proj_bias'))
  const { y, probabilities } = ops.attention(qkv, shape)
  const mixed = readOn ? readOn(y) : y
  const passed = readOn ? readOn(x) : x
  const attended = ops.linear(mixed, w2('attn.out_proj.weight'), w1('attn.out_proj.bias'))
  const x2 = ops.add(passed, attended)
  if (readOn) tf.dispose([y, passed])
  const ln2 = ops.layerNorm(x2, w1('ln_2.weight'), w1('ln_2.bias'), layerNormEps)
  const wide = ops.linear(ln2.y, w2('mlp.c_fc.weight'), w1('mlp.c_fc.bias'))
  const active = ops.activation(wide, activation)
  const narrow = ops.linear(active, w2('mlp.c_proj.weight'), w1('mlp.c_proj.bias'), true)
  const next = ops.add(x2, narrow)
  tf.dispose([ln1.y, attended, ln2.y, active, narrow])
  const tape: LayerTape = { ln1: ln1.saved, qkv, probabilities, mixed, x2, ln2: ln2.saved, wide }
  return { next, tape }
}

/**
 * Of the last layers, whose activations are needed first, so many that inputs of all, and one layer at work, fit beside
 * them.
 */
function layersThatFit({ architecture, freeBytes }: Tower, images: number): number {
  const { tokens, width, mlp, heads, layers } = architecture
  if (!freeBytes) return layers
  const input = 4 * images * tokens * width
  const activations = (5 + mlp / width) * input + 4 * images * heads * tokens * tokens
  const working = 2 * activations + 4 * mlp * width // a layer's gradients, and one of the weights
  const left = freeBytes() - layers * input - working
  return Math.min(layers, Math.max(0, Math.floor(left / activations)))
}

/** From dL/dfeatures (images, embed) to every parameter's gradient, last layer first. Consumes the tape. */
export function reverse(tower: Tower, weights: Weights, tape: Tape, dFeatures: Tensor2D, emit: Emit): void {
  const { ops, architecture } = tower
  const { tokens, width } = architecture
  const { images } = tape
  const give = giveTo(emit)
  give('proj', ops.matmul(tape.pooled, dFeatures, true, false))
  const dPooled = ops.matmul(dFeatures, weights('proj') as Tensor2D, false, true)
  const post = ops.layerNormGradient(dPooled, tape.classRows, tape.lnPost, weights('ln_post.weight') as Tensor1D)
  dPooled.dispose()
  giveNorm(give, 'ln_post', post)
  let dx = post.dx
  for (let i = architecture.layers - 1; i >= 0; i--) {
    const { x, kept = again(tower, weights, i, x, images) } = tape.layers.pop() as Tape['layers'][number]
    const before = layerReverse(tower, weights, i, x, kept, images, dx, give)
    disposeLayer(kept)
    tf.dispose([x, dx])
    dx = before
  }
  const pre = ops.layerNormGradient(dx, tape.embedded, tape.lnPre, weights('ln_pre.weight') as Tensor1D)
  dx.dispose()
  giveNorm(give, 'ln_pre', pre)
  const dPosition = tf.tidy(
    () => tf.reshape(ops.sumRows(tf.reshape(pre.dx, [images, tokens * width])), [tokens, width]) as Tensor2D,
  )
  give(
    'class_embedding',
    tf.tidy(() => tf.reshape(tf.slice(dPosition, [0, 0], [1, width]), [width])),
  )
  give('positional_embedding', dPosition)
  const dPatches = tf.tidy(() => {
    const rows = tf.slice(tf.reshape(pre.dx, [images, tokens, width]), [0, 1, 0], [images, tokens - 1, width])
    return tf.reshape(rows, [images * (tokens - 1), width]) as Tensor2D
  })
  give('conv1.weight', ops.matmul(dPatches, tape.patches, true, false))
  tf.dispose([pre.dx, dPatches])
  disposeTape(tape)
}

function again(tower: Tower, weights: Weights, i: number, x: Tensor2D, images: number): LayerTape {
  const { next, tape } = layer(tower, weights, i, x, images)
  next.dispose()
  return tape
}

type Give = (name: string, gradient: Tensor) => void

function giveTo(emit: Emit): Give {
  return (name, gradient) => {
    emit(name, gradient)
    gradient.dispose()
  }
}

function giveNorm(give: Give, name: string, { dgain, dbias }: { dgain: Tensor1D; dbias: Tensor1D }): void {
  give(`${name}.weight`, dgain)
  give(`${name}.bias`, dbias)
}

/** From dL/d(next x) to dL/dx of layer i, its parameters' gradients given on the way. */
function layerReverse(
  { ops, architecture }: Tower,
  weights: Weights,
  i: number,
  x: Tensor2D,
  kept: LayerTape,
  images: number,
  dNext: Tensor2D,
  give: Give,
): Tensor2D {
  const { tokens, heads, layers, activation, layerNormEps } = architecture
  const at = layerName(i)
  /** y = x W' + b: gives dW = dy' x (or its transpose) and db, returns dx = dy W. */
  const linearBack = (name: string, dy: Tensor2D, input: Tensor2D): Tensor2D => {
    const turned = isTurned(`${name}weight`)
    give(`${name}weight`, turned ? ops.matmul(input, dy, true, false) : ops.matmul(dy, input, true, false))
    give(`${name}bias`, ops.sumRows(dy))
    return ops.matmul(dy, weights(`${name}weight`) as Tensor2D, false, turned)
  }
  const active = ops.activationReverse(kept.wide, activation)
  const dActive = linearBack(`${at}mlp.c_proj.`, dNext, active.y)
  const dWide = active.gradient(dActive)
  active.dispose()
  dActive.dispose()
  const h2 = normAgain(ops, weights, `${at}ln_2`, kept.x2, kept.ln2, layerNormEps)
  const dH2 = linearBack(`${at}mlp.c_fc.`, dWide, h2)
  h2.dispose()
  const ln2 = ops.layerNormGradient(dH2, kept.x2, kept.ln2, weights(`${at}ln_2.weight`) as Tensor1D)
  giveNorm(give, `${at}ln_2`, ln2)
  const dx2 = ops.add(dNext, ln2.dx)
  tf.dispose([dWide, dH2, ln2.dx])

  const isLast = i === layers - 1
  const dMixed = linearBack(`${at}attn.out_proj.`, dx2, kept.mixed)
  const dY = isLast ? atClassRows(dMixed, tokens) : dMixed
  const dPassed = isLast ? atClassRows(dx2, tokens) : dx2
  if (isLast) tf.dispose([dMixed, dx2])
  const dQkv = ops.attentionGradient(dY, kept.qkv, kept.probabilities, { images, tokens, heads })
  const h1 = normAgain(ops, weights, `${at}ln_1`, x, kept.ln1, layerNormEps)
  const dH1 = linearBack(`${at}attn.in_proj_`, dQkv, h1)
  h1.dispose()
  const ln1 = ops.layerNormGradient(dH1, x, kept.ln1, weights(`${at}ln_1.weight`) as Tensor1D)
  giveNorm(give, `${at}ln_1`, ln1)
  const dx = ops.add(dPassed, ln1.dx)
  tf.dispose([dY, dPassed, dQkv, dH1, ln1.dx])
  return dx
}

/** A norm's output, by the norm's name. */
export function normAgain(
  ops: Ops,
  weights: Weights,
  name: string,
  x: Tensor2D,
  saved: LayerNormSaved,
  epsilon: number,
): Tensor2D {
  return ops.layerNormAgain(
    x,
    saved,
    weights(`${name}.weight`) as Tensor1D,
    weights(`${name}.bias`) as Tensor1D,
    epsilon,
  )
}

/** The class token's rows: (n * tokens, width) to (n, width). */
export function classRowsOf(x: Tensor2D, n: number): Tensor2D {
  const [rows, width] = x.shape
  return tf.tidy(
    () => tf.reshape(tf.slice(tf.reshape(x, [n, rows / n, width]), [0, 0, 0], [n, 1, width]), [n, width]) as Tensor2D,
  )
}

/** The way back: (n, width) to (n * tokens, width), zero in the other tokens' rows. */
function atClassRows(x: Tensor2D, tokens: number): Tensor2D {
  const [n, width] = x.shape
  return tf.tidy(() => {
    const others = tf.zeros([n, tokens - 1, width])
    return tf.reshape(tf.concat([tf.reshape(x, [n, 1, width]), others], 1), [n * tokens, width]) as Tensor2D
  })
}

/** Frees what a tape holds; the patches belong to the caller. */
export function disposeTape(tape: Tape): void {
  for (const { x, kept } of tape.layers) {
    x.dispose()
    if (kept) disposeLayer(kept)
  }
  tf.dispose([
    tape.embedded,
    tape.lnPre.mean,
    tape.lnPre.scale,
    tape.classRows,
    tape.lnPost.mean,
    tape.lnPost.scale,
    tape.pooled,
  ])
}

export function disposeLayer({ ln1, qkv, probabilities, mixed, x2, ln2, wide }: LayerTape): void {
  tf.dispose([ln1.mean, ln1.scale, qkv, probabilities, mixed, x2, ln2.mean, ln2.scale, wide])
}
