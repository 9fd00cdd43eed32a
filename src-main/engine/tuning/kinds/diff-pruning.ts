// Diff pruning (Guo et al. 2021): a difference w and gates that say which of its elements stay,
//   theta = theta_pre + z z_g w,   z = clamp(3 s - 1.5, 0, 1),   s = sigma(log u - log(1 - u) + a)
//   L = CE + lambda_0 sum sigma(a)                       (the hard concrete of Louizos et al. 2018, l = -1.5, r = 1.5)
// a gate a an element and one a tensor, u in [1e-4, 1 - 1e-4]. w and the gates are clipped and moved apart, by one
// schedule. Then the places are fixed: the difference by the gates' means, of which the density's share of largest
// elements stays and is learned on by AdamW, begun anew. All of it is arithmetic over single weights, done on the
// processor in float32, in the order of the files. Noise is a function of (seed, step, element), tensors in the order
// of their names.
import type { TuningOf } from '../../../contract/tuning/config.ts'
import { uniform } from '../../../numbers/random.ts'
import { streamOf } from '../../../numbers/streams.ts'
import { at } from '../../../numbers/vectors.ts'
import { disposeAll, type Tensor } from '../../devices/tensor.ts'
import { towerModel } from '../../models/model.ts'
import { toFile, toHeld } from '../../weights/held.ts'
import { clipping, type Gradients } from '../gradients.ts'
import type { Learner, MakeLearner, Place, Update } from '../kind.ts'
import { requireFinite } from '../variables.ts'
import { type Adam, adamStep, startOf } from './adam.ts'
import { largest } from './smallest.ts'

const [left, right] = [-1.5, 1.5]
const sigma = (x: number): number => 1 / (1 + Math.exp(-x))
/** z of s. */
const gate = (s: number): number => Math.min(1, Math.max(0, s * (right - left) + left))
/** dz/da at s. */
const slope = (s: number): number => {
  const z = s * (right - left) + left
  return z > 0 && z < 1 ? (right - left) * s * (1 - s) : 0
}

/** A tensor's elements among all, which lie one behind the other. */
interface Own {
  name: string
  shape: number[]
  n: number // which of the tensors
  first: number
  size: number
}

/** All that is learned. gates: of the elements, then of the tensors. */
interface Pruned {
  tensors: Own[]
  count: number
  w: Adam
  gates: Adam
  open: Float32Array // s of every gate, at the step that is at work
  mask: Float32Array // 1 where an element stays, once places are fixed
  done: Float32Array // [updates]
  fixedFrom: number
}

const isFixed = ({ done, fixedFrom }: Pruned): boolean => at(done, 0) >= fixedFrom

export const diffPruning: MakeLearner<'diff-pruning'> = (place, config) => {
  const { tower, base } = place
  const { ops } = tower
  const all = startAt(place, config)
  const byName = new Map(all.tensors.map((own) => [own.name, own]))
  const composed = (own: Own): Tensor => {
    const values = difference(all, own)
    toHeld(own.name, own.shape, values)
    const delta = ops.upload(values, base(own.name).shape)
    const sum = ops.combine([base(own.name), delta], [1, 1])
    delta.dispose()
    return ops.keep(sum)
  }
  return {
    learned: all.count,
    wants: (name) => byName.has(name),
    moves: (name) => byName.has(name),
    open(step) {
      if (!isFixed(all)) openGates(all, config.seed, step)
      const own = new Map(all.tensors.map((one) => [one.name, composed(one)]))
      return { model: towerModel(tower, (name) => own.get(name) ?? base(name)), close: () => disposeAll(own.values()) }
    },
    back: (name, gradient, gradients) => gradients.add(name, gradient),
    penalty: async () => (isFixed(all) ? 0 : config.l0 * all.gates.value.reduce((sum, a) => sum + sigma(a), 0)),
    move: (gradients, update) => moved(place, all, config, gradients, update),
    async theta(name) {
      openGates(all, config.seed, null)
      const sum = composed(byName.get(name) as Own)
      return ops.read(sum).finally(() => sum.dispose())
    },
    state: () => stateOf(all),
    async restore(kept) {
      for (const [name, values] of stateOf(all)) values.set(await kept.read(name))
    },
    notes: [],
    dispose: () => undefined,
  } satisfies Learner
}

