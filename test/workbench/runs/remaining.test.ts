// The time that is left, held against what a run then took: a toy engine tells its events by a clock of its own.
import { describe, expect, it } from 'vitest'

import type { ResolvedConfig } from '../../../src-main/contract/run/config.ts'
import type { EngineEvent, StageRecord } from '../../../src-main/contract/run/run.ts'
import { createPace } from '../../../src-main/engine/learning/pace.ts'
import { createRecent } from '../../../src-main/workbench/runs/recent.ts'
import { createRemaining } from '../../../src-main/workbench/runs/remaining.ts'
import { run as detail } from '../../renderer/run-fixture.ts'
import { toyConfig, toyFile } from '../toy-run.ts'

interface Costs {
  step: number // seconds
  iterationStep: number
  image: number // that a model is measured on
  opening: number // of a stage
  epochs?: (stage: number, planned: number) => number // how many a stage has
}
const counts = { training: 200, validation: 100, test: 1500 }

const config = (change: Parameters<typeof toyConfig>[0] = {}): ResolvedConfig =>
  toyConfig({
    tasks: (toyFile.tasks ?? []).map((t) => ({ ...t, validation: `${t.name}.v`, test: `${t.name}.t`, finetuned: 'f' })),
    start: { method: 'atlas', epochs: 10 },
    iterations: 3,
    epochs: 8,
    batch: 10,
    ...change,
  })

/** In [0.7, 1.3): a machine that does other things too. */
function noise(): () => number {
  let x = 12345
  return () => {
    x = (Math.imul(x, 1664525) + 1013904223) >>> 0
    return 0.7 + (0.6 * x) / 2 ** 32
  }
}

/** Every event with its time; a pulse with each step. */
function* course(
  of: ResolvedConfig,
  costs: Costs,
  ends: Promise<void>[],
): Generator<{ event: EngineEvent; now: number }> {
  let now = 5 // seconds, of files read before
  const factor = noise()
  const pace = createPace(() => 1000 * now)
  const tell = (event: object) => ({ event: event as EngineEvent, now })
  const pulse = () => tell({ type: 'pulse', pace: pace.told(), memory: { process: 1, device: null } })
  const work = (seconds: number): void => {
    now += seconds * factor()
  }
  function* measured(split: 'validation' | 'test', model: string, stage: number | null) {
    const images = of.tasks.length * counts[split]
    const slow = 0.7 + 0.3 * factor() // this model, or the machine just now
    let done = (): void => undefined
    const over = pace.measuring(images, () => new Promise<void>((resolve) => (done = resolve)))
    for (let image = 0; image < images; image += 50) {
      work(50 * costs.image * slow)
      pace.saw(50)
      yield pulse()
    }
    done()
    ends.push(over)
    if (stage === null || split === 'test') yield tell({ type: 'evaluation', evaluation: { split, model, stage } })
  }
  const images = of.tasks.map(({ name }) => ({ task: name, classes: 2, ...counts }))
  yield tell({ type: 'opened', images })
  yield* measured('validation', 'finetuned', null)
  yield* measured('validation', 'pretrained', null)
  for (let stage = 0; stage <= of.iterations; stage++) {
    const planned = (stage ? of.iteration : of.start)?.epochs ?? 0
    const kind: StageRecord['kind'] = stage ? 'iteration' : 'start'
    const stepsPerEpoch = counts.training / Number(of.batch)
    work(costs.opening)
    yield tell({ type: 'stage', stage, kind, method: 'toy', vectors: [], epochsPlanned: planned, stepsPerEpoch })
    pace.begin(stage, 0)
    const last = costs.epochs?.(stage, planned) ?? planned
    for (let epoch = 0; epoch <= last; epoch++) {
      for (let step = 0; epoch > 0 && step < stepsPerEpoch; step++) {
        work(stage ? costs.iterationStep : costs.step)
        pace.stepped()
        yield pulse()
      }
      yield* measured('validation', 'look', stage)
      yield tell({ type: 'epoch', stage, epoch, step: epoch * stepsPerEpoch, seconds: now, remainingSeconds: null })
    }
    yield tell({ type: 'stage-end', stage })
  }
  yield tell({ type: 'opening', task: 'cars', images: 't' })
  yield* measured('test', 'finetuned', null)
  yield* measured('test', 'pretrained', null)
  yield* measured('test', 'iteration', of.iterations)
  yield tell({ type: 'finished', stopped: false, seconds: now })
}

