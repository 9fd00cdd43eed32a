// A merge to ask for, as a terminal leaves it.
import { sha256 } from '../../../src-main/contract/branded.ts'
import { formSchema } from '../../../src-main/contract/checkpoint.ts'
import type { Rebuilding } from '../../../src-main/contract/engine-api.ts'

export const request = (out: string, change: Partial<Rebuilding> = {}): Rebuilding => ({
  recipe: {
    basil: '2',
    steps: [{ method: 'ties', parameters: { density: 0.3 } }],
    ...{ run: null, name: '1.2 TIES of 1', method: 'ties', grouping: 'scalar', iteration: 0, epoch: null },
    pretrained: { file: '/models/base', name: 'base', sha256: sha256('') },
    vectors: [{ file: '/models/cars', name: 'cars', sha256: sha256('') }],
    ...{ groups: ['all'], start: [[1.2]], iterations: [] },
  },
  out,
  overwrite: false,
  form: formSchema.parse({}),
  ...change,
})
