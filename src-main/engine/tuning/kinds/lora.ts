// LoRA (Hu et al. 2022):  W = W_pre + s B A,  s = alpha / r,  A (r, in) uniform in +-1 / sqrt(in), B (out, r) from 0;
//   dL/dB = s dL/dW A',   dL/dA = s B' dL/dW
// Linearised at its start, the product is s B A_0, whatever A becomes: B alone learns, in the tangent space. q, k and v
// lie in one tensor, in_proj (3 width, width), one below the other; the MLP's second matrix is held turned (in, out).

import { loraTargets } from '../../../contract/tuning/kinds/lora.ts'
import { uniform } from '../../../numbers/random.ts'
import { streamOf } from '../../../numbers/streams.ts'
import type { Ops } from '../../devices/ops.ts'
import { disposeAll, type Tensor, type Tensor2D } from '../../devices/tensor.ts'
import { linearModel, towerModel } from '../../models/model.ts'
import { layerName } from '../../models/transformer-layer.ts'
import { isTurned } from '../../weights/held.ts'
import type { Adapter } from '../host.ts'
import type { MakeLearner, Place } from '../kind.ts'
import { type Variable, variables } from '../variables.ts'

type TargetName = (typeof loraTargets)[number]

/** A matrix with an adapter: all of a parameter, or rows of it. */
interface Target {
  key: string // "transformer.resblocks.0.attn.q"
  parameter: string
  part: number | null // of in_proj: 0 q, 1 k, 2 v
  draw: number // of its A: 6 layer + its place in the list of targets
  inputs: number
  outputs: number
  module: string // as transformers calls it
}

export const lora: MakeLearner<'lora'> = (place, config) => {
  const { tower, base, rateOf } = place
  const { ops } = tower
  const { rank, alpha, linearised, seed } = config
  const targets = targetsOf(place, config.targets)
  const scale = alpha / rank
  const made: Variable[] = []
  const still = new Map<string, Tensor2D>() // A_0, where A does not learn
  for (const { key, draw, parameter, inputs, outputs } of targets) {
    const a = ops.keep(ops.upload<Tensor2D>(firstA(rank, inputs, seed, draw), [rank, inputs]))
    const b = ops.keep(ops.zeros<Tensor2D>([outputs, rank]))
    made.push({ name: `${key}.B`, value: b, rate: rateOf(parameter) })
    if (linearised) still.set(key, a)
    else made.push({ name: `${key}.A`, value: a, rate: rateOf(parameter) })
  }
  const factors = variables(ops, made)
  const a = ({ key }: Target): Tensor2D => still.get(key) ?? (factors.value(`${key}.A`) as Tensor2D)
  const b = ({ key }: Target): Tensor2D => factors.value(`${key}.B`) as Tensor2D
  const byParameter = Map.groupBy(targets, ({ parameter }) => parameter)
  /** s B A of all targets in a parameter, as the tower holds it. */
  const product = (parameter: string): Tensor2D => {
    const own = byParameter.get(parameter) ?? []
    const turned = isTurned(parameter)
    const one = (target: Target): Tensor2D =>
      turned ? ops.matmul(a(target), b(target), true, true) : ops.matmul(b(target), a(target))
    const parts = own[0]?.part === null ? own.map(one) : inParts(ops, own, one)
    const whole = parts.length === 1 ? parts[0] : ops.stackRows(parts)
    const scaled = ops.combine([whole as Tensor2D], [scale])
    disposeAll(new Set([...parts, whole as Tensor2D]))
    return scaled
  }
  const composed = (parameter: string): Tensor => {
    const delta = product(parameter)
    const sum = linearised ? delta : ops.combine([base(parameter), delta], [1, 1])
    if (sum !== delta) delta.dispose()
    return ops.keep(sum)
  }
  const open = () => {
    const own = new Map([...byParameter.keys()].map((parameter) => [parameter, composed(parameter)]))
    const model = linearised
      ? linearModel(tower, base, (name) => own.get(name))
      : towerModel(tower, (name) => own.get(name) ?? base(name))
    return { model, close: () => disposeAll(own.values()) }
  }
  return {
    learned: factors.count,
    wants: (name) => byParameter.has(name),
    moves: (name) => byParameter.has(name),
    open,
    back(name, gradient, gradients) {
      for (const target of byParameter.get(name) ?? []) {
        const { key, part, outputs } = target
        const own = part === null ? (gradient as Tensor2D) : ops.takeRows(gradient as Tensor2D, rowsOf(part, outputs))
        const turned = isTurned(name)
        const db = ops.matmul(own, a(target), turned, true)
        give(ops, gradients.add, `${key}.B`, db, scale)
        if (!linearised) give(ops, gradients.add, `${key}.A`, ops.matmul(b(target), own, true, turned), scale)
        if (own !== gradient) own.dispose()
      }
    },
    move: factors.move,
    async theta(name) {
      const delta = product(name)
      const sum = ops.combine([base(name), delta as Tensor], [1, 1])
      delta.dispose()
      return ops.read(sum).finally(() => sum.dispose())
    },
    state: factors.state,
    restore: factors.restore,
    adapter: () => asPeft(ops, targets, { a, b, rank, scale }),
    notes: [],
    dispose() {
      factors.dispose()
      disposeAll(still.values())
    },
  }
}

