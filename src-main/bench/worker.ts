// Our side of a comparison: the engine as a run uses it, from checkpoints on disk to the coefficient step
//   lossAndGradient, then AdamW;  without vectors the pre-trained model's forward pass and loss.
// The entry of a process of its own, so that its memory and processor time are the engine's; messages are in
// protocol.ts.

import { createInterface } from 'node:readline'

import { formSchema } from '../contract/checkpoint.ts'
import { recordOf } from '../contract/errors.ts'
import { productsIn } from '../contract/run/products.ts'
import { resolveConfig } from '../contract/run/resolve.ts'
import {
  type Backend,
  clipProblem,
  groupsOf,
  loadCheckpoint,
  measure,
  microBatchFor,
  type Ops,
  objectiveNamed,
  openBackend,
  openParents,
  openStore,
  readTasks,
  type TaskSetup,
} from '../engine/index.ts'
import { openSource } from '../files/source.ts'
import { adamwStep } from '../numbers/adamw.ts'
import { filled, fromNumbers, type Table, toNumbers } from '../numbers/table.ts'
import { at, product } from '../numbers/vectors.ts'
import { rebuild } from '../worker/rebuild.ts'
import { dataWait } from './data-wait.ts'
import { linearisedSpeed } from './linearised-speed.ts'
import { mixSpeed } from './mix-speed.ts'
import type { Gradient, Message, Opening, SideInfo } from './protocol.ts'
import { tuningWork } from './tuning-side.ts'

interface Work {
  gradient?(coefficients: Table): Promise<Gradient>
  step(): Promise<{ loss: number }>
}

/** Steps of AdamW on parameters of these shapes, each from the one before, its gradient always the same. */
function adamwWork(ops: Ops, shapes: readonly number[][]): Work {
  const seeded = new Float32Array(Math.max(...shapes.map(product))).map((_, i) => Math.sin(i) / 100)
  const all = shapes.map((shape) => {
    const upload = () => ops.upload(seeded.subarray(0, product(shape)), shape)
    return { gradient: upload(), moving: { value: upload(), mean: ops.zeros(shape), square: ops.zeros(shape) } }
  })
  const last = all.at(-1)
  const rates = { rate: 1e-5, decay: 0.1, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, scale: 1 }
  let done = 0
  return {
    async step() {
      const step = { ...rates, step: ++done }
      for (const one of all) one.moving = ops.adamw(one.moving, one.gradient, step)
      const waited = last && ops.dot(last.moving.mean, last.gradient)
      const [read] = waited ? await ops.readDots([waited]) : []
      waited?.dispose()
      return { loss: read?.[0] ?? Number.NaN }
    },
  }
}

const products = productsIn.find((kind) => kind === process.argv[2]) ?? 'float32'
const settings = { learningRate: 0.01, weightDecay: 0.1, clipNorm: 1 }

async function open(backend: Backend, opening: Opening): Promise<Work> {
  const isForward = opening.vectors.length === 0
  const config = resolveConfig(
    {
      method: 'atlas',
      pretrained: opening.pretrained,
      vectors: isForward ? [opening.pretrained] : opening.vectors,
      tasks: [{ name: 'bench', data: `${opening.data}#bench`, head: `${opening.data}#head.bench` }],
      batch: 'all',
      vectorPrecision: opening.precision,
    },
    (path) => path,
  )
  const parents = await openParents(config.pretrained, isForward ? [] : config.vectors, openSource)
  const place: TaskSetup = {
    tower: { architecture: parents.architecture, ops: backend.ops },
    tasks: await readTasks(config, parents.architecture, openSource),
    objective: objectiveNamed(config.objective),
    microBatch: microBatchFor(config.microBatch, backend, parents.architecture),
    signal: new AbortController().signal,
  }
  if (isForward) {
    const { weights } = await loadCheckpoint(backend.ops, parents.base)
    const step = async () => ({ loss: (await measure(place, weights, 'training')).loss })
    return { step, gradient: async () => ({ ...(await step()), gradient: [] }) }
  }
  const problem = clipProblem(
    place,
    await openStore(backend, parents, config.vectorPrecision),
    groupsOf(parents, 'tensor'),
  )
  const batch = [Int32Array.from({ length: at(problem.trainingCounts, 0) }, (_, i) => i)]
  const [rows, columns] = [problem.vectors.length, problem.groups.length]
  const moments = { first: filled(rows, columns, 0), second: filled(rows, columns, 0), step: 0 }
  let coefficients = filled(rows, columns, 0)
  return {
    async gradient(at) {
      coefficients = at
      const { loss, gradient } = await problem.lossAndGradient(at, batch)
      return { loss, gradient: toNumbers(gradient) }
    },
    async step() {
      const { loss, gradient } = await problem.lossAndGradient(coefficients, batch)
      adamwStep(settings, coefficients, gradient, moments)
      return { loss }
    },
  }
}

async function* answers(): AsyncGenerator<object> {
  let opened: Backend | undefined
  const backend = async (): Promise<Backend> => (opened ??= await openBackend({ products }))
  let work: Work | undefined
  for await (const line of createInterface({ input: process.stdin })) {
    const message = JSON.parse(line) as Message
    if (message.do === 'describe') {
      const { name, kind, versions } = await backend()
      yield { name, kind, versions } satisfies SideInfo
    } else if (message.do === 'open') {
      work = await open(await backend(), message)
      yield {}
    } else if (message.do === 'adamw') {
      work = adamwWork((await backend()).ops, message.shapes)
      yield {}
    } else if (message.do === 'tune') {
      const tuning = await tuningWork(await backend(), message)
      work = tuning
      yield tuning.facts
    } else if (message.do === 'memory') {
      yield { bytes: (await backend()).memory().bytes }
    } else if (message.do === 'linearised') {
      yield await linearisedSpeed(await backend(), message, message.rounds)
    } else if (message.do === 'data-wait') {
      yield await dataWait(await backend(), message)
    } else if (message.do === 'mix') {
      yield await mixSpeed(await backend(), message, message.rounds)
    } else if (message.do === 'merge') {
      yield await timed(() =>
        rebuild({ recipe: message.recipe, out: message.out, overwrite: true, form: formSchema.parse({}) }),
      )
    } else if (work?.gradient && message.do === 'gradient') yield await work.gradient(fromNumbers(message.coefficients))
    else if (work) yield await timed(work.step)
  }
  opened?.close()
}

async function timed(act: () => Promise<object>): Promise<object> {
  const used = process.cpuUsage()
  const began = performance.now()
  const result = await act()
  const wall = performance.now() - began
  const { user, system } = process.cpuUsage(used)
  return { wall, cpu: (user + system) / 1000, ...result }
}

try {
  for await (const answer of answers()) process.stdout.write(`${JSON.stringify(answer)}\n`)
} catch (error) {
  process.stderr.write(`${recordOf(error).why}\n`) // its last line is what is told
  process.exit(1) // an open stdin would keep the process
}
