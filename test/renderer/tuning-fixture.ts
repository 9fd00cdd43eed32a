// A fine-tuning as the workbench tells of one, to be changed where a test says so.
import { resolveTuning } from '../../src-main/contract/tuning/config.ts'
import type { TuningDetail } from '../../src-main/contract/tuning/tuning.ts'

const config = resolveTuning(
  {
    kind: 'standard',
    pretrained: '/base.pt',
    task: { name: 'cars', data: '/cars', validation: '/cars#val', head: '/h.pt' },
  },
  (path) => path,
)

export function tuningLike(change: Partial<TuningDetail>): TuningDetail {
  return {
    ...{ tuning: 1, name: config.name, kind: config.kind, task: 'cars', state: 'done', seed: 0, seconds: 5, config },
    ...{
      created: '2026-01-10T10:00:00.000Z',
      ended: null,
      steps: 0,
      of: null,
      accuracy: null,
      model: null,
      error: null,
    },
    ...{
      plan: null,
      engines: [],
      parents: [],
      data: [],
      curve: [],
      looks: [],
      notes: [],
      finished: null,
      sha256: null,
    },
    ...change,
  }
}
