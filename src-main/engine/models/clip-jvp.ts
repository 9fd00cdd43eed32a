// Forward mode of the image tower (clip-vit.ts): J(x; theta) delta, how the features move when the weights move along a
// direction delta, at weights theta that stay. Many directions go through one primal pass, whose tape it reads:
//   y = x W' + b:  dy = dx W' + x dW' + db;   ln, attention, activation: `Ops`' tangents, plus a norm's own h dgain +
//   dbias.
// A direction enters at the half-layer of its first parameter and is carried from there on. Those that have entered are
// stacked as rows, (k * images * tokens, width), so that every product with a weight is one large 2-D product; (k *
// images, width) behind the last layer's attention.

import { disposeAll, type Tensor, type Tensor1D, type Tensor2D, type Weights } from '../devices/tensor.ts'
import { isTurned } from '../weights/held.ts'
import { embed, readBehind, type Tape, type Tower } from './clip-vit.ts'
import { type LayerTape, layerName, normAgain } from './transformer-layer.ts'

/** The tangent of each parameter, in the parameter's own shape; undefined where it does not move. */
export type Direction = (name: string) => Tensor | undefined

interface Stack {
  tower: Tower
  weights: Weights
  tape: Tape
  inside: Direction[] // that have entered, as their rows lie in dx
  // (inside * images * tokens, width) of the residual stream; undefined while nobody has entered
  dx: Tensor2D | undefined
}

/** J delta for every direction, (directions * images, embed), stacked in their order. The tape stays the caller's. */
export function tangents(tower: Tower, weights: Weights, tape: Tape, directions: readonly Direction[]): Tensor2D {
  const stack: Stack = { tower, weights, tape, inside: [], dx: undefined }
  const { layers, tokens } = tower.architecture
  const rows = tape.images * tokens
  enter(stack, directions, rows, [
    'class_embedding',
    'positional_embedding',
    'conv1.weight',
    'ln_pre.weight',
    'ln_pre.bias',
  ])
  if (stack.dx) replace(stack, embedding(stack))
  for (let i = 0; i < layers; i++) {
    const at = layerName(i)
    enter(stack, directions, rows, halfLayer(at, 'ln_1.', 'attn.in_proj_', 'attn.out_proj.'))
    if (stack.dx) replace(stack, attentionHalf(stack, stack.dx, i))
    enter(stack, directions, i === layers - 1 ? tape.images : rows, halfLayer(at, 'ln_2.', 'mlp.c_fc.', 'mlp.c_proj.'))
    if (stack.dx) replace(stack, mlpHalf(stack, stack.dx, i))
  }
  enter(stack, directions, tape.images, ['ln_post.weight', 'ln_post.bias', 'proj'])
  if (stack.inside.length !== directions.length) throw new Error('a direction moves no parameter of the tower')
  const features = output(stack, stack.dx as Tensor2D)
  stack.dx?.dispose()
  return inOrder(stack, features, directions)
}

function halfLayer(at: string, ...parts: string[]): string[] {
  return parts.flatMap((part) => [`${at}${part}weight`, `${at}${part}bias`])
}

/**
 * Directions that move one of the named parameters join the stack, with a residual stream that has not moved so far.
 */
function enter(stack: Stack, directions: readonly Direction[], rows: number, names: readonly string[]): void {
  const coming = directions.filter((d) => !stack.inside.includes(d) && names.some((name) => d(name)))
  if (coming.length === 0) return
  const { ops, architecture } = stack.tower
  const unmoved = ops.zeros<Tensor2D>([coming.length * rows, architecture.width])
  stack.inside.push(...coming)
  if (stack.dx === undefined) stack.dx = unmoved
  else replace(stack, consumed(unmoved, ops.stackRows([stack.dx, unmoved])))
}

function replace(stack: Stack, dx: Tensor2D): void {
  stack.dx?.dispose()
  stack.dx = dx
}

/**
 * The embedding is linear in its three parameters: a direction's tangent is the embedding with its tensors for weights.
 */
function embedding(stack: Stack): Tensor2D {
  const { tower, weights, tape } = stack
  const still = new Map(
    ['class_embedding', 'positional_embedding', 'conv1.weight'].map((n) => [n, tower.ops.zeros(weights(n).shape)]),
  )
  const moved = stack.inside.map((d) => embed(tower, (name) => d(name) ?? (still.get(name) as Tensor), tape.patches))
  const embedded = tower.ops.stackRows(moved)
  disposeAll([...moved, ...still.values()])
  return consumed(embedded, normTangent(stack, embedded, tape.embedded, tape.lnPre, 'ln_pre'))
}

function attentionHalf(stack: Stack, dx: Tensor2D, layer: number): Tensor2D {
  const { ops, architecture } = stack.tower
  const { tokens, heads, layerNormEps } = architecture
  const at = layerName(layer)
  const { x, kept } = layerOf(stack, layer)
  const dh = normTangent(stack, dx, x, kept.ln1, `${at}ln_1`)
  const h = normAgain(ops, stack.weights, `${at}ln_1`, x, kept.ln1, layerNormEps)
  const dqkv = consumed(h, consumed(dh, linearTangent(stack, dh, h, `${at}attn.in_proj_`)))
  const dY = consumed(
    dqkv,
    ops.attentionTangent(dqkv, kept.qkv, kept.attention, { images: stack.tape.images, tokens, heads }),
  )
  const readOn = readBehind(stack.tower, layer, stack.inside.length * stack.tape.images)
  const dMixed = readOn ? consumed(dY, ops.takeRows(dY, readOn)) : dY
  const dAttended = consumed(dMixed, linearTangent(stack, dMixed, kept.mixed, `${at}attn.out_proj.`))
  if (!readOn) return consumed(dAttended, ops.add(dx, dAttended))
  const passed = ops.takeRows(dx, readOn)
  return consumed(passed, consumed(dAttended, ops.add(passed, dAttended)))
}

