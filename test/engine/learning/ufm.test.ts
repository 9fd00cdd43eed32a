// UFM on a constructed model that says what it is told to say: which images are trusted, by exact index; what each form
// teaches; that its three forms differ where the file's header says and nowhere else; and the rate and threshold over a
// stage.
import { expect, test } from 'vitest'

import type { StageSettings } from '../../../src-main/contract/run/stage.ts'
import { batchOf } from '../../../src-main/engine/learning/batch.ts'
import { learn } from '../../../src-main/engine/learning/learn.ts'
import { fixMatch, forms, mixed, pseudoLabel, trustedImages } from '../../../src-main/engine/learning/losses/ufm.ts'
import type { PredictingProblem } from '../../../src-main/engine/learning/predictions.ts'
import type { Batch } from '../../../src-main/engine/learning/problem.ts'
import { selectionBy } from '../../../src-main/engine/learning/selection.ts'
import type { Table } from '../../../src-main/numbers/table.ts'
import { quadratic } from './quadratic.ts'

// 44 images of 2 classes, so N/C/10 = 2 and N/C = 22. The pre-trained model takes even ones for class 0; images 4 and 8
// tie.
const count = 44
const sureness = (i: number): number =>
  i === 4 || i === 8 ? 0.97 : i === 20 ? 0.98 : i === 7 ? 0.999 : i === 3 ? 0.96 : 0.6 + i / 1000

/**
 * At coefficients 0 as above; moved by c, every confidence falls to 0.55 but for image 10, which is then sure of class
 * 1.
 */
function constructed(): PredictingProblem & { batches: Batch[]; asked: number[][]; passes: (number | undefined)[] } {
  const plain = quadratic([[1, 1]])
  const log = (p: number, best: number): Float64Array =>
    Float64Array.from([0, 1], (c) => Math.log(c === best ? p : 1 - p))
  const row = (i: number, moved: boolean): Float64Array => {
    if (!moved) return log(sureness(i), i % 2)
    return i === 10 ? log(0.995, 1) : log(0.55, i % 2)
  }
  const problem = {
    ...plain,
    batches: [] as Batch[],
    asked: [] as number[][],
    passes: [] as (number | undefined)[],
    trainingCounts: [count],
    lossAndGradient: async (c: Table, batch: Batch) => {
      problem.batches.push(batch)
      return plain.lossAndGradient(c, [])
    },
    predict: async (c: Table, images: readonly Int32Array[], pass?: number) => {
      problem.passes.push(pass)
      const moved = c.some((r) => r.some((v) => v !== 0))
      problem.asked.push([...(images[0] as Int32Array)])
      const logProbabilities = Float64Array.from([...(images[0] as Int32Array)].flatMap((i) => [...row(i, moved)]))
      return [{ classes: 2, logProbabilities }]
    },
  }
  return problem
}

const moved: Table = [Float64Array.of(0.5, 0)]
const everything = Int32Array.from({ length: count }, (_, i) => i)
const step = async (form: keyof typeof forms, table: Table, indices: Int32Array, pass = 3, progress = 0) => {
  const problem = constructed()
  await fixMatch(problem, forms[form], 5).lossAndGradient(table, batchOf([indices], { pass, progress }))
  const [batch] = problem.batches as [Batch]
  return { images: [...(batch[0] as Int32Array)], lessons: batch.lessons?.[0] ?? [], pass: batch.pass, problem }
}

test('of each class the k surest are trusted, and of equals the earlier', () => {
  const classOf = Array.from(everything, (i) => i % 2)
  const confidence = Array.from(everything, sureness)
  expect([...trustedImages(classOf, confidence, 2, 10)]).toEqual([20, 4, 7, 3])
  expect(trustedImages(classOf, confidence, 2, 1)).toHaveLength(44) // N / C = 22, which is all there are
  // never fewer than one; none of a class nobody is taken for
  expect([...trustedImages([0, 0, 1], [0.5, 0.9, 0.4], 3, 10)]).toEqual([1, 2])
  expect(trustedImages(new Array(3000).fill(0), new Array(3000).fill(0.5), 2, 10)).toHaveLength(100)
})

test('a quarter of a batch are trusted images, drawn by the image whose place they take', () => {
  const indices = Int32Array.of(30, 31, 32, 33, 34, 35, 36, 37, 38)
  const found = mixed(indices, { images: Int32Array.of(20, 4, 7, 3) }, (i) => (i === 37 ? 0.99 : 0.3))
  expect([...found]).toEqual([30, 31, 32, 33, 34, 35, 36, 3, 4])
  expect([...mixed(indices, { images: new Int32Array(0) }, () => 0)]).toEqual([...indices])
})

test('corrected: trusted images teach the class of the pre-trained model, others their own prediction where it is sure', async () => {
  const indices = Int32Array.of(10, 12, 4, 13, 14, 15, 16, 17)
  const { images, lessons, pass, problem } = await step('corrected', moved, indices)
  expect(images.slice(0, 6)).toEqual([10, 12, 4, 13, 14, 15])
  expect(images.slice(6).every((i) => [20, 4, 7, 3].includes(i))).toBe(true)
  expect(pass).toBe(3)
  expect(lessons[0]).toEqual({ target: 1, weight: 1 }) // 0.995 > 0.99
  expect(lessons[1]).toEqual({ target: 0, weight: 0 }) // 0.55
  expect(lessons[2]).toEqual({ target: 0, weight: 1 }) // trusted, though the present model is not sure
  for (const n of [6, 7]) expect(lessons[n]).toEqual({ target: (images[n] as number) % 2, weight: 1 })
  expect(problem.asked.at(-1)).toEqual([10, 12, 13, 14, 15]) // and only they are looked at as they are
})

