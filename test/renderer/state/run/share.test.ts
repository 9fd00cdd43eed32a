// How far a run is, from its state alone.
import { expect, test } from 'vitest'

import { liveRun } from '../../../../src-renderer/state/run/apply-event.ts'
import { partsDone, shareDone } from '../../../../src-renderer/state/run/share.ts'
import { run } from '../../run-fixture.ts'

const running = () => {
  const detail = { ...run(), state: 'running' as const, evaluations: [] }
  const [first, second] = detail.iterations
  if (!first || !second) throw new Error('the fixture has two iterations')
  detail.iterations = [first, { ...second, ended: false, epochs: second.epochs.slice(0, 2) }]
  return detail
}

test('stages and the closing evaluation are parts of one whole', () => {
  expect(partsDone(liveRun(running()))).toEqual([1, 1, 0.5, 0])
  expect(shareDone(liveRun(running()))).toBe(0.625)
})

test('steps of the present epoch count as soon as a pulse tells them', () => {
  const pace = { stage: 2, step: 3, stepSeconds: 1, imageSeconds: null, measuring: null }
  const pulse = { type: 'pulse' as const, pace, memory: { process: 1, device: null }, remainingSeconds: 9 }
  expect(partsDone({ ...liveRun(running()), pulse })[2]).toBe(0.75)
})

test('each model that the end measures counts, and a run that is done is done', () => {
  const evaluation = { split: 'test' as const, model: 'pretrained' as const, stage: null, tasks: [] }
  const detail = { ...running(), evaluations: [evaluation] }
  detail.config = { ...detail.config, tasks: detail.config.tasks.map((t) => ({ ...t, finetuned: null })) }
  expect(partsDone(liveRun(detail))[3]).toBe(0.5) // the pre-trained model, then the last iteration
  expect(shareDone(liveRun({ ...run(), state: 'done' }))).toBe(1)
})
