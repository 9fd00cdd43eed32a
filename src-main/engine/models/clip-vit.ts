// CLIP's image tower: forward pass and its hand-written reverse.
//   x = ln_pre([class; patches] + position);  L times  x += attn(ln_1 x),  x += mlp(ln_2 x);
//   feature = ln_post(x_class) proj,  not normalised.
// Only the class token is read out, so behind its attention the last layer computes that token alone.
// The reverse pass hands each parameter's gradient to `emit` as soon as it is known and frees it after, so that no more
// than one block's gradient lives at a time: that is what < tau_b, dL/d theta_b > needs (methods' one primitive).
// Rows are images * tokens; `Weights` are 1-D or 2-D tensors by name, as weights/held.ts holds them. The layers are those
// of transformer-layer.ts.
import type { AttentionShape, LayerNormSaved, Ops } from '../devices/ops.ts'
import { disposeAll, type Tensor, type Tensor1D, type Tensor2D, type Weights } from '../devices/tensor.ts'
import type { Architecture } from '../layouts/clip-names.ts'
import {
  disposeLayer,
  type Emit,
  everything,
  giveTo,
  inOne,
  type LayerTape,
  layerName,
  layerParameters,
  layerReverse,
  tableOf,
  transformerLayer,
  type Wanted,
  type Wants,
} from './transformer-layer.ts'

