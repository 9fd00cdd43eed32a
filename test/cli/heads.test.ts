// basil heads make in a terminal, with the real engine: one line, or JSON and nothing else; refusals with their exit codes.
import { execFile } from 'node:child_process'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import { readHead } from '../../src-main/engine/datasets/tensor-images.ts'
import { openSource } from '../../src-main/files/source.ts'
import { temporaryFolder } from '../runner/toy.ts'

const root = join(import.meta.dirname, '../..')
const model = join(root, 'test/golden/text/text-tower.safetensors')

function make(folder: string, args: string[]): Promise<{ code: unknown; out: string; err: string }> {
  const env = { ...process.env, BASIL_HOME: folder, BASIL_BACKEND: 'wasm', BASIL_THREADS: '1' }
  return new Promise((resolve) => {
    execFile(process.execPath, [join(root, 'src-main/cli.ts'), 'heads', 'make', ...args], { env, cwd: folder }, (error, out, err) =>
      resolve({ code: error ? error.code : 0, out, err }),
    )
  })
}

test('makes the head of a data set by its own templates, and never replaces a file unasked', async () => {
  const folder = temporaryFolder()
  const args = ['--model', model, '--classes', 'eurosat', '--out', 'heads.safetensors', '--json']
  const made = await make(folder, args)
  expect(made).toMatchObject({ code: 0, err: '' })
  const out = join(folder, 'heads.safetensors')
  expect(JSON.parse(made.out)).toMatchObject({ file: out, tensors: 1 })
  expect((await readHead(`${out}#head.EuroSAT`, openSource)).classes).toBe(10)
  const again = await make(folder, args)
  expect(again.code).toBe(1)
  expect(JSON.parse(again.out)).toMatchObject({ error: { code: 'target-exists' } })
})

test('a checkpoint without a text tower, and a data set nobody knows, are refused in a sentence', async () => {
  const folder = temporaryFolder()
  const image = join(root, 'resources/sample/pretrained.safetensors')
  const refused = await make(folder, ['--model', image, '--classes', 'mnist', '--out', 'heads.safetensors'])
  expect(refused).toMatchObject({
    code: 3,
    out: '',
    err: expect.stringMatching(/no text tower.*Next: use the whole pre-trained CLIP model/),
  })
  const unknown = await make(folder, ['--model', model, '--classes', 'sparrows', '--out', 'heads.safetensors'])
  expect(unknown).toMatchObject({ code: 3, out: '', err: expect.stringMatching(/no classes of this name.*EuroSAT/) })
})
