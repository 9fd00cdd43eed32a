// The promise R22: how a run is cut into sittings, how many threads compute, and how far ahead images are read changes
// no bit of its coefficients nor of the model that is written. The engine is the real one, on images from a folder.
import { copyFileSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'

import { expect, onTestFinished, test } from 'vitest'

import type { RunId } from '../../src-main/contract/branded.ts'
import { resolveConfig } from '../../src-main/contract/run/resolve.ts'
import type { EngineEvent } from '../../src-main/contract/run/run.ts'
import { openBackend } from '../../src-main/engine/devices/backend.ts'
import { run } from '../../src-main/engine/runs/run.ts'
import { cacheRoom } from '../../src-main/files/cache-room.ts'
import { imageCache } from '../../src-main/files/image-cache.ts'
import { hashCheckpoint, openSource } from '../../src-main/files/source.ts'
import { forkEngine } from '../../src-main/workbench/link/engine-process.ts'
import { imageHost } from '../../src-main/worker/images/host.ts'
import { imagePool } from '../../src-main/worker/images/pool.ts'
import { started } from '../bundles.ts'
import { goldenExample, folder as models } from '../golden/fixture.ts'
import { follow, temporaryFolder, toyWorkbench } from '../workbench/toy.ts'
import { countOf, seedOf, tell } from './promises.ts'
import { seeded } from './seeded.ts'
import { weightsOf } from './weights.ts'

const times = countOf('R22')
const door = started('src-main/worker/door.ts')

/** Ten images of two classes to learn on, and a run on them, each image cropped anew in every epoch. */
function imagesAt(home: string) {
  const pictures = join(import.meta.dirname, '../golden/formats/images')
  const sets = { train: ['tiny', 'gray', 'portrait', 'landscape', 'rgba'], val: ['palette'], test: ['tiny-gray'] }
  for (const [split, names] of Object.entries(sets))
    for (const label of ['a', 'b']) {
      mkdirSync(join(home, 'set', split, label), { recursive: true })
      for (const name of names)
        copyFileSync(join(pictures, `${name}.png`), join(home, 'set', split, label, `${name}.png`))
    }
  const images = { data: 'set#train', validation: 'set#val', test: 'set#test' }
  return resolveConfig(
    {
      ...goldenExample,
      ...{ select: 'validation-loss', batch: 4, steps: undefined, epochs: 3, iterations: 1, augment: true },
      start: { method: 'atlas', epochs: 4 },
      tasks: [{ name: 'alpha', head: `${models}/tasks.safetensors#head.alpha`, ...images }],
    },
    (path) => (path.startsWith('/') ? path : join(path.startsWith('set') ? home : models, path)),
  )
}

test('paused at any epoch and gone on with, with another number of threads each time: the same coefficients and the same model', async () => {
  const began = performance.now()
  const seed = seedOf(2222)
  const chance = seeded(seed)
  const home = temporaryFolder()
  const config = imagesAt(home)
  let sittings = 0
  const workbench = await toyWorkbench(home, (environment) =>
    forkEngine(door, {
      ...environment,
      ...{ BASIL_HOME: home, BASIL_BACKEND: 'wasm', BASIL_THREADS: String(1 + (sittings++ % 2)) },
    }),
  )
  async function seen(run: RunId): Promise<string> {
    const { start, iterations } = workbench.runs.show(run)
    const epochs = [start, ...iterations].flatMap((stage) => stage?.epochs ?? [])
    const tables = epochs.map(({ stage, epoch }) => workbench.runs.coefficients(run, stage, epoch))
    const target = { out: join(home, `${run}.safetensors`), overwrite: false }
    const { file } = await workbench.exports.export(run, { iteration: null }, target)
    return JSON.stringify([tables, await weightsOf(file)])
  }
  const whole = await workbench.runs.start(config)
  await follow(workbench, whole)
  const unbroken = await seen(whole)
  const found = { pauses: 0, differ: 0 }
  while (found.pauses < times) {
    const run = await workbench.runs.start(config)
    const job = workbench.jobs.list().find((one) => one.run === run)?.job ?? 0
    for (let isDone = false; !isDone; ) {
      const isNow = chance() < 0.5
      let ahead = 1 + Math.floor(chance() * 3) // epochs from now
      const events = await follow(workbench, run, (event) => {
        if (event.type === 'epoch' && --ahead === 0 && found.pauses < times) void workbench.jobs.pause(job, isNow)
      })
      isDone = events.at(-1)?.type === 'done'
      if (isDone) continue
      found.pauses++
      expect(workbench.jobs.show(job).state).toBe('paused')
      workbench.jobs.resume(job)
    }
    if ((await seen(run)) !== unbroken) found.differ++
  }
  const besides = `paused ${found.pauses} times, 1 and 2 threads in turn`
  tell('R22', began, { count: found.pauses, lost: 0, differ: found.differ, seed, besides })
  expect(found.differ).toBe(0)
})

test('images read ahead by one thread or by five, kept on the disk or not, computed by one thread or by two: the same bits', async () => {
  const began = performance.now()
  const home = temporaryFolder()
  const config = imagesAt(home)
  const at = join(home, 'cache')
  const ways = [
    { ahead: 1, threads: 1, cache: null },
    { ahead: 5, threads: 1, cache: null },
    { ahead: 5, threads: 2, cache: imageCache(at, cacheRoom([at])) },
    { ahead: 1, threads: 2, cache: imageCache(at, cacheRoom([at])) }, // filled by the one before
  ]
  const found: string[] = []
  for (const { ahead, threads, cache } of ways) {
    const backend = await openBackend({ prefer: 'wasm', threads })
    const pool = imagePool(ahead)
    onTestFinished(() => pool.close())
    const signal = new AbortController().signal
    const still = { resume: null, parents: [], stopping: () => false, signal }
    const host = { ...still, backend, open: openSource, hash: hashCheckpoint, images: imageHost(cache, pool) }
    const events: EngineEvent[] = []
    for await (const event of run(config, host)) events.push(event)
    backend.close()
    found.push(JSON.stringify(events.flatMap((e) => (e.type === 'epoch' ? [e.coefficients, e.resume] : []))))
  }
  const differ = found.filter((one) => one !== found[0]).length
  tell('R22', began, { count: ways.length - 1, lost: 0, differ, besides: 'images ahead and threads otherwise' })
  expect(found[0]?.length).toBeGreaterThan(1000)
  expect(differ).toBe(0)
})
