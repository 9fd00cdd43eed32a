// What is told of a run upon what is known of it.
import { describe, expect, it } from 'vitest'

import { runId, sha256 } from '../../../../src-main/contract/branded.ts'
import { differenceVectorNotes } from '../../../../src-main/contract/run/difference-vector.ts'
import type { RunDetail, RunEvent } from '../../../../src-main/contract/run/run.ts'
import { applyEvent, liveRun } from '../../../../src-renderer/state/run/apply-event.ts'
import { run, scores } from '../../run-fixture.ts'

const epoch = (stage: number, number: number, best: boolean): RunEvent => ({
  type: 'epoch',
  run: runId(7),
  stage,
  epoch: number,
  step: number * 2,
  losses: [1, 1],
  metric: 1,
  best,
  tasks: scores([0.5, 0.5]),
  coefficients: [[number, number, number]],
  seconds: 1,
  remainingSeconds: 3,
})

const begin: RunEvent = {
  type: 'stage',
  run: runId(7),
  stage: 3,
  kind: 'iteration',
  method: 'dv-basi',
  vectors: ['difference vector'],
  epochsPlanned: 2,
  stepsPerEpoch: 2,
}

describe('applyEvent', () => {
  const events = [begin, epoch(3, 0, true), epoch(3, 1, true), epoch(3, 2, false)]
  const once = events.reduce(applyEvent, liveRun(run()))

  it('adds a stage and its epochs, and keeps the best coefficients beside the present ones', () => {
    const stage = once.detail.iterations.at(-1)
    expect(stage?.epochs.map((e) => e.epoch)).toEqual([0, 1, 2])
    expect(stage?.coefficients).toEqual([[1, 1, 1]])
    expect(stage?.best).toBe(2)
    expect(once.present).toEqual({ stage: 3, table: [[2, 2, 2]] })
  })

  it('changes nothing when a lost stream is told again', () => {
    const twice = [begin, epoch(3, 0, true), epoch(3, 1, true), epoch(3, 2, false)].reduce(applyEvent, once)
    expect(twice.detail).toEqual(once.detail)
  })

  it('leaves the run it was given as it was', () => {
    const before = run()
    applyEvent(liveRun(before), begin)
    expect(before).toEqual(run())
  })

  it('replaces an evaluation of the same model on the same split', () => {
    const evaluation = { split: 'test' as const, model: 'start' as const, stage: 0, tasks: scores([1, 1]) }
    const next = applyEvent(liveRun(run()), { type: 'evaluation', run: runId(7), evaluation })
    expect(next.detail.evaluations.filter((e) => e.split === 'test' && e.model === 'start')).toEqual([evaluation])
  })
})

describe('a difference vector that is 0', () => {
  const told = (detail: RunDetail): string[] => differenceVectorNotes(detail)

  it('is said as soon as it is told, while the run goes on', () => {
    const { detail } = applyEvent(liveRun(run()), {
      type: 'skipped',
      run: runId(7),
      first: 2,
      last: 4,
      why: 'rounding',
    })
    expect(detail.skipped).toEqual({ first: 2, last: 4, why: 'rounding' })
    expect(told(detail)[0]).toMatch(
      /^Iterations 2 to 4 are skipped: the difference vector of iteration 1 is below rounding/,
    )
  })

  it('is counted where it is 0 in some blocks only', () => {
    expect(told(run())).toEqual([])
    const partly = run()
    if (partly.start)
      partly.start.coefficients = [
        [0, 0.2, 0],
        [0, 0, -0],
      ]
    expect(told(partly)).toEqual(['In 2 of 3 blocks the difference vector is 0: no iteration can change these.'])
    const dead = run()
    dead.iterations = dead.iterations.slice(0, 1).map((s) => ({ ...s, coefficients: [[0.5, -1, 0]] }))
    expect(told(dead)).toEqual(['In 1 of 3 blocks the difference vector is 0: no iteration can change these.'])
    dead.config = { ...dead.config, control: 'restart' } // which a free coefficient can
    expect(told(dead)).toEqual([])
  })

  it('is not all that is said: iterations that stagnate, a start alone that is the pre-trained model, a copy of it', () => {
    const still = run()
    still.iterations = still.iterations.map((s) =>
      s.stage === 2 ? { ...s, accepted: false, coefficients: [[0, 0, 0]] } : s,
    )
    expect(told(still)).toEqual([
      'Iteration 2 stagnated: nothing it tried was better than its own start, and it changed nothing.',
    ])
    const alone = { ...run(), iterations: [], config: { ...run().config, iterations: 0 } }
    if (alone.start)
      alone.start = {
        ...alone.start,
        coefficients: [
          [0, 0, 0],
          [0, -0, 0],
        ],
      }
    expect(told(alone)[0]).toContain('The best state is the pre-trained model itself')
    const parent = (role: 'pretrained' | 'vector', name: string) => ({
      role,
      file: name,
      name,
      bytes: 1,
      sha256: sha256('same'),
    })
    expect(told({ ...run(), parents: [parent('pretrained', 'base.pt'), parent('vector', 'copy.pt')] })[0]).toContain(
      'copy.pt is a copy',
    )
  })
})
