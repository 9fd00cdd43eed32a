// basil convert in a terminal: the extension names the container, the lines say what became of the blocks, and refusals
// leave the old file.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import { formOf } from '../../src-main/cli/convert.ts'
import { written } from '../engine/formats/bytes.ts'
import { temporaryFolder } from '../workbench/toy.ts'
import { basil, type Outcome } from './terminal.ts'

const root = join(import.meta.dirname, '../..')
const tower = join(root, 'test/golden/math/pretrained.safetensors')

const convert = (folder: string, ...args: string[]): Promise<Outcome> =>
  basil(['convert', ...args], { home: folder, cwd: folder })

test.each([
  ['a.safetensors', 'safetensors'],
  ['a.PT', 'state_dict'],
  ['a.pth', 'state_dict'],
  ['pytorch_model.bin', 'state_dict'],
  ['a', 'safetensors'],
])('%s is written as %s, unless something else is asked for', (name, container) => {
  expect(formOf(name, {})).toEqual({ container, layout: null, dtype: null })
  expect(formOf(name, { container: 'state_dict', dtype: 'float16' })).toEqual({
    container: 'state_dict',
    layout: null,
    dtype: 'float16',
  })
})

test('converts to Hugging Face and back, and says how the blocks lie in tensors', async () => {
  const folder = temporaryFolder()
  const there = await convert(folder, tower, '--out', 'hf.pt', '--layout', 'huggingface')
  expect(there).toMatchObject({ code: 0, err: '' })
  expect(there.out).toMatch(/hf\.pt: 40 tensors, \d+ bytes, SHA-256 [0-9a-f]{64}\n/)
  expect(there.out).toMatch(
    /32 blocks; open_clip has them in 32 tensors, Hugging Face in 40; coefficients are per fused in_proj\n/,
  )
  expect(there.out).toMatch(
    /\nimage tower: attention heads 2 \(a guess from its width of 128\), .*\nWARNING: hf.pt: nothing says how its image tower/,
  )
  const back = await convert(folder, 'hf.pt', '--out', 'back.safetensors', '--layout', 'open_clip', '--json')
  expect(JSON.parse(back.out)).toMatchObject({ file: join(folder, 'back.safetensors'), tensors: 32 })
})

test('a model that a layout has no names for is refused, by every layout alike, and said to be in none', async () => {
  const folder = temporaryFolder()
  const bytes = new Uint8Array(Float32Array.of(1, 2).buffer)
  writeFileSync(
    join(folder, 'other.safetensors'),
    await written([{ name: 'blocks.0.weight', dtype: 'F32', shape: [2], bytes }]),
  )
  for (const layout of ['open_clip', 'image encoder', 'huggingface']) {
    const { code, out } = await convert(
      folder,
      'other.safetensors',
      '--out',
      'out.safetensors',
      '--layout',
      layout,
      '--json',
    )
    const { error } = JSON.parse(out)
    expect([code, error]).toMatchObject([
      1,
      { code: 'not-supported', what: `The layout ${layout} has no names for this model` },
    ])
    expect(error.next).not.toMatch(/open_clip|image encoder|hugging/i)
    expect(existsSync(join(folder, 'out.safetensors'))).toBe(false)
  }
  expect(await convert(folder, 'other.safetensors', '--out', 'out.pt')).toMatchObject({ code: 0, err: '' })
})

test('a target that is there, and a file that is none, are refused', async () => {
  const folder = temporaryFolder()
  writeFileSync(join(folder, 'a.pt'), 'old')
  const again = await convert(folder, tower, '--out', 'a.pt', '--json')
  expect([again.code, JSON.parse(again.out)]).toMatchObject([1, { error: { code: 'target-exists' } }])
  const damaged = await convert(folder, 'a.pt', '--out', 'b.pt', '--json')
  expect([damaged.code, JSON.parse(damaged.out)]).toMatchObject([3, { error: { code: 'format-unknown' } }])
  expect(readFileSync(join(folder, 'a.pt'), 'utf8')).toBe('old')
})
