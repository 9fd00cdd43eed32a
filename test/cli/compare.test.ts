// basil diff and compatible in a terminal, with the real engine: what they say, and their exit codes.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import { compatibilitySchema, differenceSchema } from '../../src-main/contract/checkpoint.ts'
import { written } from '../engine/formats/bytes.ts'
import { filled } from '../engine/layouts/models.ts'
import { folder as golden, tasks } from '../golden/fixture.ts'
import { temporaryFolder } from '../workbench/toy.ts'
import { basil } from './in-folder.ts'

const at = (name: string): string => join(golden, `${name}.safetensors`)

test('diff: a table of what differs most, sums below, and all of it as JSON', async () => {
  const folder = temporaryFolder()
  const shown = await basil(folder, 'diff', at('pretrained'), at('finetuned-alpha'))
  expect(shown).toMatchObject({ code: 0, err: '' })
  const lines = shown.out.trim().split('\n')
  expect(lines[0]).toMatch(/^tensor +\|b-a\|\/\|a\| +\|a\| +\|b\| +\|b-a\| +cosine +largest$/)
  const shares = lines.slice(1, 21).map((line) => Number(line.split(/ {2,}/)[1]))
  expect(shares).toEqual([...shares].sort((a, b) => b - a))
  expect(lines.at(-1)).toMatch(/^32 tensors in both: 32 differ, 0 are equal; \|b-a\| 0\.9105, \|a\| 46\.68$/)
  const told = await basil(folder, 'diff', at('pretrained'), at('pretrained'), '--json')
  const { tensors } = differenceSchema.parse(JSON.parse(told.out))
  expect(tensors.map(({ distance }) => distance)).toEqual(tensors.map(() => 0))
})

test('compatible: cosines where all fits; exit code 3 and a sentence where something does not', async () => {
  const folder = temporaryFolder()
  const fine = await basil(folder, 'compatible', at('pretrained'), ...tasks.map((task) => at(`finetuned-${task}`)))
  expect(fine).toMatchObject({
    code: 0,
    err: '',
    out: expect.stringMatching(/cosines 1\.000 0\.041 0\.061\n(.*\n)*They can be combined\.\n$/),
  })
  const other = join(folder, 'other.safetensors')
  writeFileSync(other, await written(filled([['w', [2]]], 'F32', 1, true)))
  const refused = await basil(folder, 'compatible', at('pretrained'), at('finetuned-alpha'), other, '--json')
  expect(refused.code).toBe(3)
  const { findings, vectors } = compatibilitySchema.parse(JSON.parse(refused.out))
  expect(findings).toMatchObject([{ level: 'error', file: other }])
  expect(vectors.length).toBe(1)
})
