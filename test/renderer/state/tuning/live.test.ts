// What is told of a fine-tuning, applied to what is known of it; and the list of them, found and sorted.
import { expect, test } from 'vitest'

import { resolveTuning } from '../../../../src-main/contract/tuning/config.ts'
import type {
  TuningDetail,
  TuningEvent,
  TuningStep,
  TuningSummary,
} from '../../../../src-main/contract/tuning/tuning.ts'
import { arranged, isLinear } from '../../../../src-renderer/state/tuning/arrange.ts'
import { applyEvents, liveTuning } from '../../../../src-renderer/state/tuning/live.ts'
import { tuningLike } from '../../tuning-fixture.ts'

const step = (at: number, loss = 1): TuningStep => ({ step: at, loss, norm: 1, rate: 1e-5, images: 8, seconds: 0.5 })
const told = (at: number, loss = 1): TuningEvent => ({ type: 'step', tuning: 1, ...step(at, loss) })
const after = (detail: TuningDetail, ...events: TuningEvent[]) => applyEvents(liveTuning(detail), events)

test('steps follow each other, and what is told anew takes the place of what it was', () => {
  const first = after(tuningLike({ state: 'running' }), told(0), told(1), told(2))
  expect([first.detail.steps, first.detail.curve.length]).toEqual([3, 3])
  const again = applyEvents(first, [told(1, 0.5)])
  expect([again.detail.steps, again.detail.curve.map(({ loss }) => loss)]).toEqual([2, [1, 0.5]])
})

test('a look, a note and a smaller micro-batch are kept; the engine that is lost is told until it steps again', () => {
  const error = { code: 'engine-lost', what: 'w', where: 'x', why: 'y', next: 'n' } as const
  const look = { steps: 1, epoch: 1, loss: 1, accuracy: 0.5, best: true }
  const live = after(
    tuningLike({ state: 'waiting' }),
    { type: 'started', tuning: 1, name: 'one', resumed: false },
    { type: 'look', tuning: 1, ...look },
    { type: 'look', tuning: 1, ...look, accuracy: 0.6 },
    { type: 'note', tuning: 1, text: 'slow' },
    { type: 'micro-batch', tuning: 1, from: 8, to: 4, why: 'memory' },
    { type: 'engine-lost', tuning: 1, error, restarting: true },
  )
  expect(live.detail.state).toBe('running')
  expect(live.detail.looks.map(({ accuracy }) => accuracy)).toEqual([0.6])
  expect(live.detail.notes).toEqual(['slow', 'The micro-batch is 4 images instead of 8: memory.'])
  expect(live.engineLost).toEqual(error)
  expect(applyEvents(live, [told(0)]).engineLost).toBeNull()
})

test('the list is found by every word and sorted either way, what has no value last', () => {
  const row = (tuning: number, change: Partial<TuningSummary>): TuningSummary => ({
    ...tuningLike({}),
    tuning,
    ...change,
  })
  const rows = [
    row(1, { task: 'cars', accuracy: 0.5 }),
    row(2, { task: 'cars', kind: 'tau-jp', accuracy: null }),
    row(3, { task: 'dtd', accuracy: 0.9 }),
  ]
  const numbers = (search: string, key: 'accuracy' | 'task', down: boolean) =>
    arranged(rows, search, { key, down }).map(({ tuning }) => tuning)
  expect(numbers('', 'accuracy', true)).toEqual([3, 1, 2])
  expect(numbers('', 'accuracy', false)).toEqual([1, 3, 2])
  expect(numbers('τJp cars', 'task', false)).toEqual([2])
  expect(numbers('', 'task', false)).toEqual([2, 1, 3])
})

test('whose vectors are of the tangent space', () => {
  const task = { name: 'a', data: 'd', head: 'h' }
  const of = (more: Record<string, unknown>) =>
    isLinear(resolveTuning({ pretrained: 'p', task, ...more }, (path) => path))
  expect(of({ kind: 'linear' })).toBe(true)
  expect(of({ kind: 'tau-jp', others: ['o'] })).toBe(true)
  expect(of({ kind: 'standard' })).toBe(false)
  expect([of({ kind: 'lora' }), of({ kind: 'lora', linearised: true })]).toEqual([false, true])
})
