// Curvature in place of other tasks' images (after "Dataless weight disentanglement", arXiv 2602.17385; experimental):
//   P = (c / 2) sum_l tr(D_l A_l D_l' B_l),   D_l = (dW_l, db_l)  (out, in + 1)
// over the products y = x W' + b of attention and MLP, with A = E[(x, 1)(x, 1)'] over tokens and images of all others, and
// B = E over images of sum over tokens and the feature's numbers e of g g', g = df_e/dy. With x and g independent it is
// the mean of |J delta|^2 of each product alone. The sum over e is exact, or by r = +-1 from E[(r'df/dy)(r'df/dy)'], of
// which `probes` are drawn for each image. Its gradient is c B D A. The images are looked at once, before the first step.
import { setImmediate } from 'node:timers/promises'

import type { Progress } from '../../../contract/run/run.ts'
import type { TuningOf } from '../../../contract/tuning/config.ts'
import { permutation, uniform } from '../../../numbers/random.ts'
import { streamOf } from '../../../numbers/streams.ts'
import { at } from '../../../numbers/vectors.ts'
import type { LabelledImages } from '../../datasets/images.ts'
import type { Ops } from '../../devices/ops.ts'
import { disposeAll, type Tensor, type Tensor1D, type Tensor2D } from '../../devices/tensor.ts'
import { forward, reverse, type Tape } from '../../models/clip-vit.ts'
import { layerName } from '../../models/transformer-layer.ts'
import { patchesOf } from '../../problems/patches.ts'
import { isTurned } from '../../weights/held.ts'
import type { Kept, Learner, Place } from '../kind.ts'
import type { Variables } from '../variables.ts'

/** Of one product: E[x x'] (in, in), E[x] (in) and E[g g'] (out, out). */
interface Curvature {
  inputs: Tensor
  mean: Tensor
  outputs: Tensor
}
const parts = ['inputs', 'mean', 'outputs'] as const

type Settings = Pick<TuningOf<'tau-jp'>, 'seed' | 'curvatureImages' | 'probes'>
type Curvatures = Map<string, Curvature> // by product, "transformer.resblocks.0.attn.in_proj_"

const products = ['attn.in_proj_', 'attn.out_proj.', 'mlp.c_fc.', 'mlp.c_proj.']

export async function* curvatures(
  place: Place,
  settings: Settings,
  kept: Kept | null,
): AsyncGenerator<Progress, Curvatures> {
  const { ops, architecture } = place.tower
  const names = Array.from({ length: architecture.layers }, (_, i) =>
    products.map((name) => layerName(i) + name),
  ).flat()
  if (kept) return restored(ops, place, names, kept)
  const sums: Sums = new Map()
  try {
    const { others } = place.images
    for (const [o, images] of others.entries()) {
      const count = Math.min(images.count, settings.curvatureImages)
      const order = permutation(images.count, settings.seed, streamOf('batches', { stage: 0, task: o + 1 }), 0)
      for (let first = 0; first < count; first += place.microBatch.size) {
        yield { type: 'progress', what: `Curvature, task ${o + 1} of ${others.length}`, done: first, total: count }
        const some = order.slice(first, Math.min(count, first + place.microBatch.size))
        await lookAt(place, images, some, o, settings, sums)
      }
    }
    return new Map(names.map((name) => [name, meanOf(ops, sums.get(name) as Sum)]))
  } finally {
    disposeAll([...sums.values()].flatMap(({ inputs, mean, outputs }) => [inputs, mean, outputs]))
  }
}

/** Sums of x x', x and g g', and how many rows and images they are of. */
type Sum = Curvature & { rows: number; images: number }
type Sums = Map<string, Sum>

function meanOf(ops: Ops, { inputs, mean, outputs, rows, images }: Sum): Curvature {
  const scaled = (sum: Tensor, by: number): Tensor => ops.keep(ops.combine([sum], [by]))
  return { inputs: scaled(inputs, 1 / rows), mean: scaled(mean, 1 / rows), outputs: scaled(outputs, 1 / images) }
}

/** Some images, followed back once for each probe, or for each number of a feature. */
async function lookAt(
  { tower, base, signal }: Place,
  images: LabelledImages,
  indices: Int32Array,
  other: number,
  { seed, probes }: Settings,
  sums: Sums,
): Promise<void> {
  const { ops, architecture } = tower
  const { embed } = architecture
  const pictures = await (await images.fetch(indices))()
  const share = probes === null ? 1 : 1 / probes
  for (let way = 0; way < (probes ?? embed); way++) {
    await setImmediate()
    signal.throwIfAborted()
    const directions = Float32Array.from({ length: indices.length * embed }, (_, i) => {
      if (probes === null) return i % embed === way ? 1 : 0
      const draw = at(indices, Math.floor(i / embed)) * probes + way
      return uniform(seed, streamOf('probes', { task: other }), draw, i % embed) < 0.5 ? -1 : 1
    })
    const scope = ops.scope()
    try {
      scope.run(() => {
        const { tape } = forward(tower, base, patchesOf(tower, pictures), 'full tape') as { tape: Tape }
        const see = (product: string, input: Tensor2D, dy: Tensor2D): void => {
          const outputs = ops.combine([ops.matmul(dy, dy, true, false)], [share])
          // of the images themselves once
          const seen = way === 0 && { inputs: ops.matmul(input, input, true, false), mean: ops.sumRows(input) }
          put(ops, sums, product, { outputs, ...seen }, way === 0 ? input.shape[0] : 0, way === 0 ? indices.length : 0)
        }
        const dFeatures = ops.upload<Tensor2D>(directions, [indices.length, embed])
        reverse(tower, base, tape, dFeatures, () => undefined, { wants: (name) => name === 'conv1.weight', see })
      })
    } finally {
      scope.dispose()
    }
  }
}

