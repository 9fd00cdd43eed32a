import { describe, expect, it } from 'vitest'

import { sha256 } from '../../src-main/contract/branded.ts'
import { differenceVectorNotes } from '../../src-main/contract/run/difference-vector.ts'
import { configIssues, resolveConfig } from '../../src-main/contract/run/resolve.ts'
import type { RunDetail, RunEvent } from '../../src-main/contract/run/run.ts'
import { formFields, textOf, valueOf } from '../../src-renderer/components/form/form-fields.ts'
import { conditions } from '../../src-renderer/plot/sentences.ts'
import { applyEvent, liveRun } from '../../src-renderer/state/apply-event.ts'
import { configOfRun, liesIn } from '../../src-renderer/state/config-of-run.ts'
import { config, run, scores } from './run-fixture.ts'

const epoch = (stage: number, number: number, best: boolean): RunEvent => ({
  type: 'epoch',
  run: 7,
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
  run: 7,
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
    const next = applyEvent(liveRun(run()), { type: 'evaluation', run: 7, evaluation })
    expect(next.detail.evaluations.filter((e) => e.split === 'test' && e.model === 'start')).toEqual([evaluation])
  })
})

describe('a difference vector that is 0', () => {
  const told = (detail: RunDetail): string[] => differenceVectorNotes(detail)

  it('is said as soon as it is told, while the run goes on', () => {
    const { detail } = applyEvent(liveRun(run()), { type: 'skipped', run: 7, first: 2, last: 4, why: 'rounding' })
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

describe('what the machine made of a run', () => {
  const engine = { name: 'a GPU', kind: 'native-gpu' as const, threads: 1, simd: '', reason: '', versions: {} }
  const cpu = { ...engine, name: 'a CPU', kind: 'native-cpu' as const }
  const halved = (from: number): RunEvent => ({ type: 'micro-batch', run: 7, from, to: from / 2, why: 'full' })
  const opened: RunEvent = {
    type: 'opened',
    run: 7,
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

describe('configOfRun', () => {
  it('resolves back to the same settings', () => {
    const written = configOfRun(config, '/models/set/')
    expect(configIssues(written)).toEqual([])
    expect(written.pretrained).toBe('pre.safetensors')
    expect(resolveConfig(written, (path) => `/models/set/${path}`)).toEqual(config)
  })

  it('knows whether a folder holds the run', () => {
    expect(liesIn(config, '/models/set')).toBe(true)
    expect(liesIn(config, '/models/se')).toBe(false)
  })
})

describe('form fields', () => {
  const fields = formFields()

  it("come from the schema, the start's with its name before", () => {
    expect(fields.get('seed')).toMatchObject({ title: 'Seed', kind: 'number', fallback: '0' })
    expect(fields.get('start.method')?.choices).toContain('checkpoint')
    expect(fields.get('testEach')?.kind).toBe('switch')
    expect(fields.get('patience')?.words).toEqual(['none'])
    expect(fields.get('batch')?.words).toEqual(['all'])
    expect(fields.has('tasks')).toBe(false)
  })

  it('read what is typed, and leave nonsense for the schema to refuse', () => {
    const patience = { kind: 'number', words: ['none'] } as const
    const read = (text: string) => valueOf({ ...patience, words: [...patience.words] }, text)
    expect([read(''), read(' 5 '), read('none'), read('all'), read('1e-3'), read('x')]).toEqual([
      undefined,
      5,
      null,
      'all',
      0.001,
      'x',
    ])
    expect([textOf(undefined), textOf(null), textOf(0.1)]).toEqual(['', 'none', '0.1'])
  })
})
