// A pre-norm transformer's layer, as CLIP's towers have it:
//   x += attn(ln_1 x),  x += mlp(ln_2 x)
// forward, and its hand-written reverse. Parameters are named "attn.in_proj_weight" and so on behind the layer's own name;
// the reverse hands each one's gradient out as soon as it is known and frees it after. Where an engine takes many
// operations as one call (`Ops.traced`), a layer's way there, and its way back, are one each, and its gradients come
// together.
import type { Activation, AttentionSaved, AttentionShape, LayerNormSaved, Ops } from '../devices/ops.ts'
import { disposeAll, type Tensor, type Tensor1D, type Tensor2D, type Weights } from '../devices/tensor.ts'
import { isTurned } from '../weights/held.ts'

/** What is computed with, and how: of the two, all layers of a tower have the same. */
export interface LayerKind {
  ops: Ops
  architecture: { activation: Activation; layerNormEps: number }
}

/** Takes a parameter's gradient, in the parameter's own shape as `Weights` has it; must not keep it. */
export type Emit = (name: string, gradient: Tensor) => void

/** Whether a parameter's gradient is wanted. One that is not costs no product. */
export type Wants = (name: string) => boolean

/** What is wanted of a way back, all of it if not said. see: of each product y = x W' + b its input x and dL/dy. */
export interface Wanted {
  wants?: Wants | undefined
  see?: ((product: string, input: Tensor2D, dy: Tensor2D) => void) | undefined
}

export const everything: Wants = () => true

/**
 * What a layer's reverse needs, beside the norms' outputs, which cost less to make again than to keep; where only some
 * rows are read on, x2 and what follows have only those.
 */
export interface LayerTape {
  ln1: LayerNormSaved
  qkv: Tensor2D // (rows, 3 * width)
  attention: AttentionSaved
  mixed: Tensor2D // (rows, width)
  x2: Tensor2D
  ln2: LayerNormSaved
  wide: Tensor2D // (rows, mlp), before the activation
}

/** How x goes through a layer. readOn: the rows of x, of all behind the attention, that are read any further. */
interface Way {
  shape: AttentionShape
  readOn?: readonly number[] | undefined
}

export const layerName = (i: number): string => `transformer.resblocks.${i}.`

/** Behind the layer's own name. */
export const layerParameters = [
  ...['ln_1.weight', 'ln_1.bias', 'attn.in_proj_weight', 'attn.in_proj_bias'],
  ...['attn.out_proj.weight', 'attn.out_proj.bias', 'ln_2.weight', 'ln_2.bias'],
  ...['mlp.c_fc.weight', 'mlp.c_fc.bias', 'mlp.c_proj.weight', 'mlp.c_proj.bias'],
]

type Forward = { next: Tensor2D; tape: LayerTape }

/** The next x, (rows, width) or (rows read on, width), from x (rows, width). */
export function transformerLayer(kind: LayerKind, weights: Weights, i: number, x: Tensor2D, way: Way): Forward {
  const { traced } = kind.ops
  if (!traced || !isRegular(way)) return layerForward(kind, ownOf(weights, i), x, way)
  return traced(keyOf('forward', kind, way), { x, own: tableOf(ownOf(weights, i), layerParameters) }, ({ x, own }) =>
    layerForward(kind, (name) => own[name] as Tensor, x, way),
  )
}

/** From dL/d(next x) to dL/dx of layer i, its parameters' gradients given on the way, those that are wanted. */
export function layerReverse(
  kind: LayerKind,
  weights: Weights,
  i: number,
  { x, kept, ...way }: Way & { x: Tensor2D; kept: LayerTape },
  dNext: Tensor2D,
  emit: Emit,
  { wants = everything, see }: Wanted = {},
): Tensor2D {
  const { ops } = kind
  const give: Emit = (name, gradient) => emit(layerName(i) + name, gradient)
  const own: Wanted = {
    wants: (name) => wants(layerName(i) + name),
    see: see && ((product, ...given) => see(layerName(i) + product, ...given)),
  }
  if (!ops.traced || see || !isRegular(way))
    return layerBack(kind, ownOf(weights, i), { x, kept, ...way }, dNext, give, own)
  const left = layerParameters.filter((name) => own.wants?.(name) === false)
  const { dx, gradients } = ops.traced(
    keyOf(`reverse${left.length > 0 ? ` without ${left.join()}` : ''}`, kind, way),
    { x, kept, dNext, table: tableOf(ownOf(weights, i), layerParameters) },
    ({ x, kept, dNext, table }) => {
      const gradients: Record<string, Tensor> = {}
      const dx = layerBack(
        kind,
        (name) => table[name] as Tensor,
        { x, kept, ...way },
        dNext,
        (name, gradient) => {
          gradients[name] = ops.clone(gradient)
        },
        own,
      )
      return { dx, gradients }
    },
  )
  for (const [name, gradient] of Object.entries(gradients)) {
    give(name, gradient)
    gradient.dispose()
  }
  return dx
}

/** Whether a layer's work is the same at every pass: rows read on at one distance, as an image's class tokens are. */
function isRegular({ readOn = [] }: Way): boolean {
  const step = (readOn[1] ?? 0) - (readOn[0] ?? 0)
  return readOn.every((row, n) => row === (readOn[0] ?? 0) + n * step)
}

function keyOf(what: string, { architecture: { activation, layerNormEps } }: LayerKind, way: Way): string {
  return JSON.stringify([`layer ${what}`, activation, layerNormEps, way.shape, way.readOn])
}

const ownOf =
  (weights: Weights, i: number): Weights =>
  (name) =>
    weights(layerName(i) + name)

export function tableOf(weights: Weights, names: readonly string[]): Record<string, Tensor> {
  return Object.fromEntries(names.map((name) => [name, weights(name)]))
}

