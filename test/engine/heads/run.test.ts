// Runs with other heads than a zero-shot one in a tensor file: the field's file named directly, and a linear probe,
// whose gradient goes to the coefficients the same way through the tower by forward mode as through precomputed
// features.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'

import type { EngineEvent } from '../../../src-main/contract/run/run.ts'
import { type Backend, openBackend } from '../../../src-main/engine/devices/backend.ts'
import { readHead } from '../../../src-main/engine/heads/head-file.ts'
import { checkRun } from '../../../src-main/engine/runs/check.ts'
import { run } from '../../../src-main/engine/runs/run.ts'
import { openSource } from '../../../src-main/files/source.ts'
import { folder as golden, goldenConfig, goldenExample, relativeError } from '../../golden/fixture.ts'
import { written } from '../formats/bytes.ts'
import { hostOf } from '../runs/host.ts'

let backend: Backend
beforeAll(async () => {
  backend = await openBackend({ prefer: 'wasm', threads: 1 })
})
afterAll(() => backend.close())

/** The golden task with another head: coefficients and losses at the end of a start of four steps. */
async function learned(head: string, linearised = 'no'): Promise<{ coefficients: number[]; losses: number[] }> {
  const change = {
    method: 'atlas',
    tasks: goldenExample.tasks.slice(0, 1),
    start: undefined,
    iterations: undefined,
    blocks: 'layer',
    steps: 4,
    batch: 16,
    linearised,
  }
  const resolved = goldenConfig('cross-entropy', { ...change, vectors: goldenExample.vectors.slice(0, 2) })
  const config = { ...resolved, tasks: resolved.tasks.map((task) => ({ ...task, head })) }
  expect((await checkRun(config, openSource)).images).toBeGreaterThan(0)
  const host = hostOf(backend)
  const events: EngineEvent[] = []
  for await (const event of run(config, host)) events.push(event)
  const opened = events.find((event) => event.type === 'opened')
  expect(opened?.parents.map(({ file }) => file)).toContain(head.replace(/#.*/, ''))
  const end = events.find((event) => event.type === 'stage-end')
  return { coefficients: (end?.coefficients ?? []).flat(), losses: end?.losses ?? [] }
}

/** The golden head of alpha in another form: rows times `scale`, with a bias where a probe is wanted. */
async function headFile(
  name: string,
  scale: number,
  bias?: Float32Array<ArrayBuffer>,
  record?: object,
): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'basil-head-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const { weights, classes, embed } = await readHead(join(golden, 'tasks.safetensors#head.alpha'), openSource)
  const rows = Float32Array.from(weights, (w) => scale * w)
  const tensors = [{ name, dtype: 'F32' as const, shape: [classes, embed], bytes: new Uint8Array(rows.buffer) }]
  if (bias) tensors.push({ name: `${name}.bias`, dtype: 'F32', shape: [classes], bytes: new Uint8Array(bias.buffer) })
  const file = join(folder, 'head.safetensors')
  writeFileSync(file, await written(tensors, record ? { 'basil.head': JSON.stringify(record) } : {}))
  return file
}

test('a file that is a head needs no name, and rows of length 100 learn what unit rows learn', async () => {
  const unit = await learned(join(golden, 'tasks.safetensors#head.alpha'))
  const long = await learned(await headFile('weight', 100))
  expect(relativeError(long.coefficients, unit.coefficients)).toBeLessThan(1e-5)
  expect(relativeError(long.losses, unit.losses)).toBeLessThan(1e-6)
})

test('a linear probe is learned through, by forward mode as by precomputed features', async () => {
  const classes = (await readHead(join(golden, 'tasks.safetensors#head.alpha'), openSource)).classes
  const bias = Float32Array.from({ length: classes }, (_, c) => c / 10)
  for (const normalised of [true, false]) {
    const file = await headFile('head.mine', 7, bias, { name: 'mine', kind: 'linear probe', scale: 2, normalised })
    const head = `${file}#head.mine`
    const [jvp, cached] = [await learned(head, 'jvp'), await learned(head, 'cached')]
    expect(relativeError(cached.coefficients, jvp.coefficients)).toBeLessThan(1e-4)
    expect(relativeError(cached.losses, jvp.losses)).toBeLessThan(1e-5)
    const whole = await learned(file)
    expect(whole.losses.every(Number.isFinite)).toBe(true)
    expect(relativeError(whole.coefficients, jvp.coefficients)).toBeGreaterThan(1e-4)
  }
})
