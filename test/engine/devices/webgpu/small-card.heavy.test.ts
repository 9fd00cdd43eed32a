// A card too small for a model and its vectors: of a tower with the proportions of a ViT-L/14 (1.2 GB of
// weights, 4.9 GB of eight vectors in float16) on a card of 8 GB, made smaller a thousandfold, so that a software driver
// is done with it. The pool takes no byte beyond the bound: vectors visit the device from the host's memory, parameter
// by parameter, activations are computed again, and what is learned is what a large card learns.
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest'

import type { ResolvedConfig } from '../../../../src-main/contract/run/config.ts'
import type { EngineEvent } from '../../../../src-main/contract/run/run.ts'
import { openBackend } from '../../../../src-main/engine/devices/backend.ts'
import { run } from '../../../../src-main/engine/runs/run.ts'
import { openParents, parameterCount } from '../../../../src-main/engine/weights/parents.ts'
import { openSource } from '../../../../src-main/files/source.ts'
import { webgpuHere } from '../../../webgpu.ts'
import { hostOf } from '../../runs/host.ts'
import { randomProject } from '../../runs/random-project.ts'
import { failingOps } from '../failing-ops.ts'

const size = { width: 64, layers: 6, patchSize: 8, imageSize: 16 }
const vectors = 8
const largeTower = 303_966_208 // parameters of ViT-L/14's image tower

describe.runIf(await webgpuHere())('on a driver', () => {
  const projects: { dispose(): void }[] = []
  afterEach(() => vi.unstubAllEnvs())
  afterAll(() => {
    for (const project of projects) project.dispose()
  })

  async function learned(config: ResolvedConfig, bytes: number) {
    vi.stubEnv('BASIL_GPU_BYTES', String(Math.floor(bytes)))
    const backend = await openBackend({ prefer: 'webgpu' })
    let most = 0
    const events: EngineEvent[] = []
    try {
      expect(backend.deviceBytes()).toBe(Math.floor(bytes))
      const ops = failingOps(backend.ops, () => {
        most = Math.max(most, backend.memory().bytes)
        return null
      })
      for await (const event of run(config, hostOf({ ...backend, ops }))) events.push(event)
      return { events, most, losses: events.flatMap((event) => (event.type === 'stage-end' ? event.losses : [])) }
    } finally {
      backend.close()
    }
  }

  test('a ViT-L/14 with eight vectors on 8 GB, in small: the run is done within the bound, and as a large card does it', async () => {
    const project = await randomProject(size, 6, {
      vectors: Array.from({ length: vectors }, () => 'finetuned.safetensors'),
      vectorPrecision: 'float16',
      microBatch: 'auto',
      steps: 1,
    })
    projects.push(project)
    const { config } = project
    const parents = await openParents(config.pretrained, config.vectors, openSource)
    const parameters = parameterCount(parents)
    await parents.close()
    const bound = (8e9 * parameters) / largeTower
    expect(4 * parameters + 2 * vectors * parameters).toBeGreaterThan(0.45 * bound) // they do not stay on the device
    const small = await learned(config, bound)
    expect(small.events.at(-1)).toMatchObject({ type: 'finished', stopped: false })
    expect(small.most).toBeGreaterThan(4 * parameters)
    expect(small.most).toBeLessThanOrEqual(bound)
    const large = await learned(config, 2 ** 32)
    expect(small.losses).toHaveLength(large.losses.length)
    for (const [i, loss] of small.losses.entries()) expect(loss).toBeCloseTo(large.losses[i] ?? Number.NaN, 4)
  })
})
