// Every objective's gradient is the derivative of its loss, by finite differences in float64, through the head and back
// to the features; each under what it is told to learn: labels, nothing, or lessons.
import { expect, test } from 'vitest'

import { objectives } from '../../../src-main/contract/objectives/index.ts'
import { objectiveNamed } from '../../../src-main/engine/learning/objective.ts'
import type { Problem, Target } from '../../../src-main/engine/learning/problem.ts'
import { sharpnessAware } from '../../../src-main/engine/learning/sharpness-aware.ts'
import { applyHead, type Head } from '../../../src-main/engine/problems/head.ts'
import { normal } from '../../../src-main/numbers/random.ts'
import { quadratic } from './quadratic.ts'

const [classes, embed, images] = [4, 7, 3]
const draws = (n: number, stream: number): Float32Array =>
  Float32Array.from({ length: n }, (_, i) => normal(5, stream, 0, i))
const head: Head = {
  weights: draws(classes * embed, 1).map((w) => w / 30),
  bias: null,
  classes,
  embed,
  scale: 100,
  normalised: true,
}
const features = Float64Array.from(draws(images * embed, 3), (z) => 3 * z)
const labels = Int32Array.of(2, 0, 3)
const unknown = Int32Array.of(-1, -1, -1)
const soft: Target[] = [
  { target: Float64Array.of(0.1, 0.6, 0.05, 0.25), weight: 1 },
  { target: 2, weight: 0.5 },
  { target: 3, weight: 0 },
]

/** What each is told: labels, or none where it needs none, and lessons where it teaches by them. */
const cases = objectives.flatMap(({ name }) => {
  const objective = objectiveNamed(name)
  const blind = objective.adapted ? soft : undefined
  return [
    ...(objective.unlabelled ? [[name, blind ? 'lessons' : 'no labels', objective, unknown, blind] as const] : []),
    ...(!objective.unlabelled || blind ? [[name, 'labels', objective, labels, undefined] as const] : []),
  ]
})

test.each(cases)('%s, told %s: dL/dz is what finite differences give', (_, _what, objective, known, lessons) => {
  const loss = (z: Float64Array): number => applyHead(head, objective, z, 0, known, 0.25, undefined, lessons).loss
  const gradient = new Float64Array(features.length)
  applyHead(head, objective, features, 0, known, 0.25, gradient, lessons)
  const step = 1e-5
  const numeric = features.map(
    (z, i) => (loss(features.with(i, z + step)) - loss(features.with(i, z - step))) / (2 * step),
  )
  const size = Math.hypot(...numeric)
  expect(size).toBeGreaterThan(1e-3)
  expect(Math.hypot(...gradient.map((g, i) => g - (numeric[i] as number))) / size).toBeLessThan(1e-6)
})

test('sar learns from images whose entropy is below 0.4 ln C, as entropy does, and from no other', () => {
  const [sure, unsure] = [Float64Array.of(0.9, 0.05, 0.03, 0.02), Float64Array.of(0.7, 0.1, 0.1, 0.1)].map((p) =>
    p.map(Math.log),
  )
  const at = (name: 'entropy' | 'sar', p: Float64Array): { loss: number; gradient: Float64Array } => {
    const gradient = new Float64Array(4).fill(7)
    return { loss: objectiveNamed(name).loss(p, -1, gradient), gradient }
  }
  expect(at('entropy', sure as Float64Array).loss).toBeLessThan(0.4 * Math.log(4))
  expect(at('entropy', unsure as Float64Array).loss).toBeGreaterThan(0.4 * Math.log(4))
  expect(at('sar', sure as Float64Array)).toEqual(at('entropy', sure as Float64Array))
  expect(at('sar', unsure as Float64Array)).toEqual({ loss: 0, gradient: new Float64Array(4) })
})

test('a sharpness-aware step takes the gradient rho uphill, and the loss where it stands', async () => {
  const problem: Problem = quadratic([[1, -2]], [[3, 0.5]])
  const at = [Float64Array.of(0.25, 0.5)]
  const [here] = (await problem.lossAndGradient(at, [])).gradient as [Float64Array]
  const norm = Math.hypot(...here)
  const uphill = [at[0]?.map((c, b) => c + (0.1 * (here[b] as number)) / norm) as Float64Array]
  const found = await sharpnessAware(problem, 0.1).lossAndGradient(at, [])
  expect(found.gradient).toEqual((await problem.lossAndGradient(uphill, [])).gradient)
  expect(found.loss).toBe((await problem.lossAndGradient(at, [])).loss)
  expect(found.gradient).not.toEqual([here])
})

test('a label that is not known makes accuracy unknown, not wrong', () => {
  const entropy = objectiveNamed('entropy')
  const known = applyHead(head, entropy, features, 0, labels, 1)
  const blind = applyHead(head, entropy, features, 0, unknown, 1)
  expect(blind.correct).toBeNaN()
  expect(blind.loss).toBe(known.loss)
  expect(blind.predicted).toEqual(known.predicted)
})
