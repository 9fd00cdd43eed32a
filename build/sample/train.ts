// Fine-tuning all weights of an image tower, as the sample project's models are made: AdamW with warm-up and cosine
// decay on the engine's own forward and reverse pass, head frozen, gradient clipped. Weights and moments live on the
// host.

import type { Picture } from '../../src-main/engine/datasets/images.ts'
import { disposeAll, type Tensor, type Tensor2D } from '../../src-main/engine/devices/tensor.ts'
import { type Architecture, towerParameters } from '../../src-main/engine/layouts/clip-names.ts'
import { crossEntropy } from '../../src-main/engine/learning/losses/cross-entropy.ts'
import type { Tower } from '../../src-main/engine/models/clip-vit.ts'
import { towerModel } from '../../src-main/engine/models/model.ts'
import { applyHead, type Head } from '../../src-main/engine/problems/head.ts'
import { patchesOf } from '../../src-main/engine/problems/patches.ts'
import { heldShape, toFile, toHeld } from '../../src-main/engine/weights/held.ts'
import { adamwStep } from '../../src-main/numbers/adamw.ts'
import { normal, permutation, uniform } from '../../src-main/numbers/random.ts'

export type Weights = Map<string, Float64Array>

export interface TrainingTask {
  head: Head
  labels: Int32Array
  /** The picture of an image with the augmentation that draw stands for; (3, size, size) bytes. */
  picture(index: number, draw: number): Uint8Array
}

export interface Settings {
  steps: number
  batch: number // images per task
  learningRate: number
  weightDecay: number
  warmUp: number
  seed: number
  log(line: string): void
}

export function initialWeights(architecture: Architecture, seed: number): Weights {
  const { width, layers } = architecture
  const deviation = (name: string): number => {
    if (name.endsWith('in_proj_weight')) return width ** -0.5
    if (name.endsWith('c_fc.weight')) return (2 * width) ** -0.5
    if (/out_proj\.weight|c_proj\.weight/.test(name)) return width ** -0.5 * (2 * layers) ** -0.5
    if (name === 'conv1.weight') return (3 * architecture.patchSize ** 2) ** -0.5
    return width ** -0.5
  }
  const weights: Weights = new Map()
  let stream = 0
  for (const [name, shape] of towerParameters(architecture)) {
    const n = shape.reduce((a, b) => a * b, 1)
    stream++
    if (/ln_.*weight$/.test(name)) weights.set(name, new Float64Array(n).fill(1))
    else if (/bias$/.test(name)) weights.set(name, new Float64Array(n))
    else
      weights.set(
        name,
        Float64Array.from({ length: n }, (_, i) => deviation(name) * normal(seed, stream, 0, i)),
      )
  }
  return weights
}

export function onDevice({ ops, architecture }: Tower, weights: Weights): Map<string, Tensor> {
  const shapes = towerParameters(architecture)
  const tensors = new Map<string, Tensor>()
  for (const [name, values] of weights) {
    const shape = shapes.get(name) as number[]
    const held = Float32Array.from(values)
    toHeld(name, shape, held)
    tensors.set(name, ops.upload(held, heldShape(name, shape)))
  }
  return tensors
}

/** Trains in place and leaves tensors as they were. */
export async function train(tower: Tower, weights: Weights, tasks: TrainingTask[], settings: Settings): Promise<void> {
  const names = [...weights.keys()]
  const zero = (): Float64Array[] => names.map((n) => new Float64Array((weights.get(n) as Float64Array).length))
  const moments = { first: zero(), second: zero(), step: 0 }
  const { ops, architecture } = tower
  const shapes = towerParameters(architecture)
  let shown = 0
  for (let step = 0; step < settings.steps; step++) {
    const device = onDevice(tower, weights)
    const onTheWay = new Map<string, Tensor>()
    const picked: Picture[] = []
    const segments: { task: TrainingTask; labels: Int32Array; first: number }[] = []
    tasks.forEach((task, t) => {
      const n = task.labels.length
      const perEpoch = Math.floor(n / settings.batch)
      const epoch = Math.floor(step / perEpoch)
      const first = (step % perEpoch) * settings.batch
      const order = permutation(n, settings.seed, t, epoch).slice(first, first + settings.batch)
      segments.push({ task, first: picked.length, labels: Int32Array.from(order, (i) => task.labels[i] as number) })
      for (const index of order) {
        const draw = Math.floor(uniform(settings.seed, 500 + t, step, index) * 2 ** 31)
        picked.push({ channels: 3, pixels: task.picture(index, draw) })
      }
    })
    const scope = ops.scope()
    const { features, back } = scope.run(() =>
      towerModel(tower, (name) => device.get(name) as Tensor)(patchesOf(tower, picked), true),
    )
    const values = await ops.read(features)
    const dValues = new Float32Array(values.length)
    let loss = 0
    let correct = 0
    for (const { task, first, labels } of segments) {
      const result = applyHead(
        task.head,
        crossEntropy,
        values,
        first,
        labels,
        1 / labels.length / tasks.length,
        dValues,
      )
      loss += result.loss
      correct += result.correct
    }
    scope.run(() =>
      back?.(ops.upload<Tensor2D>(dValues, features.shape), (name, gradient) => {
        onTheWay.set(name, ops.clone(gradient))
      }),
    )
    const gradients = new Map<string, Float64Array>()
    for (const [name, gradient] of onTheWay) {
      const values = await ops.read(gradient)
      toFile(name, shapes.get(name) as number[], values)
      gradients.set(name, Float64Array.from(values))
    }
    scope.dispose()
    disposeAll(device.values())

    const rate =
      settings.learningRate *
      (step < settings.warmUp
        ? (step + 1) / settings.warmUp
        : 0.5 * (1 + Math.cos((Math.PI * (step - settings.warmUp)) / (settings.steps - settings.warmUp))))
    adamwStep(
      { learningRate: rate, weightDecay: settings.weightDecay, clipNorm: 1 },
      names.map((n) => weights.get(n) as Float64Array),
      names.map((n) => gradients.get(n) as Float64Array),
      moments,
    )
    shown = shown === 0 ? loss : 0.95 * shown + 0.05 * loss
    if (step % 50 === 0 || step === settings.steps - 1)
      settings.log(`step ${step} loss ${shown.toFixed(3)} accuracy ${((100 * correct) / picked.length).toFixed(1)}`)
  }
}
