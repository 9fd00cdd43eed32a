// Whole runs on WebGPU, of a tower small enough for a software driver: as wasm has them, resumed anywhere to the same
// bits, a linearised one by forward mode, and nothing left on the device.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import type { ResolvedConfig } from '../../../../src-main/contract/run/config.ts'
import type { EngineEvent, ResumeState } from '../../../../src-main/contract/run/run.ts'
import { type Backend, openBackend } from '../../../../src-main/engine/devices/backend.ts'
import { run } from '../../../../src-main/engine/runs/run.ts'
import { webgpuHere } from '../../../webgpu.ts'
import { hostOf } from '../../runs/host.ts'
import { randomProject } from '../../runs/random-project.ts'

const size = { width: 128, layers: 2, patchSize: 8, imageSize: 16 }

describe.runIf(await webgpuHere())('on a driver', () => {
  let backend: Backend
  const projects: { dispose(): void }[] = []
  beforeAll(async () => {
    backend = await openBackend({ prefer: 'webgpu' })
  })
  afterAll(() => {
    backend.close()
    for (const project of projects) project.dispose()
  })

  async function events(on: Backend, config: ResolvedConfig, resume: ResumeState | null = null) {
    const found: EngineEvent[] = []
    for await (const event of run(config, hostOf(on, resume))) found.push(event)
    const of = <T extends EngineEvent['type']>(type: T) =>
      found.filter((event): event is Extract<EngineEvent, { type: T }> => event.type === type)
    return { epochs: of('epoch'), ends: of('stage-end'), final: of('evaluation').at(-1)?.evaluation }
  }

  test.each<[string, object]>([
    ['DV-BASI', { method: 'dv-basi', start: { method: 'atlas', steps: 2 }, iterations: 1, steps: 2 }],
    ['linearised', { method: 'atlas', linearised: 'jvp', start: undefined, iterations: undefined, steps: 1 }],
  ])('%s: as on wasm, and resumed to the same bits', async (_, change) => {
    const project = await randomProject(size, 5, change)
    projects.push(project)
    const before = backend.memory().tensors
    const whole = await events(backend, project.config)
    expect(backend.memory().tensors).toBe(before)
    const middle = whole.epochs[Math.floor(whole.epochs.length / 2)]
    const resumed = await events(backend, project.config, structuredClone(middle?.resume as ResumeState))
    expect(resumed.ends.at(-1)).toEqual(whole.ends.at(-1))
    expect(resumed.final).toEqual(whole.final)

    const wasm = await openBackend({ prefer: 'wasm', threads: 1 })
    try {
      const other = await events(wasm, project.config)
      const losses = (all: typeof whole) => all.ends.flatMap((end) => end.losses)
      expect(losses(whole)).toHaveLength(losses(other).length)
      for (const [i, loss] of losses(whole).entries()) expect(loss).toBeCloseTo(losses(other)[i] ?? Number.NaN, 4)
    } finally {
      wasm.close()
    }
  })
})
