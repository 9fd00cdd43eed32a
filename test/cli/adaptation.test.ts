// basil disentangle and basil study adapt in a terminal: a map as a table and as JSON with the real engine, and what is
// asked for in vain; one run a target, rows by target, with the toy engine.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import { disentanglementSchema } from '../../src-main/contract/api/disentanglement.ts'
import { folder as golden } from '../golden/fixture.ts'
import { temporaryFolder, toyFile } from '../workbench/toy.ts'
import { basil as inTerminal, type Outcome, oneThread, withToy } from './terminal.ts'

const at = (name: string): string => join(golden, name)

function basil(args: string[], more: NodeJS.ProcessEnv = {}): Promise<Outcome> {
  const home = temporaryFolder()
  return inTerminal(args, { home, cwd: home, env: { ...oneThread, ...more } })
}

const pair = ['alpha', 'beta'].map((name) => [
  at(`finetuned-${name}.safetensors`),
  at(`tasks.safetensors#${name}`),
  at(`tasks.safetensors#head.${name}`),
])
const asked = [
  'disentangle',
  '--pretrained',
  at('pretrained.safetensors'),
  '--vectors',
  ...pair.map(([vector]) => vector as string),
  '--tasks',
  ...pair.map(([, images]) => images as string),
  '--heads',
  ...pair.map(([, , head]) => head as string),
]

test('disentangle: the map as JSON, and as a table of its grid', async () => {
  const { code, out } = await basil([...asked, '--grid', '3', '--json'])
  expect(code).toBe(0)
  const found = disentanglementSchema.parse(JSON.parse(out))
  expect(found.grid).toEqual([-3, 0, 3])
  expect(found.error[1]?.[1]).toBe(0)
  expect(found.error.flat().some((xi) => xi > 0)).toBe(true)
  const shown = await basil([...asked, '--grid', '3'])
  const [first, , , head, ...rows] = shown.out.trimEnd().split('\n')
  expect(first).toBe('a1: finetuned-alpha.safetensors on 1 tasks.safetensors alpha, 96 images')
  expect(head?.trim().split(/ +/)).toEqual(['-3.0', '0.0', '3.0'])
  expect(rows.map((row) => row.trim().split(/ +/).slice(1))).toEqual(
    found.error.map((row) => row.map((xi) => (100 * xi).toFixed(1))),
  )
})

test('disentangle: two of everything are needed', async () => {
  const { code, err } = await basil(asked.slice(0, -1))
  expect(code).toBe(2)
  expect(err).toContain('give two of --heads')
})

test('study adapt: one run a target, and a row for each', async () => {
  const folder = temporaryFolder()
  const file = join(folder, 'sets.json')
  const vectors = ['a', 'b'].map((name) => `/models/finetuned-${name}.pt`)
  const tasks = ['a', 'b'].map((name) => ({ ...toyFile.tasks[0], name, test: `test-${name}`, finetuned: undefined }))
  writeFileSync(file, JSON.stringify({ ...toyFile, vectors, tasks }))
  const { code, out, err } = await basil(['study', 'adapt', file], withToy())
  expect({ code, err }).toEqual({ code: 0, err: '' })
  expect(out.match(/run \d+ +UFM \+ DV-BASI, [ab], seed 0: done/g)).toHaveLength(2)
  expect(out).toMatch(
    /\| {2}\| pre-trained \| UFM \+ DV-BASI \| fine-tuned \|\n\| --- \| --- \| --- \| --- \|\n\| a \| /,
  )
})
