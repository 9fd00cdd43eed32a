// Whole runs against the oracle: 20 aTLAS steps and three DV-BASI iterations of 15, full batch, both objectives; and
// the same run broken off anywhere and resumed, to the same bits.
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import type { ResolvedConfig } from '../../src-main/contract/run/config.ts'
import type { EngineEvent, ResumeState } from '../../src-main/contract/run/run.ts'
import { type Backend, openBackend } from '../../src-main/engine/devices/backend.ts'
import type { OpenSource } from '../../src-main/engine/formats/source.ts'
import { run } from '../../src-main/engine/runs/run.ts'
import { openSource } from '../../src-main/files/source.ts'
import { hostOf } from '../engine/runs/host.ts'
import { backendsHere } from './backends.ts'
import { expected, expectedTensor, firstImages, folder, goldenConfig, relativeError, tasks } from './fixture.ts'

type Event<T extends EngineEvent['type']> = Extract<EngineEvent, { type: T }>

const few = await firstImages(32)

describe.each(await backendsHere())('on %s', (prefer) => {
  let backend: Backend
  beforeAll(async () => {
    backend = await openBackend({ prefer })
  })
  afterAll(() => backend.close())

  async function events(
    config: ResolvedConfig,
    resume: ResumeState | null = null,
    stopAt = Number.POSITIVE_INFINITY,
  ): Promise<EngineEvent[]> {
    const found: EngineEvent[] = []
    const host = hostOf(backend, resume)
    for await (const event of run(config, host)) {
      found.push(event)
      if (event.type === 'epoch' && found.filter((e) => e.type === 'epoch').length >= stopAt) break
    }
    return found
  }
  const ends = (all: EngineEvent[]) => all.filter((e): e is Event<'stage-end'> => e.type === 'stage-end')

  test.each([
    ['cross-entropy', 'crossEntropy'],
    ['entropy', 'entropy'],
  ] as const)('%s: coefficients within 1e-3 of the oracle after every stage', async (objective, key) => {
    const all = await events(goldenConfig(objective))
    const [start, ...iterations] = ends(all)
    const distance = async (end: Event<'stage-end'> | undefined, name: string): Promise<number> => {
      const want = await expectedTensor(name)
      const got = end?.coefficients.flat() ?? []
      return got.length === want.length ? Math.max(...got.map((c, i) => Math.abs(c - (want[i] as number)))) : Number.NaN
    }
    expect(await distance(start, `run.${key}.atlas.coefficients`)).toBeLessThan(1e-3)
    expect(start?.best).toBe(expected[`run.${key}.atlas`].best)
    expect(relativeError(start?.losses ?? [], expected[`run.${key}.atlas`].losses)).toBeLessThan(1e-4)
    for (const [k, want] of expected[`run.${key}.dvbasi`].entries()) {
      const end = iterations[k]
      expect(await distance(end, `run.${key}.dvbasi.${k + 1}.coefficients`)).toBeLessThan(1e-3)
      expect(end?.accepted).toBe(want.moved)
      expect(end?.best).toBe(want.best)
      expect(relativeError(end?.losses ?? [], want.losses)).toBeLessThan(1e-4)
      expect(Math.abs((end?.still ?? Number.NaN) / want.lossAtStart - 1)).toBeLessThan(1e-4)
    }
    const final = all.filter((e): e is Event<'evaluation'> => e.type === 'evaluation').at(-1)?.evaluation
    for (const name of tasks)
      expect(final?.tasks.find((t) => t.task === name)?.accuracy).toBeCloseTo(
        expected[`run.${key}.final`].accuracy[name],
        9,
      )
  })

  test('test images and labels are read once, after the last stage; before, only their header', async () => {
    const config = goldenConfig('cross-entropy', { steps: 1, iterations: 1, start: { method: 'atlas', steps: 1 } })
    const copy = join(mkdtempSync(join(tmpdir(), 'basil-test-')), 'test.safetensors')
    copyFileSync(join(folder, 'tasks.safetensors'), copy)
    const tested = { ...config, tasks: config.tasks.map((t) => ({ ...t, test: `${copy}#${t.name}` })) }
    const reads: string[] = []
    let phase = 'learning'
    const open: OpenSource = async (path) => {
      const source = await openSource(path)
      if (source.path !== copy) return source
      const headerEnds = 8 + Number(new DataView((await source.read(0, 8)).buffer).getBigUint64(0, true))
      return {
        ...source,
        read: (offset, length) => {
          if (offset >= headerEnds) reads.push(phase)
          return source.read(offset, length)
        },
      }
    }
    const host = { ...hostOf(backend), open }
    const splits: string[] = []
    for await (const event of run(tested, host)) {
      if (event.type === 'stage-end' && event.stage === 1) phase = 'after'
      if (event.type === 'evaluation') splits.push(`${event.evaluation.split} ${event.evaluation.model}`)
    }
    expect(reads).toEqual(Array(2 * tasks.length).fill('after'))
    expect(splits).toEqual([
      'training finetuned',
      'training pretrained',
      'test finetuned',
      'test pretrained',
      'test iteration',
    ])
    rmSync(copy)
  })

  test.each([
    { batch: 8, microBatch: 20, steps: 6, iterations: 2, start: { method: 'atlas', steps: 6 } },
    { batch: 'all', steps: 2, iterations: 1, start: { method: 'atlas', steps: 2 } },
  ])('a run broken off in any stage and resumed ends with the same bits: %j', async (change) => {
    const config = goldenConfig('cross-entropy', { tasks: few, ...change })
    const unbroken = await events(config)
    const whole = ends(unbroken)
    const epochs = unbroken.filter((e) => e.type === 'epoch').length
    for (const stopAt of [1, 3, Math.floor(epochs / 2), epochs]) {
      const broken = await events(config, null, stopAt)
      const last = broken.filter((e): e is Event<'epoch'> => e.type === 'epoch').at(-1)
      const resumed = await events(config, JSON.parse(JSON.stringify(last?.resume)))
      const before = ends(broken)
      const after = ends(resumed)
      expect(after).toEqual(whole.slice(whole.length - after.length))
      expect(before).toEqual(whole.slice(0, before.length))
    }
  })
})