/** From a full tape. */
function layerOf({ tape }: Stack, layer: number): { x: Tensor2D; kept: LayerTape } {
  return tape.layers[layer] as { x: Tensor2D; kept: LayerTape }
}

function mlpHalf(stack: Stack, dx: Tensor2D, layer: number): Tensor2D {
  const { ops, architecture } = stack.tower
  const { activation, layerNormEps } = architecture
  const at = layerName(layer)
  const { kept } = layerOf(stack, layer)
  const dh = normTangent(stack, dx, kept.x2, kept.ln2, `${at}ln_2`)
  const h = normAgain(ops, stack.weights, `${at}ln_2`, kept.x2, kept.ln2, layerNormEps)
  const dWide = consumed(h, consumed(dh, linearTangent(stack, dh, h, `${at}mlp.c_fc.`)))
  const dActive = consumed(dWide, ops.activationTangent(dWide, kept.wide, activation))
  const active = ops.activation(kept.wide, activation)
  const dNarrow = consumed(dActive, linearTangent(stack, dActive, active, `${at}mlp.c_proj.`))
  return consumed(active, consumed(dNarrow, ops.add(dx, dNarrow)))
}

function output(stack: Stack, dx: Tensor2D): Tensor2D {
  const { tower, weights, tape } = stack
  const dPooled = normTangent(stack, dx, tape.classRows, tape.lnPost, 'ln_post')
  const carried = consumed(dPooled, tower.ops.matmul(dPooled, weights('proj') as Tensor2D))
  return plusOwn(stack, carried, (d) => {
    const moved = d('proj') as Tensor2D | undefined
    return moved && tower.ops.matmul(tape.pooled, moved)
  })
}

/** Of y = x W' + b; `name` with its "." or "_". */
function linearTangent(stack: Stack, dx: Tensor2D, x: Tensor2D, name: string): Tensor2D {
  const { ops } = stack.tower
  const turned = isTurned(`${name}weight`)
  const carried = ops.matmul(dx, stack.weights(`${name}weight`) as Tensor2D, false, !turned)
  const ownOf = (d: Direction) => ({
    weight: d(`${name}weight`) as Tensor2D | undefined,
    bias: d(`${name}bias`) as Tensor1D | undefined,
  })
  const [only, ...others] = stack.inside.map(ownOf)
  if (only?.weight && only.bias && others.length === 0)
    return consumed(carried, ops.linear(x, only.weight, only.bias, turned, carried))
  return plusOwn(stack, carried, (d) => {
    const { weight, bias } = ownOf(d)
    if (weight && bias) return ops.linear(x, weight, bias, turned)
    if (weight) return ops.matmul(x, weight, false, !turned)
    return bias && ops.repeatRow(bias, x.shape[0])
  })
}

function normTangent(stack: Stack, dx: Tensor2D, x: Tensor2D, saved: Tape['lnPre'], name: string): Tensor2D {
  const { ops, architecture } = stack.tower
  const gain = stack.weights(`${name}.weight`) as Tensor1D
  return plusOwn(stack, ops.layerNormTangent(dx, x, saved, gain), (d) => {
    const [dGain, dBias] = [d(`${name}.weight`), d(`${name}.bias`)] as (Tensor1D | undefined)[]
    if (!dGain && !dBias) return undefined
    const none = ops.zeros<Tensor1D>(gain.shape)
    const { y, saved: own } = ops.layerNorm(x, dGain ?? none, dBias ?? none, architecture.layerNormEps)
    disposeAll([none, own.mean, own.scale])
    return y // h dgain + dbias
  })
}

/**
 * carried plus what each direction's own parameters at this place contribute (rows, width). Disposes carried if it
 * adds.
 */
function plusOwn(stack: Stack, carried: Tensor2D, ownOf: (direction: Direction) => Tensor2D | undefined): Tensor2D {
  const parts = stack.inside.map(ownOf)
  if (parts.every((part) => part === undefined)) return carried
  const { ops } = stack.tower
  const [only, ...others] = parts
  if (only && others.length === 0) return consumed(only, consumed(carried, ops.add(carried, only)))
  const [all, width] = carried.shape
  const none = ops.zeros<Tensor2D>([all / parts.length, width])
  const own = ops.stackRows(parts.map((part) => part ?? none))
  const sum = ops.add(carried, own)
  disposeAll([carried, none, own, ...parts.filter((part) => part !== undefined)])
  return sum
}

/** result, with x, which it was made from, disposed. */
function consumed<T>(x: Tensor, result: T): T {
  x.dispose()
  return result
}

/** Rows as the directions entered, to rows as the directions were given. */
function inOrder({ tower, tape, inside }: Stack, features: Tensor2D, directions: readonly Direction[]): Tensor2D {
  if (directions.every((d, i) => d === inside[i])) return features
  const rows = directions.flatMap((d) => {
    const first = inside.indexOf(d) * tape.images
    return Array.from({ length: tape.images }, (_, n) => first + n)
  })
  return consumed(features, tower.ops.takeRows(features, rows))
}
