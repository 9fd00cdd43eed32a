// TAPS (Wallingford et al. 2022): which tensors move is learned with how they move,
//   theta_l = theta_pre,l + I_l delta_l,   I_l = [s_l >= t],   L = CE + (lambda / L) sum_l |s_l|
//   dL/ddelta_l = I_l dL/dtheta_l,   dL/ds_l = < dL/dtheta_l, delta_l > + (lambda / L) sign(s_l)   (straight-through)
// by Nesterov's gradient descent as PyTorch has it, with g the clipped gradient plus w times the value:
//   u <- mu u + g,   x <- x - eta (g + mu u)
// A layer here is a parameter tensor.
import { at } from '../../../numbers/vectors.ts'
import { disposeAll, type Tensor } from '../../devices/tensor.ts'
import { towerModel } from '../../models/model.ts'
import { clipping } from '../gradients.ts'
import type { MakeLearner } from '../kind.ts'
import { requireFinite } from '../variables.ts'

interface Layer {
  delta: Tensor
  momentum: Tensor
}

export const taps: MakeLearner<'taps'> = (place, config) => {
  const { tower, base, parameters, mayMove, rateOf, length } = place
  const { ops } = tower
  const { threshold, momentum: mu, sparsity, sparsityAfter } = config
  const names = [...parameters.keys()].filter(mayMove)
  const zero = (name: string): Tensor => ops.keep(ops.zeros(base(name).shape))
  const layers = new Map(names.map((name): [string, Layer] => [name, { delta: zero(name), momentum: zero(name) }]))
  const scores = Float32Array.from(names, () => config.score)
  const speeds = new Float32Array(names.length) // momenta of the scores
  const place0 = new Map(names.map((name, l) => [name, l]))
  const isOn = (name: string): boolean => at(scores, place0.get(name) ?? -1) >= threshold
  const of = (name: string): Layer => layers.get(name) as Layer
  const composed = (name: string): Tensor => ops.keep(ops.combine([base(name), of(name).delta], [1, 1]))
  const pull = (step: number): number =>
    step < sparsityAfter * length.stepsPerEpoch ? 0 : sparsity / Math.max(1, names.length)
  return {
    learned: names.reduce((sum, name) => sum + base(name).size + 1, 0),
    wants: (name) => layers.has(name),
    moves: (name) => layers.has(name),
    open() {
      const own = new Map(names.filter(isOn).map((name) => [name, composed(name)]))
      const model = towerModel(tower, (name) => own.get(name) ?? base(name))
      return { model, close: () => disposeAll(own.values()) }
    },
    back: (name, gradient, gradients) => gradients.add(name, gradient),
    penalty: async (step) => pull(step) * scores.reduce((sum, s) => sum + Math.abs(s), 0),
    async move(gradients, { step, rate, clipNorm, weightDecay }) {
      const dScores = await byScore(names, scores, pull(step), (name) => {
        const gradient = gradients.sums.get(name)
        return gradient && ops.dot(gradient, of(name).delta)
      })
      const squares = await numbersOf(
        names.filter(isOn).flatMap((name) => gradients.sums.get(name) ?? []),
        (g) => ops.dot(g, g),
      )
      const norm = Math.sqrt([...squares, ...dScores.map((d) => d * d)].reduce((sum, square) => sum + square, 0))
      requireFinite(norm, step)
      const shrink = clipping(norm, clipNorm)
      for (const [l, name] of names.entries()) {
        const layer = of(name)
        const eta = rate * rateOf(name)
        const gradient = gradients.sums.get(name)
        const g = ops.combine(
          gradient && isOn(name) ? [gradient, layer.delta] : [layer.delta],
          gradient && isOn(name) ? [shrink, weightDecay] : [weightDecay],
        )
        const faster = ops.keep(ops.combine([layer.momentum, g], [mu, 1]))
        const moved = ops.keep(ops.combine([layer.delta, g, faster], [1, -eta, -eta * mu]))
        disposeAll([g, layer.delta, layer.momentum])
        layers.set(name, { delta: moved, momentum: faster })
        const ds = at(dScores, l) * shrink + weightDecay * at(scores, l)
        speeds[l] = mu * at(speeds, l) + ds
        scores[l] = at(scores, l) - rate * (ds + mu * at(speeds, l))
      }
      return norm
    },
    async theta(name) {
      const own = isOn(name) ? composed(name) : base(name)
      const values = await ops.read(own)
      if (own !== base(name)) own.dispose()
      return values
    },
    state: () => [
      ...names.flatMap((name): [string, Tensor][] => [
        [`delta.${name}`, of(name).delta],
        [`momentum.${name}`, of(name).momentum],
      ]),
      ['scores', scores],
      ['speeds', speeds],
    ],
    async restore(kept) {
      for (const name of names) {
        const { delta, momentum } = of(name)
        const read = async (what: string) => ops.keep(ops.upload(await kept.read(`${what}.${name}`), delta.shape))
        layers.set(name, { delta: await read('delta'), momentum: await read('momentum') })
        disposeAll([delta, momentum])
      }
      scores.set(await kept.read('scores'))
      speeds.set(await kept.read('speeds'))
    },
    notes: [],
    dispose: () => disposeAll([...layers.values()].flatMap(({ delta, momentum }) => [delta, momentum])),
  }

  async function byScore(
    all: readonly string[],
    present: Float32Array,
    weight: number,
    product: (name: string) => ReturnType<typeof ops.dot> | undefined,
  ): Promise<number[]> {
    const dots = all.map(product)
    const known = dots.filter((dot) => dot !== undefined)
    try {
      const values = await ops.readDots(known)
      const found = new Map(known.map((dot, i) => [dot, values[i]?.[0] ?? 0]))
      return dots.map((dot, l) => (dot ? (found.get(dot) ?? 0) : 0) + weight * Math.sign(at(present, l)))
    } finally {
      disposeAll(known)
    }
  }

  async function numbersOf(tensors: readonly Tensor[], product: (tensor: Tensor) => ReturnType<typeof ops.dot>) {
    const dots = tensors.map(product)
    try {
      return (await ops.readDots(dots)).flat()
    } finally {
      disposeAll(dots)
    }
  }
}
