// TAPS (Wallingford et al. 2022): which tensors move is learned with how they move,
//   theta_l = theta_pre,l + I_l delta_l,   I_l = [s_l >= t],   L = CE + (lambda / L) sum_l |s_l|
//   dL/ddelta_l = I_l dL/dtheta_l,   dL/ds_l = < dL/dtheta_l, delta_l > + (lambda / L) sign(s_l)   (straight-through)
// by Nesterov's gradient descent as PyTorch has it, with g the clipped gradient plus w times the value:
//   u <- mu u + g,   x <- x - eta (g + mu u)
// A layer here is a parameter tensor.
import type { TuningOf } from '../../../contract/tuning/config.ts'
import { at } from '../../../numbers/vectors.ts'
import type { Ops } from '../../devices/ops.ts'
import { disposeAll, type Tensor } from '../../devices/tensor.ts'
import { towerModel } from '../../models/model.ts'
import { clipping, type Gradients } from '../gradients.ts'
import type { MakeLearner, Place, Update } from '../kind.ts'
import { requireFinite } from '../variables.ts'

interface Layer {
  name: string
  delta: Tensor
  speed: Tensor // u
}

/** All that is learned. scores and their speeds: one of each layer. */
interface Shared {
  layers: Layer[]
  scores: Float32Array
  speeds: Float32Array
}

export const taps: MakeLearner<'taps'> = (place, config) => {
  const { tower, base, parameters, mayMove, length } = place
  const { ops } = tower
  const all = startAt(ops, place, [...parameters.keys()].filter(mayMove), config.score)
  const { layers, scores, speeds } = all
  const places = new Map(layers.map(({ name }, l) => [name, l]))
  const isOn = (l: number): boolean => at(scores, l) >= config.threshold
  const composed = ({ name, delta }: Layer): Tensor => ops.keep(ops.combine([base(name), delta], [1, 1]))
  /** lambda / L, from the epoch on in which it begins. */
  const pull = (step: number): number =>
    step < config.sparsityAfter * length.stepsPerEpoch ? 0 : config.sparsity / layers.length
  return {
    learned: layers.reduce((sum, { delta }) => sum + delta.size + 1, 0),
    wants: (name) => places.has(name),
    moves: (name) => places.has(name),
    open() {
      const own = new Map(layers.filter((_, l) => isOn(l)).map((layer) => [layer.name, composed(layer)]))
      const model = towerModel(tower, (name) => own.get(name) ?? base(name))
      return { model, close: () => disposeAll(own.values()) }
    },
    back: (name, gradient, gradients) => gradients.add(name, gradient),
    penalty: async (step) => pull(step) * scores.reduce((sum, s) => sum + Math.abs(s), 0),
    move: (gradients, update) => moved(place, all, { ...config, isOn, pull: pull(update.step) }, gradients, update),
    async theta(name) {
      const l = places.get(name) ?? 0
      const own = isOn(l) ? composed(at(layers, l)) : base(name)
      const values = await ops.read(own)
      if (own !== base(name)) own.dispose()
      return values
    },
    state: () => [
      ...layers.flatMap(({ name, delta, speed }): [string, Tensor][] => [
        [`delta.${name}`, delta],
        [`speed.${name}`, speed],
      ]),
      ['scores', scores],
      ['speeds', speeds],
    ],
    async restore(kept) {
      for (const layer of layers) {
        const read = async (what: string) =>
          ops.keep(ops.upload(await kept.read(`${what}.${layer.name}`), layer.delta.shape))
        replace(layer, await read('delta'), await read('speed'))
      }
      scores.set(await kept.read('scores'))
      speeds.set(await kept.read('speeds'))
    },
    notes: [],
    dispose: () => disposeAll(layers.flatMap(({ delta, speed }) => [delta, speed])),
  }
}

function startAt(ops: Ops, { base }: Place, names: readonly string[], score: number): Shared {
  const zero = (name: string): Tensor => ops.keep(ops.zeros(base(name).shape))
  return {
    layers: names.map((name) => ({ name, delta: zero(name), speed: zero(name) })),
    scores: new Float32Array(names.length).fill(score),
    speeds: new Float32Array(names.length),
  }
}

function replace(layer: Layer, delta: Tensor, speed: Tensor): void {
  disposeAll([layer.delta, layer.speed])
  Object.assign(layer, { delta, speed })
}

type How = Pick<TuningOf<'taps'>, 'momentum'> & { isOn(l: number): boolean; pull: number }

async function moved(
  { tower: { ops }, rateOf }: Place,
  { layers, scores, speeds }: Shared,
  { momentum: mu, isOn, pull }: How,
  gradients: Gradients,
  { step, rate, clipNorm, weightDecay }: Update,
): Promise<number> {
  const { along, squares } = await products(ops, layers, gradients)
  const dScores = layers.map((_, l) => at(along, l) + pull * Math.sign(at(scores, l)))
  const square = layers.reduce((sum, _, l) => sum + (isOn(l) ? at(squares, l) : 0) + at(dScores, l) ** 2, 0)
  const norm = Math.sqrt(square)
  requireFinite(norm, step)
  const shrink = clipping(norm, clipNorm)
  for (const [l, layer] of layers.entries()) {
    const { name, delta, speed } = layer
    const own = isOn(l) ? gradients.sums.get(name) : undefined
    const g = own ? ops.combine([own, delta], [shrink, weightDecay]) : ops.combine([delta], [weightDecay])
    const faster = ops.keep(ops.combine([speed, g], [mu, 1]))
    const eta = rate * rateOf(name)
    replace(layer, ops.keep(ops.combine([delta, g, faster], [1, -eta, -eta * mu])), faster)
    g.dispose()
    const ds = at(dScores, l) * shrink + weightDecay * at(scores, l)
    speeds[l] = mu * at(speeds, l) + ds
    scores[l] = at(scores, l) - rate * (ds + mu * at(speeds, l))
  }
  return norm
}

/** Of each layer < dL/dtheta, delta > and |dL/dtheta|^2, by one read. */
async function products(ops: Ops, layers: readonly Layer[], { sums }: Gradients) {
  const zero = ops.zeros([1])
  const dots = layers.flatMap(({ name, delta }) => {
    const gradient = sums.get(name)
    return gradient
      ? [ops.dot(gradient, delta), ops.dot(gradient, gradient)]
      : [ops.dot(zero, zero), ops.dot(zero, zero)]
  })
  try {
    const found = (await ops.readDots(dots)).flat()
    return { along: found.filter((_, i) => i % 2 === 0), squares: found.filter((_, i) => i % 2 === 1) }
  } finally {
    disposeAll([zero, ...dots])
  }
}
