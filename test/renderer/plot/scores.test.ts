// Accuracies of a run and of its tasks.
import { describe, expect, it, test } from 'vitest'

import {
  countedStages,
  isUnread,
  meanOf,
  measureOf,
  stagesOf,
  taskBars,
  testTable,
} from '../../../src-renderer/plot/scores.ts'
import { run, scores } from '../run-fixture.ts'

describe('scores', () => {
  it('have no mean when one task has none', () => {
    expect(meanOf([...scores([0.5, 0.7])], 'accuracy')).toBeCloseTo(0.6, 12)
    expect(meanOf([{ accuracy: 0.5, relativeAccuracy: null }, ...scores([0.5])], 'relativeAccuracy')).toBeNull()
    expect(meanOf([], 'accuracy')).toBeNull()
  })

  it('fall back to accuracy when a relative one is unknown', () => {
    const stages = stagesOf(run())
    expect(measureOf(stages)).toBe('relativeAccuracy')
    const first = stages[0]?.epochs[0]?.tasks[0]
    if (first) first.relativeAccuracy = null
    expect(measureOf(stages)).toBe('accuracy')
  })

  it('stand in the order of the run, with means counted from the rows', () => {
    const table = testTable(run())
    expect(table?.columns.map((c) => c.name)).toEqual(['Pre-trained', 'Start', 'Iteration 2', 'Fine-tuned'])
    expect(table?.means[2]?.accuracy).toBeCloseTo(0.7, 12)
    expect(table?.rows[1]?.cells[2]?.accuracy).toBe(0.8)
    expect(testTable({ ...run(), evaluatedOn: null })).toBeNull()
  })

  it('of a task to forget never count beside the others', () => {
    const forgetting = run()
    forgetting.config = {
      ...forgetting.config,
      tasks: forgetting.config.tasks.map((t, i) => ({ ...t, aim: i ? 'keep' : 'forget' })),
    }
    const means = testTable(forgetting)?.means[2]
    expect(means).toMatchObject({ accuracy: 0.8, forgotten: 0.6 })
    expect(means?.relativeAccuracy).toBeCloseTo(1, 12)
    expect(testTable(run())?.means[2]?.forgotten).toBeNull()
    const counted = countedStages(forgetting).flatMap((s) => s.epochs.flatMap((e) => e.tasks.map((t) => t.task)))
    expect(new Set(counted)).toEqual(new Set(['B']))
    expect(countedStages(run())).toEqual(stagesOf(run()))
  })

  it('of tasks are shares of the fine-tuned model, on the split that chooses', () => {
    expect(taskBars(run()).bars[0]).toMatchObject({ task: 'A', finetuned: 1 })
    expect(taskBars(run()).bars[0]?.pretrained).toBeCloseTo(0.2, 12)
    expect(taskBars(run()).bars[0]?.now).toBeCloseTo(0.7, 12)
  })
})

test('a run whose row is damaged is told from one that failed', () => {
  const error = { code: 'history-damaged', what: '', where: '', why: '', next: '' } as const
  expect(isUnread({ error, created: '' })).toBe(true)
  expect(isUnread({ error: null, created: '' })).toBe(false)
  expect(isUnread({ error: { ...error, code: 'engine-lost' }, created: '2026-11-22T10:00:00Z' })).toBe(false)
})
