// The golden numbers of fine-tuning (test/golden/tuning) are what their program makes today, from its weights and
// images on: within 1e-12 of the largest of their kind.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { expect, onTestFinished, test } from 'vitest'

import { generated, pythonWith } from './python.ts'

const golden = join(import.meta.dirname, '..', 'golden', 'tuning')
const files = readdirSync(golden).filter((file) => /\.(json|safetensors)$/.test(file))

const python = pythonWith('newest', 'torch', 'numpy', 'safetensors')

test.skipIf(!python)('golden numbers of fine-tuning are made again', () => {
  const folder = mkdtempSync(join(tmpdir(), 'basil-golden-tuning-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  generated(python as string, join('..', '..', 'golden', 'tuning', 'make.py'), folder)
  expect(readdirSync(folder).toSorted()).toEqual(files.toSorted())
  for (const file of files) {
    const [made, kept] = [folder, golden].map((from) => readFileSync(join(from, file)))
    if (!file.endsWith('.json')) expect(made?.equals(kept as Buffer), file).toBe(true)
    else expect(differences(JSON.parse(String(made)), JSON.parse(String(kept))), file).toEqual([])
  }
})

test('a number that is another one is seen', () => {
  expect(differences({ a: [1, 2 + 1e-13] }, { a: [1, 2] })).toEqual([])
  expect(differences({ a: [1, 2 + 1e-11] }, { a: [1, 2] })).toEqual(['.a.1: 2.00000000001 instead of 2'])
  expect(differences({ a: [1] }, { a: [1, 2] })).toEqual(['.a.1: undefined instead of 2'])
  expect(differences({ a: 'x', b: 0 }, { a: 'y' })).toEqual(['.a: x instead of y', '.b: 0 instead of undefined'])
})

/** Of two values of JSON, each with its place; numbers are measured by the largest beside them in a list. */
function differences(made: unknown, kept: unknown, place = '', scale = 0): string[] {
  if (typeof made === 'number' && typeof kept === 'number') {
    const most = 1e-12 * Math.max(scale, Math.abs(kept))
    return Math.abs(made - kept) <= most ? [] : [`${place}: ${made} instead of ${kept}`]
  }
  if (!isTable(made) || !isTable(kept)) return made === kept ? [] : [`${place}: ${made} instead of ${kept}`]
  const beside = Math.max(...Object.values(kept).map((value) => (typeof value === 'number' ? Math.abs(value) : 0)))
  const keys = new Set([...Object.keys(made), ...Object.keys(kept)])
  return [...keys].flatMap((key) => differences(made[key], kept[key], `${place}.${key}`, beside))
}

function isTable(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
