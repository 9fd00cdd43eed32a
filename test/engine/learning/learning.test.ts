// What a stage of learning can be told besides its method, on problems whose answer is known: clamped and penalised
// coefficients, a budget of vectors, tasks combined by their min-norm gradient, controls that must hold, and search
// without gradients.
import { expect, test } from 'vitest'

import { budgetMask, descent } from '../../../src-main/engine/learning/descent.ts'
import type { Measured, Problem } from '../../../src-main/engine/learning/problem.ts'
import { type Bounds, selectionBy } from '../../../src-main/engine/learning/selection.ts'
import type { LearnState, Stage } from '../../../src-main/engine/learning/stage.ts'
import { filled, type Table } from '../../../src-main/numbers/table.ts'
import { apart } from './apart.ts'
import { quadratic } from './quadratic.ts'
import { last, looks, stage } from './stage.ts'

/**
 * Tasks that pull to points of their own: loss of task t = 0.5 |c - target_t|^2, a batch without images of a task
 * leaves it out.
 */
function pulls(targets: number[][]): Problem {
  const groups = (targets[0] as number[]).map((_, b) => `block ${b}`)
  const of = ([c]: Table, used: readonly boolean[]): Measured & { gradient: Table } => {
    const tasks = targets.map((target) => ({
      loss: 0.5 * target.reduce((s, v, b) => s + ((c?.[b] as number) - v) ** 2, 0),
      accuracy: 0,
    }))
    const gradient = [
      Float64Array.from(groups, (_, b) =>
        targets.reduce((s, target, t) => s + (used[t] ? (c?.[b] as number) - (target[b] as number) : 0), 0),
      ),
    ]
    return { loss: tasks.reduce((s, { loss }, t) => s + (used[t] ? loss : 0), 0), tasks, gradient }
  }
  return {
    groups,
    vectors: ['one'],
    trainingCounts: targets.map(() => 4),
    evaluate: async (c) =>
      of(
        c,
        targets.map(() => true),
      ),
    lossAndGradient: async (c, batch) =>
      of(
        c,
        batch.map((indices) => indices.length > 0),
      ),
  }
}

test('clamped coefficients stay in their interval and reach the optimum inside it', async () => {
  const all = await looks(
    stage(quadratic([[2, -1, 0.4]]), { method: 'adamerging', clamp: [0, 1], steps: 200, initialCoefficient: 0.3 }),
  )
  for (const { state } of all) for (const c of state.coefficients[0] ?? []) expect(c >= 0 && c <= 1).toBe(true)
  const [a, b, c] = last(all).best.coefficients[0] as Float64Array
  expect([a, b]).toEqual([1, 0])
  expect(c).toBeCloseTo(0.4, 2)
})

test.each([1, 2])('the penalty of norm %i is the derivative of strength times the mean |c|^p', async (penaltyNorm) => {
  const problem = apart([
    [0.3, -0.7],
    [0.1, 0.2],
  ])
  const at = [Float64Array.of(0.5, -0.25), Float64Array.of(-0.1, 0.3)]
  const penalty = (c: Table) =>
    (0.8 / 4) * c.reduce((s, row) => s + row.reduce((sum, v) => sum + Math.abs(v) ** penaltyNorm, 0), 0)
  const chosen = { combine: 'sum', penaltyNorm, penaltyStrength: 0.8 } as const
  const plain = await problem.lossAndGradient(at, [])
  const { gradient } = await descent(problem, chosen, at, [])
  for (const [k, row] of at.entries())
    for (let b = 0; b < row.length; b++) {
      const moved = (d: number) => penalty(at.map((r, i) => r.map((v, j) => v + (i === k && j === b ? d : 0))))
      const slope = (moved(1e-6) - moved(-1e-6)) / 2e-6
      expect((gradient[k]?.[b] as number) - (plain.gradient[k]?.[b] as number)).toBeCloseTo(slope, 8)
    }
})

test('under a budget only the vectors with the largest gradients in a block leave 0', async () => {
  expect(budgetMask([Float64Array.of(1, -5), Float64Array.of(-3, 2), Float64Array.of(2, 1)], 1)).toEqual([
    Float64Array.of(0, 1),
    Float64Array.of(1, 0),
    Float64Array.of(0, 0),
  ])
  const problem = apart([
    [0.9, 0.1],
    [0.2, -0.8],
    [0.5, 0.3],
  ])
  const { coefficients } = last(await looks(stage(problem, { budget: 1, steps: 100 })))
  expect(coefficients.map((row) => [...row].map((c) => c !== 0))).toEqual([
    [true, false],
    [false, true],
    [false, false],
  ])
})

