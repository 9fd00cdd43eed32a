// CLIP's image tower (Radford et al. 2021; a pre-norm ViT, Dosovitskiy et al. 2021), forward and reverse by hand:
//   x = ln_pre([class; patches conv1'] + position);  L times  x += attn(ln_1 x),  x += mlp(ln_2 x);
//   feature = ln_post(x_class) proj,  not normalised.
// The reverse pass hands each parameter's gradient to `emit` as soon as it is known and frees it after, so that no more
// than one block's gradient lives at a time: that is what < tau_b, dL/d theta_b > needs (methods' one primitive).
// Rows are images * tokens; `Weights` are 1-D or 2-D tensors by name, conv1 as (width, 3 * patch * patch).
import type { Activation, LayerNormSaved, Ops } from '../ops.ts'
import { type Tensor, type Tensor1D, type Tensor2D, type Tensor3D, tf } from '../tf.ts'
import type { Architecture } from './clip-names.ts'

export interface Tower {
  architecture: Architecture
  activation: Activation
  ops: Ops
}

export type Weights = (name: string) => Tensor
/** Takes a parameter's gradient, in the parameter's own shape as `Weights` has it; must not keep it. */
export type Emit = (name: string, gradient: Tensor) => void

const epsilon = 1e-5

interface LayerTape {
  x: Tensor2D // (rows, width)
  ln1: LayerNormSaved
  h1: Tensor2D
  qkv: Tensor2D // (rows, 3 * width)
  probabilities: Tensor3D // (images * heads, tokens, tokens)
  mixed: Tensor2D // (rows, width)
  x2: Tensor2D
  ln2: LayerNormSaved
  h2: Tensor2D
  wide: Tensor2D // (rows, 4 * width), before the activation
}

export interface Tape {
  images: number
  patches: Tensor2D
  embedded: Tensor2D
  lnPre: LayerNormSaved
  layers: LayerTape[]
  classRows: Tensor2D // (images, width)
  lnPost: LayerNormSaved
  pooled: Tensor2D
}

/** patches (images * patches, 3 * patch * patch) to features (images, embed); with a tape, what `reverse` needs is kept. */
export function forward(tower: Tower, weights: Weights, patches: Tensor2D, keep: boolean): { features: Tensor2D; tape: Tape | undefined } {
  const { ops, architecture, activation } = tower
  const { tokens, width, heads } = architecture
  const images = patches.shape[0] / (tokens - 1)
  const shape = { images, tokens, heads }
  const w1 = (name: string): Tensor1D => weights(name) as Tensor1D
  const w2 = (name: string): Tensor2D => weights(name) as Tensor2D

  const embedded = tf.tidy(() => {
    const patchTokens = tf.reshape(ops.matmul(patches, w2('conv1.weight'), false, true), [images, tokens - 1, width])
    const classToken = tf.tile(tf.reshape(w1('class_embedding'), [1, 1, width]), [images, 1, 1])
    const positions = tf.reshape(w2('positional_embedding'), [1, tokens, width])
    return tf.reshape(tf.add(tf.concat([classToken, patchTokens], 1), positions), [images * tokens, width]) as Tensor2D
  })
  const pre = ops.layerNorm(embedded, w1('ln_pre.weight'), w1('ln_pre.bias'), epsilon)
  const layers: LayerTape[] = []
  let x = pre.y
  for (let i = 0; i < architecture.layers; i++) {
    const at = `transformer.resblocks.${i}.`
    const ln1 = ops.layerNorm(x, w1(`${at}ln_1.weight`), w1(`${at}ln_1.bias`), epsilon)
    const qkv = ops.linear(ln1.y, w2(`${at}attn.in_proj_weight`), w1(`${at}attn.in_proj_bias`))
    const { y: mixed, probabilities } = ops.attention(qkv, shape)
    const attended = ops.linear(mixed, w2(`${at}attn.out_proj.weight`), w1(`${at}attn.out_proj.bias`))
    const x2 = ops.add(x, attended)
    const ln2 = ops.layerNorm(x2, w1(`${at}ln_2.weight`), w1(`${at}ln_2.bias`), epsilon)
    const wide = ops.linear(ln2.y, w2(`${at}mlp.c_fc.weight`), w1(`${at}mlp.c_fc.bias`))
    const active = ops.activation(wide, activation)
    const narrow = ops.linear(active, w2(`${at}mlp.c_proj.weight`), w1(`${at}mlp.c_proj.bias`))
    const next = ops.add(x2, narrow)
    tf.dispose([attended, active, narrow])
    const kept: LayerTape = { x, ln1: ln1.saved, h1: ln1.y, qkv, probabilities, mixed, x2, ln2: ln2.saved, h2: ln2.y, wide }
    if (keep) layers.push(kept)
    else disposeAll(kept)
    x = next
  }
  const classRows = tf.tidy(
    () => tf.reshape(tf.slice(tf.reshape(x, [images, tokens, width]), [0, 0, 0], [images, 1, width]), [images, width]) as Tensor2D,
  )
  const post = ops.layerNorm(classRows, w1('ln_post.weight'), w1('ln_post.bias'), epsilon)
  const features = ops.matmul(post.y, w2('proj'))
  x.dispose()
  const tape: Tape = { images, patches, embedded, lnPre: pre.saved, layers, classRows, lnPost: post.saved, pooled: post.y }
  if (keep) return { features, tape }
  disposeTape(tape)
  return { features, tape: undefined }
}

