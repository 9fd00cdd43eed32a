// A fine-tuning of each kind, short, on the golden model.
import { join } from 'node:path'

import type { TuningConfig } from '../../../src-main/contract/tuning/config.ts'
import type { TuningKind } from '../../../src-main/contract/tuning/kinds/index.ts'

const folder = join(import.meta.dirname, '../../golden/math')
export const data = (name: string): string => `${join(folder, 'tasks.safetensors')}#${name}`
const common = {
  pretrained: join(folder, 'pretrained.safetensors'),
  task: { name: 'alpha', data: data('alpha'), head: data('head.alpha') },
  steps: 9,
  batch: 40, // of 96 images: an epoch is 3 steps, its last a small one
  microBatch: 16,
  warmup: 2,
  learningRate: 1e-3,
  checkpointEvery: 2,
  seed: 5,
} as const
export const configs: { [K in TuningKind]: Extract<TuningConfig, { kind: K }> } = {
  standard: { kind: 'standard', ...common },
  linear: { kind: 'linear', ...common },
  'tau-jp': { kind: 'tau-jp', ...common, others: [data('beta'), data('gamma')], otherBatch: 20 },
  talos: { kind: 'talos', ...common, calibration: 6 },
  lora: { kind: 'lora', ...common, targets: ['q', 'v', 'fc2'] },
  taps: { kind: 'taps', ...common, sparsityAfter: 1, score: 0.1005 },
  'diff-pruning': { kind: 'diff-pruning', ...common, fixedShare: 0.4, frozenLayers: 1 },
}
