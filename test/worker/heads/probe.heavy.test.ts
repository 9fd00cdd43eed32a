// A linear probe on the sample's real images: measured as a run measures it, it is what the report says, it beats the
// head the tower knows where that is weak and comes near it where the tower was trained to it, and it is the same to
// the bit each time.
import { existsSync } from 'node:fs'
import { join } from 'node:path'

import { afterAll, beforeAll, expect, test } from 'vitest'

import type { ProbeEvent, ProbeRequest } from '../../../src-main/contract/api/heads.ts'
import { nothingSaid } from '../../../src-main/contract/tower.ts'
import { readImages } from '../../../src-main/engine/datasets/tensor-images.ts'
import { type Backend, openBackend } from '../../../src-main/engine/devices/backend.ts'
import { readHead } from '../../../src-main/engine/heads/head-file.ts'
import { objectiveNamed } from '../../../src-main/engine/learning/objective.ts'
import { measure } from '../../../src-main/engine/problems/clip-problem.ts'
import { microBatchOf } from '../../../src-main/engine/problems/micro-batch.ts'
import { openCheckpoint } from '../../../src-main/engine/weights/checkpoint.ts'
import { loadCheckpoint } from '../../../src-main/engine/weights/device.ts'
import { hashFile } from '../../../src-main/files/hash.ts'
import { openSource } from '../../../src-main/files/source.ts'
import { probeHead } from '../../../src-main/worker/heads/probe.ts'
import { temporaryFolder } from '../../workbench/toy.ts'

const sample = join(import.meta.dirname, '../../../resources/sample')
const model = join(sample, 'pretrained.safetensors')
const tasks = join(sample, 'tasks.safetensors')

let backend: Backend
beforeAll(async () => {
  backend = await openBackend({ prefer: 'wasm', threads: 1 })
})
afterAll(() => backend.close())

const glyphs = {
  name: 'glyphs',
  classes: 26,
  data: `${tasks}#glyphs.learning`,
  validation: `${tasks}#glyphs.validation`,
}
const digits = {
  name: 'digits',
  classes: 10,
  data: `${tasks}#digits.learning`,
  validation: `${tasks}#digits.validation`,
}

type Written = Extract<ProbeEvent, { type: 'written' }>

async function probe(request: Partial<ProbeRequest>): Promise<{ written: Written; progress: string[] }> {
  const whole = { model, ...nothingSaid, ...digits, seed: 0, overwrite: false, out: '', ...request } as const
  const progress = new Set<string>()
  for await (const event of probeHead(whole, backend)) {
    if (event.type === 'written') return { written: event, progress: [...progress] }
    progress.add(event.what)
  }
  throw new Error('nothing was written')
}

/** Accuracy of each head on a split of the pre-trained model, as a run measures it. */
async function accuracies(split: string, heads: string[]): Promise<number[]> {
  const checkpoint = await openCheckpoint(model, openSource)
  const loaded = await loadCheckpoint(backend.ops, checkpoint)
  try {
    const test = await readImages(`${tasks}#${split}`, openSource)
    const found = await Promise.all(
      heads.map(async (name) => ({ name, head: await readHead(name, openSource), splits: { test } })),
    )
    const tower = { architecture: checkpoint.architecture, ops: backend.ops } as const
    const objective = objectiveNamed('cross-entropy')
    const place = { tower, tasks: found, objective, microBatch: microBatchOf(64), signal: new AbortController().signal }
    return (await measure(place, loaded.weights, 'test')).tasks.map(({ accuracy }) => accuracy)
  } finally {
    loaded.dispose()
    await checkpoint.file.source.close()
  }
}

test('it is as good as its report says, and against the heads of the sample as good as was measured', async () => {
  const folder = temporaryFolder()
  for (const [task, least] of [[glyphs, 0.1] as const, [digits, -0.04] as const]) {
    const out = join(folder, `${task.name}.safetensors`)
    const { written, progress } = await probe({ ...task, out })
    expect(written).toMatchObject({ file: out, tensors: 2, ...(await hashFile(out)) })
    const { fits, chosen, images, heldOut } = written.report
    expect({ images, heldOut }).toEqual({ images: { training: 256, validation: 192 }, heldOut: false })
    expect(fits[chosen]).toMatchObject({ validation: Math.max(...fits.map((fit) => fit.validation)), converged: true })
    expect(progress).toContain(`Features of tasks.safetensors#${task.name}.learning`)
    expect(await accuracies(`${task.name}.validation`, [out])).toEqual([fits[chosen]?.validation])
    const [zeroShot, own] = (await accuracies(`${task.name}.test`, [`${tasks}#head.${task.name}`, out])) as [
      number,
      number,
    ]
    console.log(
      `${task.name}: test accuracy ${own.toFixed(3)} of the probe, ${zeroShot.toFixed(3)} of the head the tower was trained to`,
    )
    expect(own - zeroShot).toBeGreaterThan(least)
  }
  expect(backend.memory().tensors).toBe(0)
})

test('without validation images a fifth is held out by the seed; the same request gives the same bits', async () => {
  const folder = temporaryFolder()
  const [a, b, c] = ['a', 'b', 'c'].map((name) => join(folder, name)) as [string, string, string]
  const { report, sha256 } = (await probe({ validation: null, out: a })).written
  expect(report).toMatchObject({ heldOut: true, images: { training: 205, validation: 51 } })
  expect((await probe({ validation: null, out: b })).written.sha256).toBe(sha256)
  const other = (await probe({ validation: null, seed: 1, out: c })).written
  expect(other.report.fits).not.toEqual(report.fits)
  const [accuracy] = await accuracies('digits.test', [`${a}#head.digits`])
  expect(accuracy).toBeGreaterThan(0.85)
})

test('labels beyond the classes, a model that is none and a file that is there are refused, and nothing is written', async () => {
  const out = join(temporaryFolder(), 'probe.safetensors')
  await expect(probe({ classes: 5, out })).rejects.toMatchObject({ record: { code: 'label-range' } })
  await expect(probe({ model: tasks, out })).rejects.toMatchObject({ record: { code: 'tensor-missing' } })
  await expect(probe({ data: `${tasks}#nothing`, out })).rejects.toMatchObject({ record: { code: 'tensor-missing' } })
  expect(existsSync(out)).toBe(false)
  await expect(probe({ out: tasks })).rejects.toMatchObject({ record: { code: 'target-exists' } })
  expect(backend.memory().tensors).toBe(0)
})
