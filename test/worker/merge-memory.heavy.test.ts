// Real peaks of memory of processes that merge 2, 8 and 20 models: task arithmetic has a few slices under way, however
// many models there are; TIES has a slice of each, far less than the models are.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, expect, test } from 'vitest'

import { type TensorToWrite, writeSafetensors } from '../../src-main/engine/formats/safetensors-writer.ts'
import { writeAtomic } from '../../src-main/files/write-atomic.ts'
import { testPatience as patience } from '../patience.ts'

const folder = mkdtempSync(join(tmpdir(), 'basil-memory-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const root = join(import.meta.dirname, '..', '..')
const side = 1024
const tensors = ['a', 'b', 'c', 'd'].map((name): TensorToWrite => ({ name, dtype: 'F32', shape: [side, side] }))
const modelBytes = tensors.length * 4 * side * side

async function model(k: number): Promise<string> {
  const path = join(folder, `${k}.safetensors`)
  const values = Float32Array.from({ length: side * side }, (_, i) => Math.sin(i * (k + 1)))
  await writeAtomic(
    path,
    writeSafetensors(tensors, {}, () => new Uint8Array(values.buffer)),
    { overwrite: true },
  )
  return path
}

/** Merges in a process of its own; gives the most that it ever had. */
function peakOf(method: string, [pretrained, ...vectors]: readonly string[]): number {
  const source = `
    const { rebuild } = await import(${JSON.stringify(join(root, 'src-main/worker/rebuild.ts'))})
    const { askedMerge } = await import(${JSON.stringify(join(root, 'src-main/cli/merge-options.ts'))})
    const { formSchema } = await import(${JSON.stringify(join(root, 'src-main/contract/checkpoint.ts'))})
    const { readFileSync } = await import('node:fs')
    const recipe = await askedMerge(${JSON.stringify({ method, pretrained, vectors })}, {})
    await rebuild({ recipe, out: ${JSON.stringify(join(folder, 'out.safetensors'))}, overwrite: true, form: formSchema.parse({}) })
    const kB = /VmHWM:\\s+(\\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1]
    console.log(1024 * kB)
    process.exit(0)`
  const env = { ...process.env, BASIL_HOME: join(folder, 'home') }
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', source], {
    env,
    encoding: 'utf8',
  })
  expect(Number(stdout), stderr).toBeGreaterThan(0)
  return Number(stdout)
}

test.runIf(process.platform === 'linux')(
  'the peak does not grow with the number of models',
  { timeout: patience },
  async () => {
    const all: string[] = []
    for (let k = 0; k <= 20; k++) all.push(await model(k))
    const peaks = (method: string): number[] => [2, 8, 20].map((count) => peakOf(method, all.slice(0, count + 1)))
    const [two = 0, eight = 0, twenty = 0] = peaks('task-arithmetic')
    expect(eight - two).toBeLessThan(2 * modelBytes)
    expect(twenty - two).toBeLessThan(2 * modelBytes)
    const ofTies = peaks('ties')
    console.log({ 'task-arithmetic': [two, eight, twenty], ties: ofTies, modelBytes })
    expect((ofTies[2] as number) - (ofTies[0] as number)).toBeLessThan(9 * modelBytes)
  },
)