export interface Tower {
  architecture: Architecture
  ops: Ops
  freeBytes?: () => number // for activations; no bound if not given
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

// What comes before the layers and behind them.
const entry = ['conv1.weight', 'class_embedding', 'positional_embedding', 'ln_pre.weight', 'ln_pre.bias']
const exit = ['ln_post.weight', 'ln_post.bias', 'proj']

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
  const inside = inOne(ops, `entry ${layerNormEps}`, { patches, own: tableOf(weights, entry) }, ({ patches, own }) => {
    const [gain, bias] = [own['ln_pre.weight'] as Tensor1D, own['ln_pre.bias'] as Tensor1D]
    const embedded = embed(tower, (name) => own[name] as Tensor, patches)
    return { embedded, pre: ops.layerNorm(embedded, gain, bias, layerNormEps) }
  })
  const { embedded, pre } = inside
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
  const { post, features } = inOne(ops, `exit ${layerNormEps}`, { x, own: tableOf(weights, exit) }, ({ x, own }) => {
    const post = ops.layerNorm(x, own['ln_post.weight'] as Tensor1D, own['ln_post.bias'] as Tensor1D, layerNormEps)
    return { post, features: ops.matmul(post.y, own['proj'] as Tensor2D) }
  })
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
export function embed({ ops }: Tower, weights: Weights, patches: Tensor2D): Tensor2D {
  const projected = ops.matmul(patches, weights('conv1.weight') as Tensor2D, false, true)
  const [classToken, positions] = [weights('class_embedding') as Tensor1D, weights('positional_embedding') as Tensor2D]
  const embedded = ops.embedding(projected, classToken, positions)
  projected.dispose()
  return embedded
}

/** Layer i on x (rows, width): the next x, which is (images, width) behind the last layer. */
function layer(
  tower: Tower,
  weights: Weights,
  i: number,
  x: Tensor2D,
  images: number,
): ReturnType<typeof transformerLayer> {
  const shape = attentionOf(tower, images)
  return transformerLayer(tower, weights, i, x, { shape, readOn: readBehind(tower, i, images) })
}

function attentionOf({ architecture: { tokens, heads } }: Tower, images: number): AttentionShape {
  return { images, tokens, heads }
}

/** The rows that are read any further behind layer i's attention: behind the last the class tokens', else all. */
export function readBehind({ architecture }: Tower, i: number, images: number): readonly number[] | undefined {
  const { layers, tokens } = architecture
  return i === layers - 1 ? Array.from({ length: images }, (_, n) => n * tokens) : undefined
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

/**
 * From dL/dfeatures (images, embed) to the gradient of every parameter that is wanted, last layer first; it ends behind
 * the last of them. Consumes the tape.
 */
export function reverse(
  tower: Tower,
  weights: Weights,
  tape: Tape,
  dFeatures: Tensor2D,
  emit: Emit,
  { wants = everything, see }: Wanted = {},
): void {
  const { ops, architecture } = tower
  const { images } = tape
  const { give, giveNorm } = giveTo(emit, wants)
  const { pooled, classRows, lnPost } = tape
  const { dproj, post } = inOne(
    ops,
    'exit reverse',
    { pooled, classRows, lnPost, dFeatures, own: tableOf(weights, exit) },
    ({ pooled, classRows, lnPost, dFeatures, own }) => {
      const dproj = ops.matmul(pooled, dFeatures, true, false)
      const dPooled = ops.matmul(dFeatures, own['proj'] as Tensor2D, false, true)
      const post = ops.layerNormGradient(dPooled, classRows, lnPost, own['ln_post.weight'] as Tensor1D)
      dPooled.dispose()
      return { dproj, post }
    },
  )
  give('proj', dproj)
  giveNorm('ln_post', post)
  let dx = post.dx
  const lowest = lowestWanted(architecture, wants)
  for (let i = architecture.layers - 1; i >= Math.max(0, lowest); i--) {
    const { x, kept = again(tower, weights, i, x, images) } = tape.layers.pop() as Tape['layers'][number]
    const way = { x, kept, shape: attentionOf(tower, images), readOn: readBehind(tower, i, images) }
    const before = layerReverse(tower, weights, i, way, dx, emit, { wants, see })
    disposeLayer(kept)
    disposeAll([x, dx])
    dx = before
  }
  if (lowest < 0) entryReverse(tower, weights, tape, dx, emit, wants)
  else dx.dispose()
  disposeTape(tape)
}

/** The layer of the first parameter that is wanted; -1: one before the layers. */
function lowestWanted({ layers }: Architecture, wants: Wants): number {
  if (entry.some(wants)) return -1
  for (let i = 0; i < layers; i++) if (layerParameters.some((name) => wants(layerName(i) + name))) return i
  return layers
}

/** Before the layers; dx, dL/dx of the first, is disposed. */
function entryReverse(
  { ops }: Tower,
  weights: Weights,
  { images, patches, embedded, lnPre }: Tape,
  dx: Tensor2D,
  emit: Emit,
  wants: Wants,
): void {
  const { give, giveNorm } = giveTo(emit, wants)
  const { pre, dpatches, dclassToken, dpositions, dconv1 } = inOne(
    ops,
    `entry reverse ${images}`,
    { dx, patches, embedded, lnPre, gain: weights('ln_pre.weight') as Tensor1D },
    ({ dx, patches, embedded, lnPre, gain }) => {
      const pre = ops.layerNormGradient(dx, embedded, lnPre, gain)
      const parts = ops.embeddingGradient(pre.dx, images)
      return { pre, ...parts, dconv1: ops.matmul(parts.dpatches, patches, true, false) }
    },
  )
  dx.dispose()
  giveNorm('ln_pre', pre)
  give('class_embedding', dclassToken)
  give('positional_embedding', dpositions)
  give('conv1.weight', dconv1)
  disposeAll([pre.dx, dpatches])
}

function again(tower: Tower, weights: Weights, i: number, x: Tensor2D, images: number): LayerTape {
  const { next, tape } = layer(tower, weights, i, x, images)
  next.dispose()
  return tape
}

/** Frees what a tape holds; the patches belong to the caller. */
export function disposeTape(tape: Tape): void {
  for (const { x, kept } of tape.layers) {
    x.dispose()
    if (kept) disposeLayer(kept)
  }
  const { embedded, lnPre, classRows, lnPost, pooled } = tape
  disposeAll([embedded, lnPre.mean, lnPre.scale, classRows, lnPost.mean, lnPost.scale, pooled])
}
