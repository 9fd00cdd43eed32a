// Twenty steps of every kind of fine-tuning against PyTorch in float64 (make.py), Basil computing in float32. Seen, at
// the most, over all kinds on wasm and native TensorFlow: 5e-7 of a loss, 8e-7 of a gradient's norm, 2e-6 of a run's
// largest penalty; of what a tensor moved 9e-5 of its largest element, 2e-5 of its norm and, in its sum, 4e-5 of that.
// The program itself differs as much between float32 and float64, as AdamW divides by a gradient's own size and so
// makes small ones, with their rounding, as large as any. The bars are some ten times that.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { type Backend, openBackend } from '../../../src-main/engine/devices/backend.ts'
import { at } from '../../../src-main/numbers/vectors.ts'
import { backendsHere } from '../backends.ts'
import { type Golden, goldenOf, names, type Piece, type Tuned, tuned } from './golden.ts'

const bars = { loss: 4e-6, norm: 6e-6, penalty: 1e-5, element: 1e-3, moved: 2e-4, sum: 4e-4 }

/** Largest difference over what is expected. */
function apart(found: readonly number[], expected: readonly number[]): number {
  expect(found).toHaveLength(expected.length)
  return Math.max(
    ...expected.map((value, i) => (at(found, i) === value ? 0 : Math.abs(at(found, i) - value) / Math.abs(value))),
  )
}

function expectSteps({ steps }: Tuned, golden: Golden): void {
  expect(steps.map(({ images }) => images)).toEqual(golden.images)
  expect(apart(column(steps, 'rate'), golden.rates)).toBeLessThan(1e-12)
  expect(apart(column(steps, 'loss'), golden.losses)).toBeLessThan(bars.loss)
  expect(apart(column(steps, 'norm'), golden.norms)).toBeLessThan(bars.norm)
  // a penalty begins at 0, and that of one step is a sum of squares of what rounding has left of it
  const most = bars.penalty * Math.max(...golden.penalties)
  column(steps, 'penalty').forEach((penalty, s) =>
    expect(Math.abs(penalty - at(golden.penalties, s)), `penalty of step ${s}`).toBeLessThanOrEqual(most),
  )
}

function column(steps: Tuned['steps'], what: 'rate' | 'loss' | 'norm' | 'penalty'): number[] {
  return steps.map((step) => step[what] ?? 0)
}

test('every kind has its numbers', () => {
  expect(new Set(names.map((name) => goldenOf(name).config.kind))).toEqual(
    new Set(['standard', 'linear', 'tau-jp', 'talos', 'lora', 'taps', 'diff-pruning']),
  )
})

