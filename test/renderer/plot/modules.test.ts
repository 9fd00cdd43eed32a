import { expect, it } from 'vitest'

import { modulesOf } from '../../../src-renderer/plot/modules.ts'

const tensors = [
  'visual.proj',
  'visual.transformer.resblocks.0.ln_1.weight',
  'visual.transformer.resblocks.0.ln_1.bias',
  'visual.transformer.resblocks.1.ln_1.weight',
  'logit_scale',
].map((name) => ({ name, shape: [2, 3] }))
const drawn = (isOpen: (path: string, depth: number) => boolean) =>
  modulesOf(tensors, isOpen).map((row) =>
    row.kind === 'module'
      ? `${' '.repeat(row.depth)}${row.open ? '-' : '+'} ${row.name} ${row.tensors} ${row.numbers}`
      : `${' '.repeat(row.depth)}${row.name}`,
  )

it('puts tensors under their modules, those that hold one module alone drawn together', () => {
  expect(drawn(() => true)).toEqual([
    'logit_scale',
    '- visual 4 24',
    ' proj',
    ' - transformer.resblocks 3 18',
    '  - 0.ln_1 2 12',
    '   weight',
    '   bias',
    '  - 1.ln_1 1 6',
    '   weight',
  ])
})

it('shows of a closed module how much is in it', () => {
  expect(drawn((_, depth) => depth < 1)).toEqual([
    'logit_scale',
    '- visual 4 24',
    ' proj',
    ' + transformer.resblocks 3 18',
  ])
})