/** The work, as one call where the engine has such (`Ops.traced`). */
export function inOne<I, O>({ traced }: Ops, key: string, inputs: I, work: (inputs: I) => O): O {
  return traced ? traced(key, inputs, work) : work(inputs)
}

function layerForward(
  { ops, architecture: { activation, layerNormEps } }: LayerKind,
  own: Weights,
  x: Tensor2D,
  { shape, readOn }: Way,
): Forward {
  const w1 = (name: string): Tensor1D => own(name) as Tensor1D
  const w2 = (name: string): Tensor2D => own(name) as Tensor2D
  const ln1 = ops.layerNorm(x, w1('ln_1.weight'), w1('ln_1.bias'), layerNormEps)
  const qkv = ops.linear(ln1.y, w2('attn.in_proj_weight'), w1('attn.in_proj_bias'))
  const { y, saved: attention } = ops.attention(qkv, shape)
  const mixed = readOn ? ops.takeRows(y, readOn) : y
  const passed = readOn ? ops.takeRows(x, readOn) : x
  const x2 = ops.linear(mixed, w2('attn.out_proj.weight'), w1('attn.out_proj.bias'), false, passed)
  if (readOn) disposeAll([y, passed])
  const ln2 = ops.layerNorm(x2, w1('ln_2.weight'), w1('ln_2.bias'), layerNormEps)
  const { wide, active } = ops.linearActivated(ln2.y, w2('mlp.c_fc.weight'), w1('mlp.c_fc.bias'), activation)
  const next = ops.linear(active, w2('mlp.c_proj.weight'), w1('mlp.c_proj.bias'), true, x2)
  disposeAll([ln1.y, ln2.y, active])
  return { next, tape: { ln1: ln1.saved, qkv, attention, mixed, x2, ln2: ln2.saved, wide } }
}

function layerBack(
  { ops, architecture: { activation, layerNormEps } }: LayerKind,
  own: Weights,
  { x, kept, shape, readOn }: Way & { x: Tensor2D; kept: LayerTape },
  dNext: Tensor2D,
  emit: Emit,
  { wants = everything, see }: Wanted,
): Tensor2D {
  const { give, giveNorm } = giveTo(emit, wants)
  /** y = x W' + b: gives dW = dy' x (or its transpose) and db. */
  const giveLinear = (name: string, dy: Tensor2D, input: Tensor2D): void => {
    const turned = isTurned(`${name}weight`)
    see?.(name, input, dy)
    if (wants(`${name}weight`))
      give(`${name}weight`, turned ? ops.matmul(input, dy, true, false) : ops.matmul(dy, input, true, false))
    if (wants(`${name}bias`)) give(`${name}bias`, ops.sumRows(dy))
  }
  /** The same, and returns dx = dy W. */
  const linearBack = (name: string, dy: Tensor2D, input: Tensor2D): Tensor2D => {
    giveLinear(name, dy, input)
    return ops.matmul(dy, own(`${name}weight`) as Tensor2D, false, isTurned(`${name}weight`))
  }
  const proj = 'mlp.c_proj.weight'
  const { active, dwide: dWide } = ops.activatedGradient(
    dNext,
    own(proj) as Tensor2D,
    kept.wide,
    activation,
    isTurned(proj),
  )
  giveLinear('mlp.c_proj.', dNext, active)
  active.dispose()
  const h2 = normAgain(ops, own, 'ln_2', kept.x2, kept.ln2, layerNormEps)
  const dH2 = linearBack('mlp.c_fc.', dWide, h2)
  h2.dispose()
  const ln2 = ops.layerNormGradient(dH2, kept.x2, kept.ln2, own('ln_2.weight') as Tensor1D, dNext)
  giveNorm('ln_2', ln2)
  const dx2 = ln2.dx
  disposeAll([dWide, dH2])

  const dMixed = linearBack('attn.out_proj.', dx2, kept.mixed)
  const dY = readOn ? ops.putRows(dMixed, readOn, x.shape[0]) : dMixed
  const dPassed = readOn ? ops.putRows(dx2, readOn, x.shape[0]) : dx2
  if (readOn) disposeAll([dMixed, dx2])
  const dQkv = ops.attentionGradient(dY, kept.qkv, kept.attention, shape)
  const h1 = normAgain(ops, own, 'ln_1', x, kept.ln1, layerNormEps)
  const dH1 = linearBack('attn.in_proj_', dQkv, h1)
  h1.dispose()
  const ln1 = ops.layerNormGradient(dH1, x, kept.ln1, own('ln_1.weight') as Tensor1D, dPassed)
  giveNorm('ln_1', ln1)
  disposeAll([dY, dPassed, dQkv, dH1])
  return ln1.dx
}

/** Gradients to `emit` where they are wanted, and away. */
export function giveTo(emit: Emit, wants: Wants) {
  const give = (name: string, gradient: Tensor): void => {
    if (wants(name)) emit(name, gradient)
    gradient.dispose()
  }
  const giveNorm = (name: string, { dgain, dbias }: { dgain: Tensor1D; dbias: Tensor1D }): void => {
    give(`${name}.weight`, dgain)
    give(`${name}.bias`, dbias)
  }
  return { give, giveNorm }
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
  const [gain, bias] = [weights(`${name}.weight`) as Tensor1D, weights(`${name}.bias`) as Tensor1D]
  return ops.layerNormAgain(x, saved, gain, bias, epsilon)
}

export function disposeLayer({ ln1, qkv, attention, mixed, x2, ln2, wide }: LayerTape): void {
  disposeAll([ln1.mean, ln1.scale, qkv, attention, mixed, x2, ln2.mean, ln2.scale, wide])
}