describe.each(await backendsHere())('on %s', (prefer) => {
  let backend: Backend
  beforeAll(async () => {
    backend = await openBackend({ prefer })
  })
  afterAll(() => {
    expect(backend.memory().tensors).toBe(0)
    backend.close()
  })

  describe.each(names)('%s', (name) => {
    const golden = goldenOf(name)
    let done: Tuned
    beforeAll(async () => {
      done = await tuned(golden, backend)
    })

    test('each step has its loss, penalty, gradient norm and rate', () => expectSteps(done, golden))

    test('every tensor has moved as far, and what does not move has its bits', () => {
      const known = new Set(golden.moved.map(({ tensor }) => tensor))
      for (const [tensor, values] of done.moves) if (!known.has(tensor)) expect(movedIn(values), tensor).toBe(0)
      for (const piece of golden.moved) expectMoved(piece, done)
    })

    test("keys' biases, whose gradient is 0, went no further than noise takes them", () => {
      // They move all scores of a query by one number, which softmax does not see. What float32 leaves of their
      // gradient is noise, and AdamW takes steps of the learning rate by it.
      const furthest = 2 * golden.rates.reduce((a, b) => a + b, 0)
      for (const { tensor, part } of golden.moved) {
        const keys = part === 'q' ? partOf(done, tensor, (done.moves.get(tensor)?.length ?? 0) / 3) : []
        for (const value of keys) expect(Math.abs(value)).toBeLessThan(furthest)
      }
    })

    test('validation images are seen as there', () => {
      const { loss, accuracy } = golden.validation.after
      expect(apart([done.look?.loss ?? Number.NaN], [loss])).toBeLessThan(bars.loss)
      expect(done.look?.accuracy).toBe(accuracy)
    })

    const { kept, scores, factors } = golden
    if (kept)
      test('of each tensor as many elements have moved as may', () => {
        const found = Object.keys(kept).map((tensor) => [tensor, movedIn(done.moves.get(`visual.${tensor}`))])
        expect(Object.fromEntries(found)).toEqual(kept)
      })
    if (scores)
      test('tensors whose score fell below the threshold are as they were', () => {
        const off = Object.keys(scores).filter((tensor) => (scores[tensor] ?? 0) < (golden.config.threshold ?? 0))
        expect(off.length).toBeGreaterThan(0)
        for (const tensor of off) expect(movedIn(done.moves.get(`visual.${tensor}`)), tensor).toBe(0)
        const found = [...(done.kept.get('scores') ?? [])].toSorted((a, b) => a - b)
        expect(
          apart(
            found,
            Object.values(scores).toSorted((a, b) => a - b),
          ),
        ).toBeLessThan(bars.loss)
      })
    if (factors)
      test('factors of adapters are those, the scale of 2 among B', () => {
        const found = new Map(done.adapter?.tensors.map((tensor) => [tensor.name, tensor.values]))
        expect(found.size).toBe(factors.length)
        for (const { factor, ...piece } of factors) {
          const [side, layer, target] = factor.split('.') as [string, string, string]
          const module = `vision_model.encoder.layers.${layer}.self_attn.${target}_proj`
          const values = found.get(`base_model.model.${module}.lora_${side}.weight`)
          if (!values) throw new Error(`no ${factor}`)
          expectClose(
            Float64Array.from(values, (value) => value / (side === 'B' ? 2 : 1)),
            piece,
            factor,
          )
        }
      })
  })

  test.each(['standard-probe', 'tau-jp-strict', 'lora'])('%s: in micro-batches of 5 the same', async (name) => {
    const golden = goldenOf(name)
    expectSteps(await tuned(golden, backend, { microBatch: 5 }), golden)
  })

  test('another seed gives other steps', async () => {
    const golden = goldenOf('linear')
    const { steps } = await tuned(golden, backend, { seed: 8 })
    expect(apart(column(steps, 'loss'), golden.losses)).toBeGreaterThan(0.01)
  })
})

function movedIn(values: Float64Array | undefined): number {
  return values?.filter((value) => value !== 0).length ?? Number.NaN
}

/** A tensor's move, or that of one of the three parts of a fused bias. */
function partOf({ moves }: Tuned, tensor: string, first?: number): Float64Array {
  const values = moves.get(tensor)
  if (!values) throw new Error(`no ${tensor}`)
  return first === undefined ? values : values.subarray(first, first + values.length / 3)
}

function expectMoved(piece: Piece, done: Tuned): void {
  const { tensor, part = '', first } = piece
  expectClose(partOf(done, tensor, first), piece, `${tensor} ${part}`)
}

function expectClose(values: Float64Array, piece: Omit<Piece, 'tensor'>, said: string): void {
  const { sum, norm } = piece
  const largest = Math.max(...piece.values.map(Math.abs))
  piece.at.forEach((i, n) =>
    expect(Math.abs(at(values, i) - at(piece.values, n)), `${said}, element ${i}`).toBeLessThanOrEqual(
      bars.element * largest,
    ),
  )
  expect(Math.abs(Math.hypot(...values) - norm), `${said}, norm`).toBeLessThanOrEqual(bars.moved * norm)
  const total = values.reduce((a, b) => a + b, 0)
  expect(Math.abs(total - sum), `${said}, sum`).toBeLessThanOrEqual(bars.sum * norm)
}
