// Every merge by its name from the terminal, on two tiny checkpoints: a file is written that can be read; and the page
// of them all is the one in the project.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, expect, test } from 'vitest'

import { mergePage } from '../../src-main/cli/merge-page.ts'
import { merges } from '../../src-main/contract/merges/index.ts'
import { written } from '../engine/formats/bytes.ts'
import { filled, type Shapes } from '../engine/layouts/models.ts'
import { moved } from '../engine/measures/memory.ts'
import { basil, valuesOf } from './in-folder.ts'

const folder = mkdtempSync(join(tmpdir(), 'basil-merge-methods-'))
afterAll(() => rmSync(folder, { recursive: true }))
const shapes: Shapes = [
  ['layers.0.weight', [6, 5]],
  ['layers.1.weight', [6, 5]],
  ['bias', [6]],
]
const base = filled(shapes, 'F32', 1, true)
const models = { base, one: moved(base, 2, 0.1), two: moved(base, 3, 0.1) }
for (const [name, tensors] of Object.entries(models))
  writeFileSync(join(folder, `${name}.safetensors`), await written(tensors))

const ofWeights = merges.filter(({ needs }) => !needs.statistics)
test.each(ofWeights.map((card) => ({ name: card.name, card })))(
  'basil merge --method $name',
  async ({ name, card }) => {
    const { needs } = card
    const isOfDifferences = typeof needs.base === 'function' ? needs.base(card.parameters.parse({})) : needs.base
    const start = isOfDifferences ? ['--pretrained', 'base.safetensors'] : []
    const out = `${name}.safetensors`
    const words = ['--method', name, ...start, '--vectors', 'one.safetensors', 'two.safetensors', '--out', out]
    expect(await basil(folder, 'merge', ...words)).toMatchObject({ code: 0, err: '' })
    const values = await valuesOf(join(folder, out))
    expect([...values.keys()].sort()).toEqual(shapes.map(([tensor]) => tensor).sort())
    for (const found of values.values()) expect([...found].every(Number.isFinite)).toBe(true)
  },
)

test('MERGES.md is the page of all merges', () => {
  expect(readFileSync(join(import.meta.dirname, '..', '..', 'MERGES.md'), 'utf8')).toBe(mergePage())
})