function startAt(
  { parameters, mayMove, length }: Place,
  { gate: first, fixedShare }: TuningOf<'diff-pruning'>,
): Pruned {
  let count = 0
  const tensors = [...parameters]
    .filter(([name]) => mayMove(name))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, shape], n): Own => {
      const size = shape.reduce((product, side) => product * side, 1)
      count += size
      return { name, shape, n, first: count - size, size }
    })
  return {
    tensors,
    count,
    w: startOf(count, 0),
    gates: startOf(count + tensors.length, first),
    open: new Float32Array(count + tensors.length),
    mask: new Float32Array(count),
    done: new Float32Array(1),
    fixedFrom: length.steps - Math.round(length.steps * fixedShare),
  }
}

const stateOf = ({ w, gates, mask, done }: Pruned): [string, Float32Array][] => [
  ...Object.entries(w).map(([part, values]): [string, Float32Array] => [`w.${part}`, values]),
  ...Object.entries(gates).map(([part, values]): [string, Float32Array] => [`gates.${part}`, values]),
  ['mask', mask],
  ['done', done],
]

/** s of every gate with the noise of a step; null: of its mean. */
function openGates({ gates, open }: Pruned, seed: number, step: number | null): void {
  const stream = streamOf('gates')
  for (let i = 0; i < open.length; i++) {
    const u = step === null ? 0.5 : 1e-4 + (1 - 2e-4) * uniform(seed, stream, step, i)
    open[i] = sigma(at(gates.value, i) + Math.log(u) - Math.log1p(-u))
  }
}

/** z z_g w of a tensor; once places are fixed, what is there. */
function difference(all: Pruned, { n, first, size }: Own): Float32Array {
  const { w, open, count } = all
  const own = w.value.slice(first, first + size)
  if (isFixed(all)) return own
  const whole = gate(at(open, count + n))
  for (let i = 0; i < size; i++) own[i] = gate(at(open, first + i)) * whole * at(own, i)
  return own
}

async function moved(
  { tower: { ops } }: Place,
  all: Pruned,
  { l0, gateRate, density, learningRate, seed }: TuningOf<'diff-pruning'>,
  gradients: Gradients,
  { step, rate, clipNorm, weightDecay }: Update,
): Promise<number> {
  const { tensors, count, w, gates, open, mask, done, fixedFrom } = all
  const fixed = isFixed(all)
  const [dw, dGates] = [new Float32Array(count), new Float32Array(fixed ? 0 : gates.value.length)]
  for (const { name, shape, n, first, size } of tensors) {
    const gradient = gradients.sums.get(name)
    if (!gradient) continue
    const g = await ops.read(gradient)
    toFile(name, shape, g)
    if (fixed) {
      for (let i = 0; i < size; i++) dw[first + i] = at(g, i) * at(mask, first + i)
      continue
    }
    const whole = at(open, count + n)
    let dWhole = 0
    for (let i = 0; i < size; i++) {
      const [s, gw] = [at(open, first + i), at(g, i) * at(w.value, first + i)]
      dw[first + i] = at(g, i) * gate(s) * gate(whole)
      dGates[first + i] = gw * slope(s) * gate(whole)
      dWhole += gw * gate(s)
    }
    dGates[count + n] = dWhole * slope(whole)
  }
  for (let i = 0; i < dGates.length; i++) {
    const s = sigma(at(gates.value, i))
    dGates[i] = at(dGates, i) + l0 * s * (1 - s)
  }
  const [norm, gateNorm] = [normOf(dw), normOf(dGates)]
  requireFinite(norm + gateNorm, step)
  const t = fixed ? step - fixedFrom + 1 : step + 1
  adamStep(w, dw, { rate, decay: weightDecay, step: t, scale: clipping(norm, clipNorm) }, fixed ? mask : undefined)
  if (!fixed) {
    const opening = { rate: (rate / learningRate) * gateRate, decay: 0, step: t, scale: clipping(gateNorm, clipNorm) }
    adamStep(gates, dGates, opening)
  }
  if (step + 1 === fixedFrom) fix(all, density, seed)
  done[0] = step + 1
  return norm
}

/** Of the difference by the gates' means the largest elements stay; moments begin anew. */
function fix(all: Pruned, density: number, seed: number): void {
  const { tensors, w, mask, count } = all
  openGates(all, seed, null)
  const whole = new Float32Array(count)
  for (const own of tensors) whole.set(difference(all, own), own.first)
  largest(whole, Math.floor(density * count), mask)
  for (let i = 0; i < count; i++) w.value[i] = at(mask, i) === 0 ? 0 : at(whole, i)
  for (const means of [w.mean, w.square]) means.fill(0)
}

function normOf(values: Float32Array): number {
  let sum = 0
  for (let i = 0; i < values.length; i++) sum += at(values, i) ** 2
  return Math.sqrt(sum)
}
