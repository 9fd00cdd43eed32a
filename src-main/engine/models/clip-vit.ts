// CLIP's image tower: forward pass and its hand-written reverse.
//   x = ln_pre([class; patches] + position);  L times  x += attn(ln_1 x),  x += mlp(ln_2 x);
//   feature = ln_post(x_class) proj,  not normalised.
// Only the class token is read out, so behind its attention the last layer computes that token alone.
// The reverse pass hands each parameter's gradient to `emit` as soon as it is known and frees it after, so that no more
// than one block's gradient lives at a time: that is what < tau_b, dL/d theta_b > needs (methods' one primitive).
// Rows are images * tokens; `Weights` are 1-D or 2-D tensors by name, as weights/held.ts holds them. The layers are those
// of transformer-layer.ts.
import type { AttentionShape, LayerNormSaved, Ops } from '../devices/ops.ts'
import { disposeAll, type Tensor1D, type Tensor2D, type Weights } from '../devices/tensor.ts'
import type { Architecture } from '../layouts/clip-names.ts'
import { disposeLayer, type Emit, giveTo, type LayerTape, layerReverse, transformerLayer } from './transformer-layer.ts'

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

/** From dL/dfeatures (images, embed) to every parameter's gradient, last layer first. Consumes the tape. */
export function reverse(tower: Tower, weights: Weights, tape: Tape, dFeatures: Tensor2D, emit: Emit): void {
  const { ops, architecture } = tower
  const { images } = tape
  const { give, giveNorm } = giveTo(emit)
  give('proj', ops.matmul(tape.pooled, dFeatures, true, false))
  const dPooled = ops.matmul(dFeatures, weights('proj') as Tensor2D, false, true)
  const post = ops.layerNormGradient(dPooled, tape.classRows, tape.lnPost, weights('ln_post.weight') as Tensor1D)
  dPooled.dispose()
  giveNorm('ln_post', post)
  let dx = post.dx
  for (let i = architecture.layers - 1; i >= 0; i--) {
    const { x, kept = again(tower, weights, i, x, images) } = tape.layers.pop() as Tape['layers'][number]
    const way = { x, kept, shape: attentionOf(tower, images), readOn: readBehind(tower, i, images) }
    const before = layerReverse(tower, weights, i, way, dx, emit)
    disposeLayer(kept)
    disposeAll([x, dx])
    dx = before
  }
  const pre = ops.layerNormGradient(dx, tape.embedded, tape.lnPre, weights('ln_pre.weight') as Tensor1D)
  dx.dispose()
  giveNorm('ln_pre', pre)
  const { dpatches, dclassToken, dpositions } = ops.embeddingGradient(pre.dx, images)
  give('class_embedding', dclassToken)
  give('positional_embedding', dpositions)
  give('conv1.weight', ops.matmul(dpatches, tape.patches, true, false))
  disposeAll([pre.dx, dpatches])
  disposeTape(tape)
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