/** Every estimate beside what was left in truth, with the share of the run that had gone by. */
async function estimates(of: ResolvedConfig, costs: Costs) {
  const told: { event: EngineEvent; now: number }[] = []
  const ends: Promise<void>[] = []
  for (const one of course(of, costs, ends)) {
    told.push(one)
    await Promise.all(ends.splice(0)) // what was measured is known
  }
  const began = told[0]?.now ?? 0
  const end = told.at(-1)?.now ?? 0
  const remaining = createRemaining({ ...detail(), config: of, images: [], start: null, iterations: [] })
  return told.slice(0, -1).flatMap(({ event, now }) => {
    remaining.hear(event, now)
    const after = told[told.findIndex((one) => one.now > now)]?.now ?? now
    // also a while later, when nothing was told since
    return [now, now + 0.9 * (after - now)].map((at) => ({
      share: (at - began) / (end - began),
      left: end - at,
      estimate: remaining.at(at),
      type: event.type,
    }))
  })
}

const costs: Costs = { step: 0.5, iterationStep: 0.4, image: 0.02, opening: 2 }

describe('the time that is left', () => {
  it('is within a quarter from a tenth of the run on, the closing evaluation with it', async () => {
    const all = await estimates(config(), costs)
    const late = all.filter(({ share, left }) => share >= 0.1 && left > 0)
    const worst = late.reduce((a, b) => (error(b) > error(a) ? b : a))
    console.log(`worst estimate: ${worst.estimate} s of ${worst.left} s left, at ${(100 * worst.share).toFixed(0)} %`)
    expect(error(worst)).toBeLessThan(0.25)
    const closing = late.filter(({ type }) => type === 'stage-end' || type === 'opening')
    expect(closing.every(({ estimate }) => (estimate ?? 0) > 100)).toBe(true) // bug: "0 s remaining", a third to come
  })

  it('is there before the first epoch has ended, and at least a second until the run has', async () => {
    const all = await estimates(config(), costs)
    const first = all.findIndex(({ type }) => type === 'stage')
    const before = all.slice(first).filter(({ type }, i) => type === 'pulse' && i < 30)
    expect(before.every(({ estimate }) => (estimate ?? 0) > 100)).toBe(true)
    expect(all.filter(({ estimate }) => estimate !== null && !(estimate >= 1))).toEqual([])
  })

  it('takes iterations to come as long as those that ended early', async () => {
    const early = { ...costs, epochs: (stage: number, planned: number) => (stage ? planned / 4 : planned) }
    const all = (await estimates(config({ iterations: 8 }), early)).filter(({ share }) => share > 0.5)
    expect(Math.max(...all.filter(({ left }) => left > 20).map(error))).toBeLessThan(0.35)
  })

  it('goes by what an earlier sitting took, as soon as its stage goes on', () => {
    const known = detail()
    const remaining = createRemaining({ ...known, config: config() })
    expect(remaining.at(0)).toBeNull()
    const stage = { stage: 3, kind: 'iteration', method: 'toy', vectors: [], epochsPlanned: 20, stepsPerEpoch: 2 }
    remaining.hear({ type: 'stage', ...stage } as EngineEvent, 0)
    expect(remaining.at(0)).toBe(20) // an epoch of the fixture takes a second
  })

  it('goes by how fast epochs can be kept, where they are computed faster than that', () => {
    const remaining = createRemaining({
      ...detail(),
      config: { ...config(), iterations: 0 },
      images: [],
      start: null,
      iterations: [],
    })
    const stage = { stage: 0, kind: 'start', method: 'toy', vectors: [], epochsPlanned: 3000, stepsPerEpoch: 2 }
    remaining.hear({ type: 'stage', ...stage } as EngineEvent, 0)
    for (let epoch = 0; epoch <= 1000; epoch++)
      remaining.hear(
        { type: 'epoch', stage: 0, epoch, step: 2 * epoch, seconds: 0.001 * epoch } as EngineEvent,
        0.005 * epoch,
      )
    expect(remaining.at(5)).toBeCloseTo(10, 0) // 2000 epochs of 5 ms
  })

  it('is not told where nothing is known', () => {
    const remaining = createRemaining({ ...detail(), config: config(), images: [], start: null, iterations: [] })
    expect(remaining.at(100)).toBeNull()
  })
})

/** Of what is left; a second more or less is what a person sees. */
function error({ left, estimate }: { left: number; estimate: number | null }): number {
  const off = Math.abs((estimate ?? Number.POSITIVE_INFINITY) - left)
  return off <= 1 ? 0 : off / left
}

describe('a mean of what is recent', () => {
  it('follows a change, and one slow epoch does not make the rest look slow', () => {
    const recent = createRecent()
    expect(recent.mean()).toBeNull()
    for (let i = 0; i < 10; i++) recent.add(1)
    recent.add(100)
    expect(recent.mean()).toBeLessThan(1.3)
    for (let i = 0; i < 12; i++) recent.add(3)
    expect(recent.mean()).toBeCloseTo(3, 6)
  })
})
