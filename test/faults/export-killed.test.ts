// The promise R7: an export that is killed at any step, refused by the disk, or meets another one under the same name
// leaves what was there, or nothing, or the whole new model, whose tensors are those in memory bit for bit. Python's
// safetensors opens every one that is there.
import { execFileSync, spawn } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'

import { expect, test } from 'vitest'

import { writeModel } from '../../src-main/files/written-model.ts'
import { started } from '../bundles.ts'
import { failing } from '../files/failing-disk.ts'
import { pythonWith } from '../interop/python.ts'
import { temporaryFolder } from '../workbench/toy.ts'
import { type Export, modelOf, type Step, steps } from './export-main.ts'
import { countOf, tell } from './promises.ts'
import { weightsOf } from './weights.ts'

const wanted = countOf('R7')
const python = pythonWith('field', 'safetensors', 'numpy')

type Case =
  | { step: Step; isAfter: boolean; overwrite: boolean }
  | { refused: 'EROFS' | 'EACCES'; overwrite: boolean } // by the n-th operation, and by every one after it
  | { together: 'two' | 'one killed'; overwrite: boolean }

/** In turn, so that a few are of every kind. */
const cases: Case[] = [false, true].flatMap((overwrite) => [
  ...steps.flatMap((step) => [false, true].map((isAfter) => ({ step, isAfter, overwrite }))),
  ...(['EROFS', 'EACCES'] as const).map((refused) => ({ refused, overwrite })),
  ...(['two', 'one killed'] as const).map((together) => ({ together, overwrite })),
])
const caseOf = (n: number): Case => cases[(n * 7) % cases.length] as Case // 7 and their number have no common divisor

/** What it said; '' of one that was killed. */
async function exported(asked: Export): Promise<string> {
  const main = started('test/faults/export-main.ts')
  const child = spawn(process.execPath, [main, JSON.stringify(asked)], { stdio: ['ignore', 'pipe', 'inherit'] })
  return (await text(child.stdout)).trim()
}

async function bytesOf(number: number): Promise<Record<string, string>> {
  const model = await modelOf(number)
  const found: Record<string, string> = {}
  for (const name of model.tensors.keys()) found[name] = Buffer.from(await model.read(name)).toString('base64')
  return found
}

/** What is at the target: "absent", "old", the number of a whole model, or "half". */
async function foundAt(out: string, models: readonly number[]): Promise<string> {
  if (!existsSync(out)) return 'absent'
  if (readFileSync(out, 'latin1') === 'old') return 'old'
  const seen = JSON.stringify(await weightsOf(out).catch(() => null))
  for (const model of models) if (seen === JSON.stringify(await bytesOf(model))) return String(model)
  return 'half'
}

interface Tried {
  fits: boolean
  whole: boolean
}

async function tried(n: number, one: Case, out: string): Promise<Tried> {
  const before = one.overwrite ? 'old' : 'absent'
  if (one.overwrite) writeFileSync(out, 'old')
  const asked = { out, overwrite: one.overwrite, model: n, killAt: null }
  if ('step' in one) {
    const said = await exported({ ...asked, killAt: one })
    const found = await foundAt(out, [n])
    const isNamed = one.step === 'fsync of the folder' || (one.step === 'name' && one.isAfter)
    return { fits: said === '' && found === (isNamed ? String(n) : before), whole: isNamed }
  }
  if ('refused' in one) {
    const { disk } = failing(n % 9, one.refused, 'for good', 2 ** 20)
    const form = { out, overwrite: one.overwrite, container: 'safetensors', metadata: {}, disk } as const
    const outcome = await writeModel(await modelOf(n), form).catch((error) => error)
    const found = await foundAt(out, [n])
    const isTold = outcome.record?.code === 'target-unwritable' && outcome.record.where === out
    return { fits: isTold && [before, String(n)].includes(found), whole: found === String(n) }
  }
  const another = { ...asked, model: -n - 1 }
  const killAt = one.together === 'two' ? null : { step: 'verify' as const, isAfter: false }
  const said = await Promise.all([exported({ ...asked, killAt }), exported(another)])
  const found = await foundAt(out, [n, -n - 1])
  const written = [String(n), String(-n - 1)].filter((_, i) => said[i] === 'written')
  const others = said.filter((word) => word !== 'written' && word !== '')
  const isOne = one.overwrite || written.length === 1 // the other is told that the name is taken
  return { fits: isOne && written.includes(found) && others.every((word) => word === 'target-exists'), whole: true }
}

test('an export killed, refused or doubled leaves nothing, the old file or the whole model', async () => {
  const began = performance.now()
  const wholes: string[] = []
  let lost = 0
  for (let n = 0; n < wanted; n++) {
    const one = caseOf(n)
    const here = temporaryFolder()
    const out = join(here, 'model.safetensors')
    const { fits, whole } = await tried(n, one, out)
    const inSight = readdirSync(here).filter((name) => !name.startsWith('.') && name !== 'model.safetensors')
    if (!fits || inSight.length > 0) {
      lost++
      console.log(JSON.stringify({ one, inSight, found: await foundAt(out, [n, -n - 1]) }))
    }
    if (whole) wholes.push(out)
  }
  const opened = python ? openedBy(python, wholes) : 0
  const besides = python
    ? `Python's safetensors opened ${opened} of ${wholes.length}`
    : 'no Python with safetensors here'
  tell('R7', began, { count: wanted, lost, differ: python ? wholes.length - opened : 0, besides })
  expect(lost).toBe(0)
  if (python) expect(opened).toBe(wholes.length)
})

/** How many of the files have four tensors of numbers for it. */
function openedBy(program: string, files: readonly string[]): number {
  const code = `import sys
from safetensors.numpy import load_file
print(sum(len(load_file(file)) == 4 for file in sys.argv[1:]))`
  return Number(execFileSync(program, ['-c', code, ...files], { encoding: 'utf8' }))
}
