// A linearised model's epoch, by forward mode and on precomputed features: one pass over all images for the loss and
// the gradient of every coefficient. The two are measured in turn in one process, on the same files and engine, and
// must agree.

import { resolveConfig } from '../contract/run/resolve.ts'
import {
  type Backend,
  groupsOf,
  microBatchFor,
  type OpenProblem,
  objectiveNamed,
  openParents,
  openProblem,
  readTasks,
} from '../engine/index.ts'
import { hashFile } from '../files/hash.ts'
import { openSource } from '../files/source.ts'
import { filled, type Table } from '../numbers/table.ts'
import { at, sum } from '../numbers/vectors.ts'
import { median } from './compare.ts'
import type { Opening } from './protocol.ts'

const epochsARound = 20 // on features: as many as make one measurable

export interface LinearisedSpeed {
  engine: string
  images: number
  vectors: number
  blocks: number
  jvpMs: number // an epoch, median
  cachedMs: number
  ratio: number // jvpMs / cachedMs
  onceMs: number // computing an image's features, which is done once
  disagreement: number // largest difference of the two gradients over the largest element
}

/** files: a pre-trained model, vectors and images, as scratch.ts makes them. */
export async function linearisedSpeed(
  backend: Backend,
  files: Omit<Opening, 'precision'>,
  rounds: number,
): Promise<LinearisedSpeed> {
  const began = performance.now()
  const cached = await linearisedProblem(backend, files, 'cached')
  const once = performance.now() - began
  const jvp = await linearisedProblem(backend, files, 'jvp')
  try {
    const at = filled(jvp.problem.vectors.length, jvp.problem.groups.length, 0.3)
    const batch = jvp.problem.trainingCounts.map((n) => Int32Array.from({ length: n }, (_, i) => i))
    const times = { jvp: [] as number[], cached: [] as number[] }
    let gradients: { jvp: Table; cached: Table } = { jvp: [], cached: [] }
    for (let round = 0; round <= rounds; round++) {
      const slow = await timed(() => jvp.problem.lossAndGradient(at, batch))
      if (round > 0) times.jvp.push(slow.ms) // the first warms up
      for (let epoch = 0; epoch < epochsARound; epoch++) {
        const fast = await timed(() => cached.problem.lossAndGradient(at, batch))
        if (round > 0) times.cached.push(fast.ms)
        gradients = { jvp: slow.result.gradient, cached: fast.result.gradient }
      }
    }
    const images = sum(jvp.problem.trainingCounts)
    const [jvpMs, cachedMs] = [median(times.jvp), median(times.cached)]
    return {
      engine: backend.name,
      images,
      vectors: at.length,
      blocks: jvp.problem.groups.length,
      jvpMs,
      cachedMs,
      ratio: jvpMs / cachedMs,
      onceMs: once / images,
      disagreement: difference(gradients.cached, gradients.jvp),
    }
  } finally {
    await jvp.close()
    await cached.close()
  }
}

/** What a run would learn on; to be closed. */
export async function linearisedProblem(
  backend: Backend,
  { pretrained, vectors, data }: Omit<Opening, 'precision'>,
  linearised: 'jvp' | 'cached',
): Promise<OpenProblem> {
  const tasks = [{ name: 'bench', data: `${data}#bench`, head: `${data}#head.bench` }]
  const config = resolveConfig(
    { method: 'atlas', pretrained, vectors, tasks, batch: 'all', linearised },
    (path) => path,
  )
  const parents = await openParents(config.pretrained, config.vectors, openSource)
  const { signal } = new AbortController()
  const place = {
    tower: { architecture: parents.architecture, ops: backend.ops },
    tasks: await readTasks(config, parents.architecture, openSource),
    objective: objectiveNamed(config.objective),
    microBatch: microBatchFor(config.microBatch, backend, parents.architecture),
    signal,
  }
  const host = { backend, open: openSource, hash: hashFile, resume: null, parents: [], stopping: () => false, signal }
  try {
    const opening = openProblem({ config, host, parents, files: [], groups: groupsOf(parents, config.blocks), place })
    let next = await opening.next()
    while (!next.done) next = await opening.next()
    return next.value
  } finally {
    await parents.close()
  }
}

async function timed<T>(work: () => Promise<T>): Promise<{ ms: number; result: T }> {
  const began = performance.now()
  const result = await work()
  return { ms: performance.now() - began, result }
}

function difference(a: Table, b: Table): number {
  const [x, y] = [a.flatMap((row) => [...row]), b.flatMap((row) => [...row])]
  return Math.max(...x.map((v, i) => Math.abs(v - at(y, i)))) / Math.max(...y.map(Math.abs))
}