/** From dL/dfeatures (images, embed) to every parameter's gradient, last layer first. Consumes the tape. */
export function reverse(tower: Tower, weights: Weights, tape: Tape, dFeatures: Tensor2D, emit: Emit): void {
  const { ops, architecture, activation } = tower
  const { tokens, width, heads } = architecture
  const { images } = tape
  const shape = { images, tokens, heads }
  const w1 = (name: string): Tensor1D => weights(name) as Tensor1D
  const w2 = (name: string): Tensor2D => weights(name) as Tensor2D
  const give = (name: string, gradient: Tensor): void => {
    emit(name, gradient)
    gradient.dispose()
  }
  const giveNorm = (name: string, g: { dgain: Tensor1D; dbias: Tensor1D }): void => {
    give(`${name}.weight`, g.dgain)
    give(`${name}.bias`, g.dbias)
  }
  /** y = x W' + b: gives dW = dy' x and db, returns dx = dy W. */
  const linearBack = (name: string, suffix: string, dy: Tensor2D, x: Tensor2D): Tensor2D => {
    give(`${name}${suffix}weight`, ops.matmul(dy, x, true, false))
    give(`${name}${suffix}bias`, ops.sumRows(dy))
    return ops.matmul(dy, w2(`${name}${suffix}weight`))
  }

  give('proj', ops.matmul(tape.pooled, dFeatures, true, false))
  const dPooled = ops.matmul(dFeatures, w2('proj'), false, true)
  const post = ops.layerNormGradient(dPooled, tape.classRows, tape.lnPost, w1('ln_post.weight'))
  giveNorm('ln_post', post)
  let dx = tf.tidy(() => {
    const rows = tf.reshape(post.dx, [images, 1, width])
    return tf.reshape(
      tf.pad(rows, [
        [0, 0],
        [0, tokens - 1],
        [0, 0],
      ]),
      [images * tokens, width],
    ) as Tensor2D // only the class token is read out
  })
  tf.dispose([dPooled, post.dx])

  for (let i = architecture.layers - 1; i >= 0; i--) {
    const at = `transformer.resblocks.${i}.`
    const kept = tape.layers[i] as LayerTape
    const active = ops.activation(kept.wide, activation)
    const dActive = linearBack(`${at}mlp.c_proj`, '.', dx, active)
    const dWide = ops.activationGradient(dActive, kept.wide, activation)
    const dH2 = linearBack(`${at}mlp.c_fc`, '.', dWide, kept.h2)
    const ln2 = ops.layerNormGradient(dH2, kept.x2, kept.ln2, w1(`${at}ln_2.weight`))
    giveNorm(`${at}ln_2`, ln2)
    const dx2 = ops.add(dx, ln2.dx)
    tf.dispose([active, dActive, dWide, dH2, ln2.dx, dx])

    const dMixed = linearBack(`${at}attn.out_proj`, '.', dx2, kept.mixed)
    const dQkv = ops.attentionGradient(dMixed, kept.qkv, kept.probabilities, shape)
    const dH1 = linearBack(`${at}attn.in_proj`, '_', dQkv, kept.h1)
    const ln1 = ops.layerNormGradient(dH1, kept.x, kept.ln1, w1(`${at}ln_1.weight`))
    giveNorm(`${at}ln_1`, ln1)
    dx = ops.add(dx2, ln1.dx)
    tf.dispose([dMixed, dQkv, dH1, ln1.dx, dx2])
    disposeAll(kept)
  }
  tape.layers.length = 0

  const pre = ops.layerNormGradient(dx, tape.embedded, tape.lnPre, w1('ln_pre.weight'))
  giveNorm('ln_pre', pre)
  const dPosition = tf.tidy(() => tf.reshape(ops.sumRows(tf.reshape(pre.dx, [images, tokens * width])), [tokens, width]) as Tensor2D)
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
  tf.dispose([dx, pre.dx, dPatches])
  disposeTape(tape)
}

/** Frees what a tape holds; the patches belong to the caller. */
function disposeTape(tape: Tape): void {
  tape.layers.forEach(disposeAll)
  tf.dispose([tape.embedded, tape.lnPre.mean, tape.lnPre.scale, tape.classRows, tape.lnPost.mean, tape.lnPost.scale, tape.pooled])
}

function disposeAll(kept: LayerTape): void {
  tf.dispose([
    kept.x,
    kept.ln1.mean,
    kept.ln1.scale,
    kept.h1,
    kept.qkv,
    kept.probabilities,
    kept.mixed,
    kept.x2,
    kept.ln2.mean,
    kept.ln2.scale,
    kept.h2,
    kept.wide,
  ])
}
