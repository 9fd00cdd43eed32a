// What is told of a fine-tuning, for tests of the history.
import { sha256 } from '../../src-main/contract/branded.ts'
import { type ResolvedTuning, resolveTuning } from '../../src-main/contract/tuning/config.ts'
import type { TuningEngineEvent, TuningStep } from '../../src-main/contract/tuning/tuning.ts'

export const toyInfo = { name: 'toy', kind: 'wasm' as const, threads: 1, simd: '', reason: '', versions: { toy: '1' } }

export const tuningConfig = (name = 'tuned'): ResolvedTuning =>
  resolveTuning(
    {
      kind: 'standard',
      name,
      pretrained: 'base',
      task: { name: 'cars', data: 'cars#train', head: 'cars#head' },
      seed: 7,
    },
    (path) => `/models/${path}`,
  )

export const tuningStep = (step: number): TuningStep => {
  return { step, loss: 1 / (step + 3), norm: 5e-324, rate: 1e-5, images: 4, seconds: 0.5 }
}

const known = (value: number) => ({ value, from: 'a test', assumed: false })

export const openedTuning = (from = 0, engine = toyInfo): Extract<TuningEngineEvent, { type: 'opened' }> => ({
  ...{ type: 'opened', steps: 5, stepsPerEpoch: 5, parameters: 12, learned: 12, notes: [], warnings: [], from, engine },
  ...{ memoryBytes: 1, checkpointBytes: 1, images: { training: 1, validation: 0, test: 0, others: 0 } },
  tower: {
    ...{ heads: known(1), layerNormEps: known(1e-5) },
    activation: { value: 'gelu', from: 'a test', assumed: false },
  },
  parents: [{ role: 'pretrained', file: '/models/base', name: 'base', bytes: 1, sha256: sha256('1'.repeat(64)) }],
})
