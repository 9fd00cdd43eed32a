// basil extract-lora and basil bases in a terminal, with the real engine: what they print, and what they refuse; and
// basil merge takes the folder that was written.
import { join } from 'node:path'

import { expect, test } from 'vitest'

import { folder as golden, tasks } from '../golden/fixture.ts'
import { temporaryFolder } from '../workbench/toy.ts'
import { basil, valuesOf } from './in-folder.ts'

const base = join(golden, 'pretrained.safetensors')
const vectors = tasks.map((task) => join(golden, `finetuned-${task}.safetensors`))
const [tuned = ''] = vectors

test('a LoRA is extracted, told layer by layer, and merged from its folder into the fine-tuned model', async () => {
  const folder = temporaryFolder()
  const told = await basil(folder, 'extract-lora', base, tuned, '--rank', 'full', '--save-rest', '--out', 'lora')
  expect(told).toMatchObject({ code: 0, err: '' })
  expect(told.out).toMatch(/^module +rank +\|delta\| +relative error\n/)
  expect(told.out).toMatch(/\nvision_model\.encoder\.layers\.0\.self_attn\.q_proj +\d+ +\S+ +\S+\n/)
  expect(told.out).toMatch(
    /\nsaved whole: vision_model\.encoder\.layers\.0\.layer_norm1\.weight \[128\], of one dimension/,
  )
  expect(told.out).toMatch(/\n\d+ matrices: \|delta - B A\| is \S+ of \|delta\|; of the whole model \S+\n/)
  const merge = ['merge', '--pretrained', base, '--vectors', 'lora', '--coefficient', '1', '--out', 'm.safetensors']
  expect(await basil(folder, ...merge)).toMatchObject({ code: 0, err: '' })
  const expected = await valuesOf(tuned)
  for (const [name, values] of await valuesOf(join(folder, 'm.safetensors')))
    for (const [i, v] of values.entries())
      if (Math.abs(v - (expected.get(name)?.[i] as number)) > 1e-6) expect.fail(`${name}[${i}]: ${v}`)
  const named = ['--pretrained', base, '--fine-tuned', tuned, '--rank', '4', '--out', 'lora', '--json']
  const again = await basil(folder, 'extract-lora', ...named)
  expect([again.code, JSON.parse(again.out)]).toMatchObject([1, { error: { code: 'target-exists' } }])
  const none = await basil(folder, 'extract-lora', base, tuned, '--rank', '0', '--out', 'other')
  expect(none).toMatchObject({ code: 1, err: expect.stringMatching(/a whole number from 1 on, a share/) })
  const one = await basil(folder, 'extract-lora', base, '--rank', '1', '--out', 'other')
  expect(one).toMatchObject({ code: 2, err: expect.stringMatching(/the pre-trained or the fine-tuned one is missing/) })
})

test('bases are told with spectrum, errors, bound and storage, as lines and as JSON', async () => {
  const folder = temporaryFolder()
  const words = ['bases', '--pretrained', base, '--vectors', ...vectors, '--bases', '2', '--by', 'pca']
  const told = await basil(folder, ...words)
  expect(told).toMatchObject({ code: 0, err: '' })
  expect(told.out).toMatch(/^spectrum of the Gram matrix, in % of its sum: [\d. ]+\n/)
  expect(told.out).toMatch(/\n2 bases of 3 vectors leave \S+ % of \|tau\|\^2; tr\(E'KE\)\/T\^2 \S+, of which no 2 /)
  expect(told.out).toMatch(/\nstorage: \S+ MB of bases and 48 bytes of coefficients, \S+ MB of vectors \(float32\)\n/)
  const report = JSON.parse((await basil(folder, ...words, '--json')).out)
  expect(report).toMatchObject({ bases: [{ file: null }, { file: null }] })
  expect(report.vectors).toHaveLength(3)
})