function give(
  ops: Ops,
  add: (name: string, gradient: Tensor) => void,
  name: string,
  gradient: Tensor2D,
  by: number,
): void {
  const scaled = ops.combine([gradient], [by])
  add(name, scaled)
  disposeAll([gradient, scaled])
}

/** q, k and v below each other, zeros where one has no adapter. */
function inParts(ops: Ops, own: readonly Target[], one: (target: Target) => Tensor2D): Tensor2D[] {
  const [{ inputs, outputs }] = own as [Target]
  return [0, 1, 2].map((part) => {
    const target = own.find((other) => other.part === part)
    return target ? one(target) : ops.zeros<Tensor2D>([outputs, inputs])
  })
}

function rowsOf(part: number, outputs: number): number[] {
  return Array.from({ length: outputs }, (_, i) => part * outputs + i)
}

const places: Record<TargetName, { parameter: string; part: number | null; module: string }> = {
  q: { parameter: 'attn.in_proj_weight', part: 0, module: 'self_attn.q_proj' },
  k: { parameter: 'attn.in_proj_weight', part: 1, module: 'self_attn.k_proj' },
  v: { parameter: 'attn.in_proj_weight', part: 2, module: 'self_attn.v_proj' },
  out: { parameter: 'attn.out_proj.weight', part: null, module: 'self_attn.out_proj' },
  fc1: { parameter: 'mlp.c_fc.weight', part: null, module: 'mlp.fc1' },
  fc2: { parameter: 'mlp.c_proj.weight', part: null, module: 'mlp.fc2' },
}

/** Layer by layer, in the order of the card's list. */
function targetsOf({ tower: { architecture }, parameters, mayMove }: Place, wanted: readonly TargetName[]): Target[] {
  return Array.from({ length: architecture.layers }, (_, i) => i).flatMap((i) =>
    loraTargets.flatMap((name, n): Target[] => {
      const { parameter: own, part, module } = places[name]
      const parameter = layerName(i) + own
      if (!wanted.includes(name) || !mayMove(parameter)) return []
      const [rows = 0, inputs = 0] = parameters.get(parameter) ?? []
      const outputs = part === null ? rows : rows / 3
      const key = `${layerName(i)}${name}`
      const draw = loraTargets.length * i + n
      return [{ key, draw, parameter, part, inputs, outputs, module: `vision_model.encoder.layers.${i}.${module}` }]
    }),
  )
}

function firstA(rank: number, inputs: number, seed: number, draw: number): Float32Array {
  const bound = 1 / Math.sqrt(inputs)
  return Float32Array.from(
    { length: rank * inputs },
    (_, i) => (2 * uniform(seed, streamOf('adapters'), draw, i) - 1) * bound,
  )
}

interface Factors {
  a: (target: Target) => Tensor2D
  b: (target: Target) => Tensor2D
  rank: number
  scale: number
}

async function asPeft(ops: Ops, targets: readonly Target[], { a, b, rank, scale }: Factors): Promise<Adapter> {
  const tensors: Adapter['tensors'][number][] = []
  for (const target of targets) {
    const name = (factor: 'A' | 'B'): string => `base_model.model.${target.module}.lora_${factor}.weight`
    const right = await ops.read(a(target))
    const left = (await ops.read(b(target))).map((value) => scale * value)
    tensors.push(
      { name: name('A'), shape: [rank, target.inputs], values: right },
      { name: name('B'), shape: [target.outputs, rank], values: left },
    )
  }
  return { tensors, modules: targets.map(({ module }) => ({ module, rank })) }
}
