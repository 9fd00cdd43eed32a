// A frozen head: logits = s W u + b, W (classes, embed), b (classes), u = z / |z| or, where the head was trained so, u
// = z itself.
//   zero-shot       unit rows, s = 100, normalised features, no b
//   linear probe    any W and b, s = 1
// and the way back: dL/dz = (I - u u') (s W' dL/dlogits) / |z|, or s W' dL/dlogits of features as they are. In float64
// on the host: it is a thousandth of a step's work, and losses are sums over many images.
import type { Objective } from '../learning/objective.ts'
import type { Target } from '../learning/problem.ts'

type Floats = Float32Array | Float64Array // float64 where the mathematics is held against finite differences

export interface Head {
  weights: Float32Array // (classes, embed)
  bias: Float32Array | null // (classes)
  classes: number
  embed: number
  scale: number
  normalised: boolean // whether it takes z / |z|
}

export const logitScale = 100 // exp(logit_scale) of every CLIP model that was trained long enough

export interface HeadResult {
  loss: number // weighted sum over the images
  correct: number // NaN where a label is not known (-1)
  predicted: Int32Array // (n)
}

/**
 * features (n, embed) from row `first` on; labels (n). Each image's loss is multiplied by weight; with dFeatures
 * (same rows as features), the gradient of the weighted sum is written there. lessons: of each image, where the
 * objective gives them.
 */
export function applyHead(
  head: Head,
  objective: Objective,
  features: Floats,
  first: number,
  labels: Int32Array,
  weight: number,
  dFeatures?: Floats,
  lessons?: readonly Target[],
): HeadResult {
  const { weights, bias, classes, embed, scale, normalised } = head
  const logits = new Float64Array(classes)
  const gradient = new Float64Array(classes)
  const unit = new Float64Array(embed)
  let loss = 0
  let correct = 0
  const predictions = new Int32Array(labels.length)
  for (let n = 0; n < labels.length; n++) {
    const at = (first + n) * embed
    let square = 0
    for (let e = 0; e < embed; e++) square += (features[at + e] as number) ** 2
    const norm = normalised ? Math.max(Math.sqrt(square), 1e-12) : 1
    for (let e = 0; e < embed; e++) unit[e] = (features[at + e] as number) / norm
    let largest = Number.NEGATIVE_INFINITY
    let predicted = 0
    for (let c = 0; c < classes; c++) {
      let sum = 0
      for (let e = 0, w = c * embed; e < embed; e++, w++) sum += (unit[e] as number) * (weights[w] as number)
      logits[c] = bias ? scale * sum + (bias[c] as number) : scale * sum
      if ((logits[c] as number) > largest) {
        largest = logits[c] as number
        predicted = c
      }
    }
    predictions[n] = predicted
    const label = labels[n] as number
    correct += label < 0 ? Number.NaN : Number(predicted === label)
    toLogProbabilities(logits, largest)
    loss += weight * objective.loss(logits, label, gradient, lessons?.[n])
    if (dFeatures) featureGradient(head, gradient, unit, weight / norm, dFeatures.subarray(at, at + embed))
  }
  return { loss, correct, predicted: predictions }
}

/** dL/dz of one image from dL/dlogits (classes) and u (embed): factor carries the image's weight and 1 / |z|. */
function featureGradient(
  { weights, classes, embed, scale, normalised }: Head,
  dLogits: Float64Array,
  unit: Float64Array,
  factor: number,
  out: Floats,
): void {
  const dUnit = new Float64Array(embed)
  for (let c = 0; c < classes; c++) {
    const g = scale * factor * (dLogits[c] as number)
    for (let e = 0, w = c * embed; e < embed; e++, w++) dUnit[e] = (dUnit[e] as number) + g * (weights[w] as number)
  }
  let radial = 0
  if (normalised) for (let e = 0; e < embed; e++) radial += (dUnit[e] as number) * (unit[e] as number)
  for (let e = 0; e < embed; e++) out[e] = (dUnit[e] as number) - radial * (unit[e] as number)
}

/** In place; largest is the largest logit. */
function toLogProbabilities(logits: Float64Array, largest: number): void {
  let sum = 0
  for (const l of logits) sum += Math.exp(l - largest)
  const shift = largest + Math.log(sum)
  for (let c = 0; c < logits.length; c++) logits[c] = (logits[c] as number) - shift
}
