// A run whose memory runs out: it goes on with a smaller micro-batch, says so, and is resumed with it to the same bits,
// also where the memory is free again by then.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import type { EngineEvent, ResumeState } from '../../../src-main/contract/run/run.ts'
import { type Backend, openBackend } from '../../../src-main/engine/devices/backend.ts'
import { run } from '../../../src-main/engine/runs/run.ts'
import { backendsHere } from '../../golden/backends.ts'
import { goldenConfig, relativeError } from '../../golden/fixture.ts'
import { type Fails, failingOps, holding } from '../devices/failing-ops.ts'
import { hostOf } from './host.ts'

type Event<T extends EngineEvent['type']> = Extract<EngineEvent, { type: T }>
const works: Fails = () => null

describe.each(await backendsHere())('on %s', (prefer) => {
  let backend: Backend
  beforeAll(async () => {
    backend = await openBackend({ prefer })
  })
  afterAll(() => backend.close())

  async function events(
    fails: Fails,
    microBatch = 24,
    resume: ResumeState | null = null,
    stopAt = Number.POSITIVE_INFINITY,
  ) {
    const config = goldenConfig('cross-entropy', {
      batch: 16,
      microBatch,
      steps: 3,
      iterations: 1,
      start: { method: 'atlas', steps: 3 },
    })
    const found: EngineEvent[] = []
    const host = hostOf({ ...backend, ops: failingOps(backend.ops, fails) }, resume)
    for await (const event of run({ ...config, tasks: config.tasks.slice(0, 1) }, host)) {
      found.push(event)
      if (event.type === 'epoch' && found.filter((e) => e.type === 'epoch').length >= stopAt) break
    }
    return found
  }
  const of = <T extends EngineEvent['type']>(all: EngineEvent[], type: T) =>
    all.filter((e): e is Event<T> => e.type === type)
  /** All but what tells of clocks. */
  const bits = (all: EngineEvent[]) =>
    all.flatMap((e) => (e.type === 'evaluation' || e.type === 'stage-end' ? [e] : []))

  test('16 images do not fit, 5 do: it halves to 4, before the first epoch that used it, and ends as a run of 4 would', async () => {
    const halved = await events(holding(5))
    const told = of(halved, 'micro-batch')
    expect(told.map(({ from, to }) => [from, to])).toEqual([
      [24, 8], // a step has 16 images: half of 24 would not be fewer
      [8, 4],
    ])
    expect(told[0]?.why).toContain('OOM when allocating')
    const epochs = of(halved, 'epoch')
    expect(epochs.map((e) => e.resume.microBatch)).toEqual([24, ...epochs.slice(1).map(() => 4)])
    const small = of(await events(works, 4), 'stage-end')
    for (const [i, end] of of(halved, 'stage-end').entries())
      expect(relativeError(end.coefficients.flat(), small[i]?.coefficients.flat() ?? [])).toBeLessThan(1e-4)
    expect(backend.memory().tensors).toBe(0)
  })

  test.each([
    ['as full as before', holding(5)],
    ['free again', works],
  ])('resumed after any epoch with the memory %s, it ends with the same bits', async (_, fails) => {
    const whole = await events(holding(5))
    const epochs = of(whole, 'epoch').length
    for (const stopAt of fails === works ? [2] : [1, epochs - 1]) {
      const last = of(await events(holding(5), 24, null, stopAt), 'epoch').at(-1)
      const resumed = await events(fails, 24, JSON.parse(JSON.stringify(last?.resume)))
      const after = bits(resumed)
      const ends = after.filter((e) => e.type === 'stage-end')
      expect(after.filter((e) => e.type === 'evaluation')).toEqual(of(whole, 'evaluation'))
      expect(ends).toEqual(of(whole, 'stage-end').slice(-ends.length))
    }
  })
})
