// Linearised checkpoints (linear fine-tuning, tau-Jp) as a run's vectors: numbered parameters with the point they are
// expanded at. They give the bits of the same weights saved plainly; a point that is not the pre-trained model is named
// before anything is learned.
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, beforeAll, expect, test } from 'vitest'

import type { EngineEvent } from '../../src-main/contract/run/run.ts'
import { type Backend, openBackend } from '../../src-main/engine/devices/backend.ts'
import { openTensorFile } from '../../src-main/engine/formats/open.ts'
import type { TensorFile } from '../../src-main/engine/formats/tensor-file.ts'
import { canonical } from '../../src-main/engine/layouts/index.ts'
import { checkRun } from '../../src-main/engine/runs/check.ts'
import { run } from '../../src-main/engine/runs/run.ts'
import { hashFile } from '../../src-main/files/hash.ts'
import { openSource } from '../../src-main/files/source.ts'
import { written } from '../engine/formats/bytes.ts'
import type { Full } from '../engine/layouts/models.ts'
import { folder, goldenConfig, goldenExample } from './fixture.ts'

let backend: Backend
const made = mkdtempSync(join(tmpdir(), 'basil-linearised-'))
let linear = ''
let elsewhere = ''

/** The tower of a checkpoint, numbered in block order behind the prefix. */
async function numbered(name: string, prefix: string): Promise<Full[]> {
  const source = await openSource(join(folder, name))
  const file: TensorFile = canonical(await openTensorFile(source))
  const infos = [...file.tensors.values()].filter((info) => info.name.startsWith('visual.'))
  const found: Full[] = []
  for (const [n, { name: own, dtype, shape }] of infos.entries())
    found.push({ name: `${prefix}${n}`, dtype, shape, bytes: (await file.read(own)).slice() })
  await source.close()
  return found
}

beforeAll(async () => {
  backend = await openBackend({ prefer: 'wasm' })
  const tuned = await numbered('finetuned-alpha.safetensors', 'model.params.')
  linear = join(made, 'linear_finetuned.safetensors')
  writeFileSync(linear, await written([...tuned, ...(await numbered('pretrained.safetensors', 'model.params0.'))]))
  elsewhere = join(made, 'elsewhere.safetensors')
  writeFileSync(
    elsewhere,
    await written([...tuned, ...(await numbered('finetuned-beta.safetensors', 'model.params0.'))]),
  )
})
afterAll(() => backend.close())

function config(vector: string, linearised: string) {
  const change = {
    method: 'atlas',
    start: undefined,
    iterations: undefined,
    steps: 2,
    tasks: goldenExample.tasks.slice(0, 1),
    linearised,
  }
  return { ...goldenConfig('cross-entropy', change), vectors: [vector] }
}

async function learned(vector: string): Promise<unknown> {
  const signal = new AbortController().signal
  const host = { backend, open: openSource, hash: hashFile, resume: null, parents: [], stopping: () => false, signal }
  const events: EngineEvent[] = []
  for await (const event of run(config(vector, 'jvp'), host)) events.push(event)
  const last = events.flatMap((e) => (e.type === 'evaluation' ? [e.evaluation.tasks] : [])).at(-1)
  return [events.flatMap((e) => (e.type === 'stage-end' ? [e.coefficients, e.losses] : [])), last]
}

test('its task vector is that of the same weights saved plainly, to the bit', async () => {
  expect(await learned(linear)).toEqual(await learned(join(folder, 'finetuned-alpha.safetensors')))
})

test('in a linearised run the expansion point must be the pre-trained model; elsewhere it is told', async () => {
  expect((await checkRun(config(linear, 'jvp'), openSource)).notes).toEqual([])
  await expect(checkRun(config(elsewhere, 'jvp'), openSource)).rejects.toMatchObject({
    record: { code: 'data-invalid', where: expect.stringMatching(/^elsewhere\.safetensors: model\.params0\.\d+$/) },
  })
  const { notes } = await checkRun(config(elsewhere, 'no'), openSource)
  expect(notes).toEqual([
    expect.stringMatching(/was linearised at another model/),
    expect.stringMatching(/this run is not linearised/),
  ])
  expect((await checkRun(config(linear, 'no'), openSource)).notes).toHaveLength(1)
})
