// What a run is at, in words, for every way of learning.
import { describe, expect, it } from 'vitest'

import type { StageDetail } from '../../../../src-main/contract/run/run.ts'
import { doingText, stageText } from '../../../../src-renderer/plot/live/stage-text.ts'
import { run } from '../../run-fixture.ts'

const [start, second] = [run().start, run().iterations[1]]
if (!start || !second) throw new Error('the fixture has a start and two iterations')
const at = (stage: StageDetail | undefined, others: Partial<Parameters<typeof doingText>[0]> = {}) =>
  doingText({ stage, progress: null, pace: null, stopping: false, ...others })
const going = (change: Partial<StageDetail>): StageDetail => ({ ...start, ended: false, ...change })

describe('the stage', () => {
  it('counts iterations where there are any', () => {
    expect(stageText({ iterationsPlanned: 4 })).toBe('Opening')
    expect(stageText({ iterationsPlanned: 4 }, start)).toBe('Start, then 4 iterations')
    expect(stageText({ iterationsPlanned: 1 }, start)).toBe('Start, then 1 iteration')
    expect(stageText({ iterationsPlanned: 4 }, second)).toBe('Iteration 2 of 4')
  })

  it('has no "of 0" for a method without iterations, and says what that does', () => {
    expect(stageText({ iterationsPlanned: 0 }, start)).toBe('Learning')
    expect(stageText({ iterationsPlanned: 0 }, going({ method: 'task-arithmetic', epochsPlanned: 20 }))).toBe('Search')
    expect(stageText({ iterationsPlanned: 0 }, going({ epochsPlanned: 0 }))).toBe('One look')
  })
})

describe('what is done', () => {
  it('is the epoch that goes on, with its step as soon as that is known', () => {
    const first = start.epochs.slice(0, 1)
    expect(at(undefined)).toBe('Opening files')
    expect(at(going({ epochs: [] }))).toBe('Measuring where the stage begins')
    expect(at(going({ epochs: first, epochsPlanned: 20 }))).toBe('Epoch 1 of 20')
    const pace = { stage: 0, step: 1, stepSeconds: 1, imageSeconds: null, measuring: null }
    expect(at(going({ epochs: first, epochsPlanned: 20 }), { pace })).toBe('Epoch 1 of 20, step 1 of 2')
    expect(at(start)).toBe('Evaluating')
    expect(at(going({ epochs: first }), { stopping: true })).toMatch(/^Stopping/)
  })

  it('is a value of a coefficient where one is searched', () => {
    const search = { method: 'task-arithmetic', epochsPlanned: 20 }
    expect(at(going({ ...search, epochs: [] }))).toBe('Value 1 of 21')
    expect(at(going({ ...search, epochs: start.epochs.slice(0, 2) }))).toBe('Value 2 of 21')
  })

  it('counts the images of a model that is measured', () => {
    const progress = { what: 'Measuring the pre-trained model on test data', done: 1, total: 3 }
    const measuring = { done: 340, of: 1500 }
    const pace = { stage: 0, step: 1, stepSeconds: 1, imageSeconds: 0.1, measuring }
    expect(at(start, { progress })).toBe('Measuring the pre-trained model on test data, 1 of 3')
    expect(at(start, { progress, pace })).toBe('Measuring the pre-trained model on test data, 340 of 1,500 images')
  })
})
