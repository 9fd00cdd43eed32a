// basil heads in a terminal, with the real engine: a few lines, or JSON and nothing else; refusals with their exit
// codes.
import { join } from 'node:path'

import { expect, test } from 'vitest'

import { readHead } from '../../src-main/engine/heads/head-file.ts'
import { openSource } from '../../src-main/files/source.ts'
import { temporaryFolder } from '../workbench/toy.ts'
import { basil, type Outcome, oneThread } from './terminal.ts'

const root = join(import.meta.dirname, '../..')
const model = join(root, 'test/golden/text/text-tower.safetensors')

const heads = (folder: string, args: string[]): Promise<Outcome> =>
  basil(['heads', ...args], { home: folder, cwd: folder, env: oneThread })

const make = (folder: string, args: string[]) => heads(folder, ['make', ...args])

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

test("imports the field's heads, several into one file, and says what is none", async () => {
  const folder = temporaryFolder()
  const field = join(root, 'test/golden/heads')
  const cars = join(field, 'head_CarsVal.pt')
  const made = await heads(folder, ['import', cars, join(field, 'head_MNISTVal.pt'), '--out', 'heads.safetensors'])
  const out = join(folder, 'heads.safetensors')
  expect(made).toEqual({
    code: 0,
    err: '',
    out: `${out}#head.Cars: from head_CarsVal.pt\n${out}#head.MNIST: from head_MNISTVal.pt\n`,
  })
  expect(await readHead(`${out}#head.Cars`, openSource)).toEqual(await readHead(cars, openSource))
  const probe = ['import', join(field, 'head_probe.pt'), '--out', 'probe.safetensors', '--json']
  const refused = await heads(folder, probe)
  expect(refused.code).toBe(3)
  expect(JSON.parse(refused.out)).toMatchObject({
    error: { code: 'data-invalid', next: expect.stringContaining('--as probe') },
  })
  const named = await heads(folder, [...probe, '--as', 'probe', '--features', 'raw', '--name', 'mine'])
  expect(JSON.parse(named.out)).toMatchObject({ tensors: 2 })
  expect(await readHead(join(folder, 'probe.safetensors#head.mine'), openSource)).toMatchObject({
    scale: 1,
    normalised: false,
  })
})

test('fits a probe and reports every strength', async () => {
  const folder = temporaryFolder()
  const sample = join(root, 'resources/sample')
  const tasks = join(sample, 'tasks.safetensors')
  const data = ['--data', `${tasks}#digits.learning`, '--validation', `${tasks}#digits.validation`]
  const args = [
    'probe',
    '--model',
    join(sample, 'finetuned-digits.safetensors'),
    ...data,
    '--classes',
    '10',
    '--out',
    'probe.safetensors',
  ]
  const { code, out, err } = await heads(folder, args)
  expect({ code, err }).toEqual({ code: 0, err: '' })
  const lines = out.trim().split('\n')
  expect(lines[0]).toBe('strength  training  validation, on 256 and 192 images')
  expect(lines.slice(1, -1)).toHaveLength(6)
  expect(lines.filter((line) => /%.*steps, chosen$/.test(line))).toHaveLength(1)
  expect(lines.at(-1)).toMatch(/probe\.safetensors#head\.digits: SHA-256 \w{64}$/)
  expect(await readHead(join(folder, 'probe.safetensors#head.digits'), openSource)).toMatchObject({
    classes: 10,
    scale: 1,
    normalised: true,
  })
})