test('released differs from corrected in this alone: every image teaches the class of the pre-trained model', async () => {
  const indices = Int32Array.of(10, 12, 4, 13, 14, 15, 16, 17)
  const [corrected, released] = [await step('corrected', moved, indices), await step('released', moved, indices)]
  expect(released.images).toEqual(corrected.images)
  expect(released.lessons).toEqual(released.images.map((i) => ({ target: i % 2, weight: 1 })))
  expect({ ...forms.released, trustsAll: false }).toEqual(forms.corrected)
})

test("paper: more trusted images, found by the epoch's first model and kept through the epoch; soft targets over a rising threshold", async () => {
  const problem = constructed()
  const learned = fixMatch(problem, forms.paper, 5)
  await learned.lossAndGradient(moved, batchOf([Int32Array.of(10, 11)], { pass: 1 }))
  await learned.lossAndGradient([Float64Array.of(0, 0)], batchOf([Int32Array.of(10, 11)], { pass: 1 }))
  // Found at `moved`, image 10 is taken for class 1; the pre-trained model would have said 0. All 22 + 22 are trusted
  // but for one of 23.
  expect(problem.batches.map(({ lessons }) => lessons?.[0]?.[0])).toEqual([
    { target: 1, weight: 1 },
    { target: 1, weight: 1 },
  ])
  await learned.lossAndGradient([Float64Array.of(0, 0)], batchOf([Int32Array.of(10, 11)], { pass: 2 }))
  expect(problem.batches[2]?.lessons?.[0]?.[0]).toEqual({ target: 0, weight: 1 })

  expect([0, 0.5, 1].map(forms.paper.threshold)).toEqual([0.9, 0.9 + 0.05, 1])
  expect([0, 0.5, 1].map(forms.corrected.threshold)).toEqual([0.99, 0.99, 0.99])
  const p = Float64Array.of(0.92, 0.06, 0.02)
  const { target, weight } = pseudoLabel(p.map(Math.log), 0.5, 0.9)
  const squares = p.map((v) => v * v)
  const sum = squares.reduce((a, b) => a + b, 0)
  for (const [c, q] of (target as Float64Array).entries()) expect(q).toBeCloseTo((squares[c] as number) / sum, 12)
  expect(weight).toBe(1)
  expect(pseudoLabel(p.map(Math.log), 0.5, 0.95).weight).toBe(0)
  expect(pseudoLabel(p.map(Math.log), null, 0.9)).toEqual({ target: 0, weight: 1 })
})

test('states are judged on the images the pre-trained model trusts, and by no label', async () => {
  const problem = constructed()
  const { loss, tasks } = await fixMatch(problem, forms.paper, 5).evaluate(moved, 'training')
  const own = await fixMatch(problem, forms.corrected, 5).evaluate(moved, 'training')
  expect(own.loss).toBeCloseTo(-Math.log(0.55), 12)
  expect(own.tasks[0]?.accuracy).toBeNaN()
  expect(own.tasks[0]?.leading).toBe(0.5)
  expect(loss).toBeCloseTo((-43 * Math.log(0.55) - Math.log(0.005)) / 44, 12)
  expect(tasks).toHaveLength(1)
  // trusted as they are, judged in a view of their own
  expect(problem.passes).toEqual([undefined, 2 ** 31, undefined, 2 ** 31])
})

test('cosine: the rate of step s of S is r (1 + cos(pi s / S)) / 2; progress runs from 0 in the first epoch to 1 in the last', async () => {
  const settings: StageSettings = {
    method: 'atlas',
    steps: null,
    epochs: 3,
    initialCoefficient: 0,
    learningRate: 0.1,
    schedule: 'cosine',
    weightDecay: 0,
    clipNorm: null,
    patience: null,
    clamp: null,
    penaltyNorm: null,
    penaltyStrength: 0,
    combine: 'sum',
    budget: null,
    klWeight: 1,
    priorDeviation: 1,
    priorInclusion: 0.1,
    gate: 1,
  }
  const plain = quadratic([[1000]])
  const progress: (number | undefined)[] = []
  const tables: number[] = []
  const problem = {
    ...plain,
    lossAndGradient: async (c: Table, batch: Batch) => {
      progress.push(batch.progress)
      tables.push(c[0]?.[0] as number)
      // AdamW then moves by the rate itself
      return { ...(await plain.lossAndGradient(c, [])), gradient: [Float64Array.of(-1)] }
    },
  }
  const selection = selectionBy('training-loss', [null])
  const stage = { problem, settings, selection, batch: 5, seed: 0, index: 0, resume: undefined, stopping: () => false }
  for await (const { state } of learn(stage, [Float64Array.of(0)]))
    if (state.epoch === 3) tables.push(state.coefficients[0]?.[0] as number)
  expect(progress).toEqual([0, 0, 0.5, 0.5, 1, 1])
  const moves = tables.slice(1).map((c, s) => c - (tables[s] as number))
  for (const [s, move] of moves.entries()) expect(move).toBeCloseTo((0.1 * (1 + Math.cos((Math.PI * s) / 6))) / 2, 7)
})
