// TaLoS (Iurada et al. 2025): only the weights to which the pre-trained model is least sensitive move.
//   F_p = sum_x (d z_y(x) / d theta_p)^2,   z the logits, y ~ softmax(z(x)) drawn
// Round k of R keeps the floor(N d^(k/R)) weights of least F among those that are left; before each later round those
// that are out are multiplied by `shrink` in the forward pass, and in the end they are as they were. Weights and biases
// of linear modules, of the patch embedding and of norms may be chosen; embeddings and the projection stay. A tensor of
// which nothing is left is frozen: it costs no product and has no moments.
import type { Progress } from '../../../contract/run/run.ts'
import { at } from '../../../numbers/vectors.ts'
import { disposeAll, type Tensor, type Weights } from '../../devices/tensor.ts'
import type { MakeLearner, Place } from '../kind.ts'
import type { Variable } from '../variables.ts'
import { sensitivities } from './sensitivities.ts'
import { smallest } from './smallest.ts'
import { weightsThemselves } from './standard.ts'

const whole = ['class_embedding', 'positional_embedding', 'proj']

export const talos: MakeLearner<'talos'> = async function* (place, config, kept) {
  const { tower, base, parameters, mayMove, rateOf } = place
  const { ops } = tower
  const names = [...parameters.keys()].filter((name) => mayMove(name) && !whole.includes(name))
  const sizes = new Map(names.map((name) => [name, base(name).size]))
  const masks = kept ? null : yield* chosen(place, sizes, config)
  const moving: Variable[] = []
  for (const name of names) {
    const isKept = kept ? kept.has(`value.${name}`) : masks?.get(name)?.some((m) => m === 1)
    if (!isKept) continue
    const own = masks?.get(name) ?? (kept?.has(`mask.${name}`) ? await kept.read(`mask.${name}`) : undefined)
    const isPartial = own?.some((m) => m === 0)
    const mask = own && isPartial ? ops.keep(ops.upload(Float32Array.from(own), base(name).shape)) : undefined
    moving.push({ name, value: place.takeOver(name), rate: rateOf(name), mask })
  }
  return weightsThemselves(place, moving, [
    `${moving.length} of ${parameters.size} tensors move, the others are frozen.`,
  ])
}

interface Choice {
  density: number
  rounds: number
  shrink: number
  calibration: number | null
  seed: number
}

/** Of each tensor 1 where a weight may move, else 0, in the tower's order. */
async function* chosen(
  place: Place,
  sizes: ReadonlyMap<string, number>,
  { density, rounds, shrink, calibration, seed }: Choice,
): AsyncGenerator<Progress, Map<string, Uint8Array>> {
  const masks = new Map([...sizes].map(([name, size]) => [name, new Uint8Array(size).fill(1)]))
  const all = [...sizes.values()].reduce((sum, size) => sum + size, 0)
  const images = place.images.validation ?? place.images.training
  const count = Math.min(images.count, calibration ?? images.count)
  for (let round = 1; round <= rounds; round++) {
    const { weights, dispose } = round === 1 ? asTheyAre(place) : await shrunk(place, masks, shrink)
    try {
      const what = `Sensitivity, round ${round} of ${rounds}`
      const scores = yield* sensitivities(place, weights, [...sizes.keys()], { images, count, seed, what })
      smallest(scores, masks, Math.floor(all * density ** (round / rounds)))
    } finally {
      dispose()
    }
  }
  return masks
}

const asTheyAre = ({ base }: Place): { weights: Weights; dispose(): void } => ({
  weights: base,
  dispose: () => undefined,
})

async function shrunk(
  { tower: { ops }, base }: Place,
  masks: ReadonlyMap<string, Uint8Array>,
  by: number,
): Promise<{ weights: Weights; dispose(): void }> {
  const own = new Map<string, Tensor>()
  for (const [name, mask] of masks) {
    if (!mask.includes(0)) continue
    const values = await ops.read(base(name))
    for (let i = 0; i < values.length; i++) if (at(mask, i) === 0) values[i] = at(values, i) * by
    own.set(name, ops.keep(ops.upload(values, base(name).shape)))
  }
  return { weights: (name) => own.get(name) ?? base(name), dispose: () => disposeAll(own.values()) }
}