function put(ops: Ops, sums: Sums, product: string, part: Partial<Curvature>, rows: number, images: number): void {
  const before = sums.get(product)
  const next: Partial<Sum> = { ...before, rows: (before?.rows ?? 0) + rows, images: (before?.images ?? 0) + images }
  for (const which of parts) {
    const [sum, own] = [before?.[which], part[which]]
    if (own) next[which] = ops.keep(sum ? ops.add(sum, own) : ops.clone(own))
    if (own) sum?.dispose()
  }
  sums.set(product, next as Sum)
}

async function restored(
  { upload, keep }: Ops,
  { base }: Place,
  names: readonly string[],
  kept: Kept,
): Promise<Curvatures> {
  const found: Curvatures = new Map()
  for (const name of names) {
    const [rows = 0, columns = 0] = base(`${name}weight`).shape
    const [out, into] = isTurned(`${name}weight`) ? [columns, rows] : [rows, columns]
    const read = async (which: string, shape: number[]) => keep(upload(await kept.read(`${which}.${name}`), shape))
    found.set(name, {
      inputs: await read('inputs', [into, into]),
      mean: await read('mean', [into]),
      outputs: await read('outputs', [out, out]),
    })
  }
  return found
}

/** The learner of a tangent with c P beside its loss. */
export function withCurvature(
  { tower: { ops } }: Place,
  learner: Learner,
  delta: Variables,
  found: Curvatures,
  c: number,
): Learner {
  return {
    ...learner,
    async penalty(_, gradients) {
      const scope = ops.scope()
      try {
        const dots = scope.run(() =>
          [...found].flatMap(([product, curvature]) => {
            const [weight, bias] = [`${product}weight`, `${product}bias`]
            if (!delta.has(weight)) return []
            const [dW, db] = [delta.value(weight) as Tensor2D, delta.value(bias) as Tensor1D]
            const moved = bDa(ops, curvature, dW, db, isTurned(weight), c)
            gradients.add(weight, moved.weight)
            gradients.add(bias, moved.bias)
            return [ops.dot(dW, moved.weight), ops.dot(db, moved.bias)]
          }),
        )
        const halves = (await ops.readDots(dots)).flat()
        disposeAll(dots)
        return halves.reduce((sum, half) => sum + half / 2, 0)
      } finally {
        scope.dispose()
      }
    },
    state: () => [
      ...learner.state(),
      ...[...found].flatMap(([product, own]) =>
        parts.map((part): [string, Tensor] => [`${part}.${product}`, own[part]]),
      ),
    ],
    notes: ['The penalty by curvature is experimental: its paper was not followed in every detail.'],
    dispose() {
      learner.dispose()
      disposeAll([...found.values()].flatMap(({ inputs, mean, outputs }) => [inputs, mean, outputs]))
    },
  }
}

/**
 * c B D A, as the tower holds the weight: of D = (dW, db),
 *   (B (dW E[x x'] + db E[x]'),  B (dW E[x] + db))
 */
function bDa(ops: Ops, curvature: Curvature, dW: Tensor2D, db: Tensor1D, turned: boolean, c: number) {
  const [inputs, outputs] = [curvature.inputs as Tensor2D, curvature.outputs as Tensor2D]
  const x = asRow(ops, curvature.mean) // (1, in)
  const y = asRow(ops, db) // (1, out)
  const outer = turned ? ops.matmul(x, y, true, false) : ops.matmul(y, x, true, false)
  const dA = ops.add(turned ? ops.matmul(inputs, dW) : ops.matmul(dW, inputs), outer)
  const dx = ops.add(turned ? ops.matmul(x, dW) : ops.matmul(x, dW, false, true), y) // (1, out)
  const weight = turned ? ops.matmul(dA, outputs) : ops.matmul(outputs, dA)
  const bias = ops.sumRows(ops.matmul(dx, outputs))
  return { weight: ops.combine([weight], [c]), bias: ops.combine([bias], [c]) }
}

const asRow = (ops: Ops, x: Tensor): Tensor2D => ops.repeatRow(x as Tensor1D, 1)
