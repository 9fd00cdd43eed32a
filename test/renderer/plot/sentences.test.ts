// What a run and the history say in sentences.

import { describe, expect, it, test } from 'vitest'

import { runId } from '../../../src-main/contract/branded.ts'
import type { RunEvent } from '../../../src-main/contract/run/run.ts'
import { conditions, salvagedSentence } from '../../../src-renderer/plot/sentences.ts'
import { applyEvent, liveRun } from '../../../src-renderer/state/run/apply-event.ts'
import { run } from '../run-fixture.ts'

describe('what the machine made of a run', () => {
  const engine = { name: 'a GPU', kind: 'native-gpu' as const, threads: 1, simd: '', reason: '', versions: {} }
  const cpu = { ...engine, name: 'a CPU', kind: 'native-cpu' as const }
  const halved = (from: number): RunEvent => ({ type: 'micro-batch', run: runId(7), from, to: from / 2, why: 'full' })
  const opened: RunEvent = {
    type: 'opened',
    run: runId(7),
    engine: cpu,
    engines: [
      { engine, after: null },
      { engine: cpu, after: { stage: 1, epoch: 3 } },
    ],
    blocks: [],
    parents: [],
    parameters: 1,
    images: [],
  }

  it('is shown in sentences, each halving once and in order', () => {
    const { detail } = [halved(32), halved(16), halved(32), opened].reduce(applyEvent, liveRun(run()))
    expect(detail.halvings.map((h) => h.from)).toEqual([32, 16])
    expect(conditions(detail)).toEqual([
      'Memory was full with 32 images at a time; from there on 16 are held at once. The result differs by rounding alone. (full)',
      'Memory was full with 16 images at a time; from there on 8 are held at once. The result differs by rounding alone. (full)',
      'After epoch 3 of iteration 1 this run went on in another engine, a CPU. Its last digits differ from those of a run in one engine.',
    ])
  })

  it('is silent about a run of one engine whose memory held', () => {
    expect(conditions({ halvings: [], engines: [{ engine, after: null }] })).toEqual([])
  })
})

test('what was brought back is counted in words that fit', () => {
  const salvaged = {
    taken: [{ what: 'run', key: '1' }],
    unsure: [],
    different: [],
    lost: [],
    skipped: [],
    before: null,
  } as unknown as Parameters<typeof salvagedSentence>[0]
  const other = { what: 'library', key: '3' } as unknown as (typeof salvaged.taken)[number]
  expect(salvagedSentence(salvaged)).toBe('Brought back: 1 run (1).')
  expect(salvagedSentence({ ...salvaged, taken: [...salvaged.taken, other] })).toBe(
    'Brought back: 1 run (1) and 1 other row.',
  )
  expect(salvagedSentence({ ...salvaged, taken: [other, other] })).toBe('Brought back: 2 other rows.')
  expect(salvagedSentence({ ...salvaged, unsure: salvaged.taken })).toBe(
    'Brought back: 1 run (1). Of run 1 it is not known any more whether every row is there.',
  )
})
