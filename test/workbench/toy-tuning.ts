// The engine's double for fine-tunings, behind the same seam as the real one (engine/tuning/host.ts): a number walks
// towards 1 by noisy steps that are functions of (seed, step), and becomes the first number of the model. So it goes on
// to the same bits from any state.
import { existsSync } from 'node:fs'

import type { SplitManifest } from '../../src-main/contract/data/manifest.ts'
import { BasilError } from '../../src-main/contract/errors.ts'
import type { EngineInfo } from '../../src-main/contract/run/engine-info.ts'
import type { ResolvedTuning } from '../../src-main/contract/tuning/config.ts'
import type { TuningEngineEvent, TuningPlan } from '../../src-main/contract/tuning/tuning.ts'
import { openTensorFile } from '../../src-main/engine/formats/open.ts'
import type { TensorFile } from '../../src-main/engine/formats/tensor-file.ts'
import { canonical } from '../../src-main/engine/layouts/index.ts'
import type { TunedModel, TuningHost } from '../../src-main/engine/tuning/host.ts'
import { uniform } from '../../src-main/numbers/random.ts'
import { held, misbehave, type Toy } from './toy-faults.ts'

const tower = {
  heads: { value: 1, from: 'a toy', assumed: false },
  activation: { value: 'gelu' as const, from: 'a toy', assumed: false },
  layerNormEps: { value: 1e-5, from: 'a toy', assumed: false },
}
const perEpoch = 4

export function toyPlan({ steps = 8 }: ResolvedTuning): TuningPlan {
  const images = { training: 10, validation: 5, test: 0, others: 0 }
  return {
    ...{ steps, stepsPerEpoch: perEpoch, parameters: 12, learned: 1, images, memoryBytes: 1000, checkpointBytes: 12 },
    ...{ tower, notes: [], warnings: [] },
  }
}

const manifest = (config: ResolvedTuning): SplitManifest => ({
  ...{ task: config.task.name, split: 'training', images: config.task.data, source: 'toy', of: 'a', drawn: '' },
  ...{ available: 10, count: 10, perClass: [5, 5], classes: null, skipped: [], skippedCount: 0, cached: false },
  ...{ indices: '1'.repeat(64), names: '2'.repeat(64), pixels: '3'.repeat(64) },
})

export const toyTune = (toy: Toy, engine: EngineInfo) =>
  async function* tune(config: ResolvedTuning, host: TuningHost): AsyncGenerator<TuningEngineEvent, TunedModel> {
    const source = await host.open(config.pretrained)
    const own = await host.hash(config.pretrained)
    const parent = { role: 'pretrained' as const, file: config.pretrained, name: source.name, bytes: own.bytes }
    const parents = [{ ...parent, sha256: own.sha256 }]
    requireSame(host, own.sha256)
    const kept = await host.states.open('last')
    const { steps = 0 } = (kept?.record ?? {}) as { steps?: number }
    let value = kept ? Number(new DataView((await kept.file.read('value')).slice().buffer).getFloat64(0, true)) : 0
    await kept?.close()
    const plan = toyPlan(config)
    yield { type: 'data', data: manifest(config) }
    yield { type: 'opened', ...plan, engine, parents, from: steps }
    for (const text of host.states.damaged()) yield { type: 'note', text }
    if (steps === 0) yield { type: 'look', steps: 0, epoch: 0, loss: 1, accuracy: 0, best: false }
    let done = steps
    while (done < plan.steps && !(done > steps && host.stopping())) {
      host.signal.throwIfAborted()
      const { wait = 0 } = toy
      if (wait) await new Promise((resolve) => setTimeout(resolve, Number(wait)))
      while (toy.until && !existsSync(toy.until)) await new Promise((resolve) => setTimeout(resolve, 5))
      await held(toy, done)
      misbehave(toy, 0, done)
      const norm = Math.abs(1 - value)
      value += 0.25 * (1 - value) + 0.01 * (uniform(config.seed, 0, 0, done) - 0.5)
      yield { type: 'step', step: done, loss: norm, norm, rate: 1e-5, images: 4, seconds: 0.001 }
      done++
      if (done % perEpoch === 0)
        yield { type: 'look', steps: done, epoch: done / perEpoch, loss: 1 - value, accuracy: value, best: true }
      if (done % config.checkpointEvery !== 0 && done < plan.steps && !host.stopping()) continue
      const numbers = new Uint8Array(new Float64Array([value]).buffer)
      const tensors = [{ name: 'value', dtype: 'F64' as const, shape: [1] }]
      const size = await host.states.keep('last', { record: { steps: done }, tensors, bytes: async () => numbers })
      yield { type: 'state', steps: done, bytes: size }
    }
    if (config.task.test) yield { type: 'opening', task: config.task.name, images: config.task.test }
    const split = config.task.test ? ('test' as const) : ('training' as const)
    const stopped = done < plan.steps
    yield {
      type: 'finished',
      stopped,
      steps: done,
      split,
      accuracy: value,
      pretrained: 0.1,
      seconds: 1,
      dataWaitSeconds: 0,
    }
    const file = withFirst(canonical(await openTensorFile(source)), value)
    return { file, adapter: null, close: () => source.close() }
  }

function requireSame({ parents }: TuningHost, found: string): void {
  const [recorded] = parents
  if (!recorded || recorded.sha256 === found) return
  throw new BasilError({
    code: 'file-changed',
    what: 'The pre-trained model has changed',
    where: recorded.file,
    why: 'its hash is another',
    next: 'put the old file back',
  })
}

/** The first number of the first tensor is another. */
function withFirst(file: TensorFile, value: number): TensorFile {
  const [first] = file.tensors.keys()
  const readRange: TensorFile['readRange'] = async (name, offset, length, into) => {
    const read = await file.readRange(name, offset, length, into)
    if (name === first && offset === 0) new DataView(read.buffer, read.byteOffset).setFloat32(0, value, true)
    return read
  }
  return { ...file, readRange, read: (name, into) => readRange(name, 0, file.tensors.get(name)?.bytes ?? 0, into) }
}

/** A backend as far as memory is asked for. */
export const toyBackend = {
  memory: () => ({ tensors: 1, bytes: 2 ** 20 }),
  deviceBytes: () => 2 ** 30,
} as never
