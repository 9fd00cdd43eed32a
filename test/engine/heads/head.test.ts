// Every kind of head: the way back is the derivative of the way there, by finite differences in float64, and its
// numbers are those of the formula.
import { expect, test } from 'vitest'

import { objectiveNamed } from '../../../src-main/engine/learning/objective.ts'
import { applyHead, type Head } from '../../../src-main/engine/problems/head.ts'
import { normal } from '../../../src-main/numbers/random.ts'

const [classes, embed, images] = [4, 7, 3]
const draws = (n: number, stream: number): Float32Array =>
  Float32Array.from({ length: n }, (_, i) => normal(5, stream, 0, i))
const weights = draws(classes * embed, 1)
const bias = draws(classes, 2)
const labels = Int32Array.of(2, 0, 3)
const features = Float64Array.from(draws(images * embed, 3), (z) => 3 * z)

// The zero-shot rows are short ones, so that no probability is 0 or 1 for float64.
const heads: [string, Head][] = [
  ['zero-shot', { weights: weights.map((w) => w / 50), bias: null, classes, embed, scale: 100, normalised: true }],
  ['linear probe on normalised features', { weights, bias, classes, embed, scale: 1, normalised: true }],
  ['linear probe on features as they are', { weights, bias, classes, embed, scale: 0.5, normalised: false }],
]

test.each(heads)('%s: dL/dz is what finite differences give, for both objectives', (_, head) => {
  for (const name of ['cross-entropy', 'entropy'] as const) {
    const objective = objectiveNamed(name)
    const loss = (z: Float64Array): number => applyHead(head, objective, z, 0, labels, 0.25).loss
    const gradient = new Float64Array(features.length)
    applyHead(head, objective, features, 0, labels, 0.25, gradient)
    const step = 1e-5
    const numeric = features.map(
      (z, i) => (loss(features.with(i, z + step)) - loss(features.with(i, z - step))) / (2 * step),
    )
    const size = Math.hypot(...numeric)
    expect(size).toBeGreaterThan(1e-3)
    expect(Math.hypot(...gradient.map((g, i) => g - (numeric[i] as number))) / size).toBeLessThan(1e-6)
  }
})

test('logits are s W u + b: their largest is the prediction, and features as they are keep their length', () => {
  const cross = objectiveNamed('cross-entropy')
  for (const [, head] of heads) {
    const expected = Array.from(labels, (label, n) => {
      const z = features.subarray(n * embed, (n + 1) * embed)
      const length = head.normalised ? Math.hypot(...z) : 1
      const logits = Array.from({ length: classes }, (_, c) => {
        const product = z.reduce((sum, v, e) => sum + (v / length) * (head.weights[c * embed + e] as number), 0)
        return head.scale * product + (head.bias?.[c] ?? 0)
      })
      const largest = Math.max(...logits)
      const normaliser = largest + Math.log(logits.reduce((sum, l) => sum + Math.exp(l - largest), 0))
      return { loss: normaliser - (logits[label] as number), correct: logits.indexOf(largest) === label }
    })
    const found = applyHead(head, cross, features, 0, labels, 1)
    const loss = expected.reduce((sum, e) => sum + e.loss, 0)
    expect(Math.abs(found.loss - loss) / loss).toBeLessThan(1e-12)
    expect(found.correct).toBe(expected.filter((e) => e.correct).length)
  }
})
