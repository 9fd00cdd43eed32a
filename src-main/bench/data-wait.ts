// The share of a coefficient step that waits for pixels, when images are a data set's: taken from the cache, decoded
// anew in every step because there is no cache, and decoded anew because they are augmented. Photographs of 500 x 375
// are made for it, JPEG, a little noise in them.
//   share = seconds waited for pixels / seconds of the steps

import { existsSync } from 'node:fs'
import { mkdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'

import sharp from 'sharp'

import { resolveConfig } from '../contract/run/resolve.ts'
import {
  type Backend,
  batchOf,
  clipProblem,
  closeTasks,
  groupsOf,
  microBatchFor,
  objectiveNamed,
  openParents,
  openStore,
  openTasks,
} from '../engine/index.ts'
import { cacheRoom } from '../files/cache-room.ts'
import { imageCache } from '../files/image-cache.ts'
import { openSource } from '../files/source.ts'
import { uniform } from '../numbers/random.ts'
import { streamOf } from '../numbers/streams.ts'
import { filled } from '../numbers/table.ts'
import { sum } from '../numbers/vectors.ts'
import { imageHost } from '../worker/images/host.ts'
import { imagePool } from '../worker/images/pool.ts'
import { median } from './compare.ts'
import type { Opening } from './protocol.ts'

const photograph = { width: 500, height: 375 }

interface Waiting {
  stepMs: number // median
  share: number
}

export interface DataWait {
  engine: string
  batch: number
  images: number
  threads: number // that prepare images
  cached: Waiting
  uncached: Waiting
  augmented: Waiting
}

interface Wanted extends Omit<Opening, 'precision'> {
  photographs: string // a folder, made where it is missing
  batch: number
  rounds: number
}

/** Twice as many images as a batch has: neighbouring steps are on others. */
export async function dataWait(backend: Backend, wanted: Wanted): Promise<DataWait> {
  const images = 2 * wanted.batch
  await makePhotographs(wanted.photographs, images)
  const pool = imagePool()
  const cache = `${wanted.photographs}-cache`
  const kept = imageCache(cache, cacheRoom([cache]))
  try {
    return {
      engine: backend.name,
      batch: wanted.batch,
      images,
      threads: pool.threads,
      cached: await waiting(backend, wanted, imageHost(kept, pool), false),
      uncached: await waiting(backend, wanted, imageHost(null, pool), false),
      augmented: await waiting(backend, wanted, imageHost(kept, pool), true),
    }
  } finally {
    await pool.close()
  }
}

async function waiting(
  backend: Backend,
  { pretrained, vectors, photographs, data, batch, rounds }: Wanted,
  images: ReturnType<typeof imageHost>,
  augment: boolean,
): Promise<Waiting> {
  const tasks = [{ name: 'bench', data: `${photographs}#train`, head: `${data}#head.bench` }]
  const config = resolveConfig({ method: 'atlas', pretrained, vectors, tasks, batch, augment }, (path) => path)
  const parents = await openParents(config.pretrained, config.vectors, openSource)
  const { signal } = new AbortController()
  const { architecture } = parents
  const opened = await lastOf(openTasks(config, architecture, { open: openSource, images, signal }))
  const store = await openStore(backend, parents, config.vectorPrecision)
  try {
    const waited = { seconds: 0 }
    const tower = { architecture, ops: backend.ops }
    const microBatch = microBatchFor(config.microBatch, backend, architecture)
    const place = { tower, tasks: opened, objective: objectiveNamed(config.objective), microBatch, signal, waited }
    const problem = clipProblem(place, store, groupsOf(parents, config.blocks))
    const at = filled(problem.vectors.length, problem.groups.length, 0.3)
    const times: number[] = []
    for (let round = 0; round <= rounds; round++) {
      if (round === 1) waited.seconds = 0 // the first warms up
      const began = performance.now()
      await problem.lossAndGradient(
        at,
        batchOf([Int32Array.from({ length: batch }, (_, i) => 2 * i + (round % 2))], { pass: round }),
      )
      if (round > 0) times.push(performance.now() - began)
    }
    return { stepMs: median(times), share: (1000 * waited.seconds) / sum(times) }
  } finally {
    store.dispose()
    await closeTasks(opened)
    await parents.close()
  }
}

async function lastOf<T>(work: AsyncGenerator<unknown, T>): Promise<T> {
  for (;;) {
    const step = await work.next()
    if (step.done) return step.value
  }
}

/** train/a and train/b, half of them each; whole or not at all. */
async function makePhotographs(folder: string, count: number): Promise<void> {
  if (existsSync(folder)) return
  const making = `${folder}.making`
  await rm(making, { recursive: true, force: true })
  for (const label of ['a', 'b']) await mkdir(join(making, 'train', label), { recursive: true })
  for (let i = 0; i < count; i++) {
    const pixels = photographed(i)
    await sharp(pixels, { raw: { ...photograph, channels: 3 } })
      .jpeg({ quality: 90 })
      .toFile(join(making, 'train', i % 2 ? 'b' : 'a', `${i}.jpg`))
  }
  await rename(making, folder)
}

/** Waves of a few directions and lengths, and noise: it takes about the room of a photograph. */
function photographed(seed: number): Uint8Array {
  const { width, height } = photograph
  const stream = streamOf('pictures')
  const [a, b, c] = [1, 2, 3].map((draw) => 0.005 + 0.1 * uniform(seed, stream, draw, 0)) as [number, number, number]
  const noise = Float32Array.from({ length: 4096 }, (_, i) => 24 * (uniform(seed, stream, 0, i) - 0.5))
  return Uint8Array.from({ length: width * height * 3 }, (_, n) => {
    const [x, y, channel] = [Math.floor(n / 3) % width, Math.floor(n / (3 * width)), n % 3]
    const wave = Math.sin(a * x + b * y + channel) + Math.sin(c * x - a * y)
    return 128 + 50 * wave + (noise[(n * 31 + y * 17) & 4095] as number)
  })
}