test('mgda stops at a Pareto-stationary point: no task was ever made worse on the way', async () => {
  const problem = pulls([
    [1, 0],
    [0, 1],
    [0.4, 0.4],
  ])
  const all = await looks(stage(problem, { combine: 'mgda', steps: 400, initialCoefficient: -1, learningRate: 0.01 }))
  for (const [i, { measured }] of all.entries())
    if (i > 0 && (all[i]?.pareto?.residual ?? 0) > 0.05)
      for (const [t, task] of measured.tasks.entries())
        expect(task.loss).toBeLessThanOrEqual((all[i - 1]?.measured.tasks[t]?.loss as number) + 1e-9)
  const end = all.at(-1)?.pareto
  expect(end?.residual).toBeLessThan(0.05)
  expect(end?.weights.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 9)
})

/**
 * Forgetting a target costs a control: with c the mean coefficient, the target's accuracy is 0.9 + 0.8 c, the control's
 * 0.8 + 0.2 c.
 */
function negation(): Problem & { bounds: Bounds } {
  const measure = ([row]: Table): Measured & { gradient: Table } => {
    const c = (row as Float64Array).reduce((a, b) => a + b, 0) / (row as Float64Array).length
    const gradient = [Float64Array.from(row as Float64Array, () => 1 / (row as Float64Array).length)]
    return {
      loss: c,
      tasks: [
        { loss: -c, accuracy: 0.9 + 0.8 * c },
        { loss: 0, accuracy: 0.8 + 0.2 * c },
      ],
      gradient,
    }
  }
  return {
    groups: ['a', 'b'],
    vectors: ['target'],
    trainingCounts: [4, 4],
    evaluate: async (c) => measure(c),
    lossAndGradient: async (c) => measure(c),
    bounds: { aims: ['forget', 'keep'], pretrained: [0.9, 0.8], keep: 0.95 },
  }
}

test.each(['validation-loss', 'validation-accuracy', 'training-loss'] as const)(
  'negation by %s stops where the control falls below its share of zero-shot accuracy, and rolls back to the last state that held it',
  async (by) => {
    const problem = negation()
    const selection = selectionBy(by, [null, null], problem.bounds)
    const all = await looks(stage(problem, { steps: 500, learningRate: 0.01 }, { selection }))
    const accuracies = all.map(({ measured }) => measured.tasks[1]?.accuracy as number)
    expect(all.length).toBeLessThan(60)
    expect(accuracies.at(-1)).toBeLessThan(0.76) // 0.95 x 0.8 was left, and the stage was over
    for (const accuracy of accuracies.slice(0, -1)) expect(accuracy).toBeGreaterThanOrEqual(0.76)
    const best = await problem.evaluate(last(all).best.coefficients, 'validation')
    expect(best.tasks[1]?.accuracy).toBe(accuracies.at(-2))
    const grid = await looks(stage(negation(), { method: 'task-arithmetic' }, { selection }))
    // the scalar baseline: the largest alpha of the grid that holds
    expect(last(grid).best.coefficients[0]?.[0]).toBeCloseTo(-0.2, 12)
  },
)

test('an iteration of negation that begins beyond its control goes on until it holds, and is not accepted if it never does', async () => {
  const problem = negation()
  const selection = selectionBy('validation-accuracy', [null, null], problem.bounds)
  const seen = await looks(
    stage(problem, { method: 'dv-basi', initialCoefficient: -0.5, steps: 10, learningRate: 0.001 }, { selection }),
  )
  expect(seen).toHaveLength(11)
  expect(selection.better(last(seen).best.metric, last(seen).still)).toBe(false)
})

test('search without gradients finds the optimum of a badly scaled problem', async () => {
  const problem = quadratic([[0.5, -0.3, 0.2, 0.1]], [[1, 10, 0.5, 3]])
  const { best } = last(await looks(stage(problem, { method: 'cma-es', steps: 200 })))
  expect(best.metric).toBeLessThan(1e-6)
})

test('a negation that was killed right behind the look that ended it ends there again', async () => {
  const problem = negation()
  const given = (): Stage =>
    stage(
      problem,
      { steps: 500, learningRate: 0.01 },
      { selection: selectionBy('validation-loss', [null, null], problem.bounds) },
    )
  const whole = await looks(given())
  for (const at of [1, whole.length - 1, whole.length]) {
    const resume = structuredClone(whole[at - 1]?.state) as LearnState
    const again = await looks({ ...given(), resume })
    expect(again.length).toBe(whole.length - at)
    expect(again.length ? last(again) : resume).toEqual(last(whole))
  }
})

test('the metric of a state that lost its control is finite and worse than any that holds it', () => {
  const { metric, better, holds } = selectionBy('validation-accuracy', [null, null], negation().bounds)
  const at = (target: number, control: number) =>
    metric({
      loss: 0,
      tasks: [
        { loss: 0, accuracy: target },
        { loss: 0, accuracy: control },
      ],
    })
  expect(Number.isFinite(at(0, 0))).toBe(true)
  expect(better(at(0.9, 0.76), at(0, 0.75))).toBe(true)
  expect(better(at(0, 0.75), at(0, 0.5))).toBe(true)
  expect([holds(at(0.9, 0.76)), holds(at(0, 0.75))]).toEqual([true, false])
  expect(filled(1, 1, 0)).toEqual([Float64Array.of(0)])
})
