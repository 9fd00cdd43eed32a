// The engine's test double, a process of its own behind the real door: gradient descent with AdamW moments on a noisy
// quadratic. Randomness is (seed, stage, step), so it goes on to the same bits from any epoch. TOY (JSON) makes it
// misbehave.

import { appendFileSync, existsSync, writeFileSync, writeSync } from 'node:fs'

import { sha256 } from '../../src-main/contract/branded.ts'
import { BasilError } from '../../src-main/contract/errors.ts'
import type { ResolvedConfig } from '../../src-main/contract/run/config.ts'
import type {
  CoefficientTable,
  EngineEvent,
  EngineInfo,
  ResumeState,
  TaskScore,
} from '../../src-main/contract/run/run.ts'
import { writeSafetensors } from '../../src-main/engine/formats/safetensors-writer.ts'
import { type Sitting, serveEngine } from '../../src-main/worker/engine-door.ts'
import { parentPort } from '../../src-main/worker/parent-port.ts'
import { reading } from '../../src-main/worker/reading.ts'

export interface Toy {
  // once: a file that then exists
  fault?: { stage: number; epoch: number; how: 'abort' | 'cuda' | 'exit' | 'throw' | 'spin'; once?: string }
  beforeOpening?: 'exit'
  flood?: boolean // of stdout and stderr
  progress?: number // events before each epoch
  wait?: number // milliseconds an epoch takes
  endless?: string // end of the path of a folder that is searched for data for ever
  until?: string // no epoch ends before this file exists
}

const toy = JSON.parse(process.env.TOY ?? '{}') as Toy
const blocks = ['conv1.weight', 'ln.weight', 'proj', 'unused']
const stepsPerEpoch = 3
const info: EngineInfo = {
  name: 'toy',
  kind: 'wasm',
  threads: 1,
  simd: 'none',
  reason: 'a test double',
  versions: { toy: '1' },
}

if (toy.beforeOpening === 'exit') {
  console.error('toy: no such backend')
  process.exit(7)
}

async function* run(config: ResolvedConfig, sitting: Sitting): AsyncGenerator<EngineEvent> {
  const began = performance.now()
  const seconds = (): number => (performance.now() - began) / 1000
  const parents = [config.pretrained, ...config.vectors].map((file, i) => ({
    role: i ? ('vector' as const) : ('pretrained' as const),
    file,
    name: file.split('/').pop() ?? file,
    bytes: 1000 + i,
    sha256: sha256(`sha of ${file}`),
  }))
  const images = config.tasks.map((t) => ({ task: t.name, classes: 2, training: 10, validation: 0, test: 5 }))
  yield { type: 'opened', engine: info, blocks, parents, parameters: 1234, images }
  yield evaluation(config, 'pretrained', null, 2)
  const completed = [...(sitting.resume?.completed ?? [])]
  for (let stage = completed.length; stage <= config.iterations && (stage === 0 || !sitting.stopping()); stage++) {
    const state = yield* learn(config, sitting, stage, completed, seconds)
    const accepted = stage === 0 || state.best.metric < state.still
    const coefficients = accepted ? state.best.coefficients : state.best.coefficients.map((row) => row.map(() => 0))
    completed.push(coefficients)
    yield {
      type: 'stage-end',
      stage,
      accepted,
      best: state.best.step,
      still: state.still,
      metric: state.best.metric,
      coefficients,
      losses: [...state.losses, state.best.metric],
    }
  }
  const last = completed.length - 1
  yield evaluation(config, last ? 'iteration' : 'start', last, 1 / (last + 1))
  yield { type: 'finished', stopped: sitting.stopping(), seconds: seconds() }
}

async function* learn(
  config: ResolvedConfig,
  sitting: Sitting,
  stage: number,
  completed: CoefficientTable[],
  seconds: () => number,
) {
  const epochs = (stage ? config.iteration : config.start)?.epochs ?? 2
  const names = stage ? ['difference vector'] : config.vectors.map((v) => v.split('/').pop() ?? v)
  yield {
    type: 'stage',
    stage,
    kind: stage ? 'iteration' : 'start',
    method: 'toy',
    vectors: names,
    epochsPlanned: epochs,
    stepsPerEpoch,
  } satisfies EngineEvent
  const resumed = sitting.resume?.stage === stage ? sitting.resume : null
  let state: ResumeState = resumed ?? fresh(stage, names.length, completed)
  if (!resumed) yield epochEvent(state, [], true, config, seconds())
  while (state.epoch < epochs && !sitting.stopping()) {
    sitting.signal.throwIfAborted()
    const { progress: total = 0 } = toy
    for (let done = 0; done < total; done++)
      yield { type: 'progress', what: 'Counting', done, total } satisfies EngineEvent
    if (toy.wait) await new Promise((resolve) => setTimeout(resolve, toy.wait))
    while (toy.until && !existsSync(toy.until)) await new Promise((resolve) => setTimeout(resolve, 5))
    misbehave(stage, state.epoch + 1)
    const losses: number[] = []
    for (let i = 0; i < stepsPerEpoch; i++) state = step(state, config.seed, losses)
    const metric = loss(state.coefficients, stage)
    const isBest = metric < state.best.metric
    const best = isBest ? { step: state.step, metric, coefficients: state.coefficients } : state.best
    state = {
      ...state,
      epoch: state.epoch + 1,
      losses: [...state.losses, ...losses],
      best,
      sinceBest: isBest ? 0 : state.sinceBest + 1,
    }
    yield epochEvent(state, losses, isBest, config, seconds())
  }
  return state
}

function fresh(stage: number, rows: number, completed: CoefficientTable[]): ResumeState {
  const zeros = (): CoefficientTable =>
    Array.from({ length: rows }, () => blocks.map((_, b) => (b === blocks.length - 1 ? -0 : 0)))
  const coefficients = zeros()
  const still = loss(coefficients, stage)
  return {
    stage,
    epoch: 0,
    step: 0,
    coefficients,
    firstMoment: zeros(),
    secondMoment: zeros(),
    losses: [],
    still,
    best: { step: 0, metric: still, coefficients },
    sinceBest: 0,
    completed: [...completed],
    microBatch: null,
  }
}

function epochEvent(
  state: ResumeState,
  losses: number[],
  best: boolean,
  config: ResolvedConfig,
  seconds: number,
): EngineEvent {
  const metric = loss(state.coefficients, state.stage)
  const { stage, epoch, step, coefficients } = state
  return {
    type: 'epoch',
    stage,
    epoch,
    step,
    losses,
    metric,
    best,
    tasks: scores(config, metric),
    coefficients,
    seconds,
    remainingSeconds: null,
    resume: state,
  }
}

function step(state: ResumeState, seed: number, losses: number[]): ResumeState {
  losses.push(loss(state.coefficients, state.stage))
  const at = state.step + 1
  const first: CoefficientTable = []
  const second: CoefficientTable = []
  const coefficients = state.coefficients.map((row, r) => {
    first.push([])
    second.push([])
    return row.map((value, b) => {
      const isUsed = b < blocks.length - 1
      const gradient = isUsed
        ? 2 * (value - target(state.stage, r, b)) + 0.1 * noise(seed, state.stage, at * 97 + r * 13 + b)
        : 0
      const m = 0.9 * (state.firstMoment[r]?.[b] ?? 0) + 0.1 * gradient
      const v = 0.999 * (state.secondMoment[r]?.[b] ?? 0) + 0.001 * gradient * gradient
      first[r]?.push(m)
      second[r]?.push(v)
      return isUsed ? value - (0.05 * (m / (1 - 0.9 ** at))) / (Math.sqrt(v / (1 - 0.999 ** at)) + 1e-8) : -0
    })
  })
  return { ...state, step: at, coefficients, firstMoment: first, secondMoment: second }
}

const target = (stage: number, row: number, block: number): number => noise(99, stage, row * 7 + block)

function loss(table: CoefficientTable, stage: number): number {
  return table
    .flatMap((row, r) => row.map((value, b) => (b === blocks.length - 1 ? 0 : (value - target(stage, r, b)) ** 2)))
    .reduce((a, b) => a + b, 0)
}

/** In [-1, 1), from the counters alone. */
function noise(seed: number, stream: number, counter: number): number {
  let x = (seed * 0x9e3779b1 + stream * 0x85ebca6b + counter * 0xc2b2ae35) | 0
  x = Math.imul(x ^ (x >>> 15), 0x2c1b3c6d)
  x = Math.imul(x ^ (x >>> 12), 0x297a2d39)
  return ((x ^ (x >>> 15)) >>> 0) / 2 ** 31 - 1
}

function scores(config: ResolvedConfig, loss: number): TaskScore[] {
  return config.tasks.map((t, i) => ({
    task: t.name,
    loss,
    accuracy: 1 / (1 + loss + i),
    relativeAccuracy: i === 0 ? 1 / (1 + loss) : null,
  }))
}

function evaluation(
  config: ResolvedConfig,
  model: 'pretrained' | 'start' | 'iteration',
  stage: number | null,
  loss: number,
): EngineEvent {
  return { type: 'evaluation', evaluation: { split: 'test', model, stage, tasks: scores(config, loss) } }
}

function misbehave(stage: number, epoch: number): void {
  if (toy.flood) {
    process.stdout.write('o'.repeat(1 << 20))
    process.stderr.write('e'.repeat(1 << 16))
  }
  const { fault } = toy
  if (!fault || fault.stage !== stage || fault.epoch !== epoch || (fault.once && existsSync(fault.once))) return
  if (fault.once) appendFileSync(fault.once, 'x')
  if (fault.how === 'cuda')
    writeSync(
      2,
      '2026-11-22 08:00:00.1: F gpu_event.cc:1] could not synchronize on CUDA context: CUDA_ERROR_LAUNCH_FAILED\n*** trace ***\n',
    )
  if (fault.how === 'abort' || fault.how === 'cuda') process.abort()
  if (fault.how === 'exit') process.exit(3)
  if (fault.how === 'spin') for (;;);
  throw new BasilError({
    code: 'not-finite',
    what: 'The loss is not a number',
    where: `epoch ${epoch}`,
    why: 'a toy fault',
    next: 'nothing',
  })
}

serveEngine(
  {
    describe: async () => info,
    ...reading,
    data: {
      ...reading.data,
      find: async function* ({ path }) {
        for (let done = 0; toy.endless && path.endsWith(toy.endless); done++) {
          yield { type: 'progress', what: `Looking into ${path}`, done, total: 0 }
          await new Promise((resolve) => setTimeout(resolve, 20))
        }
        yield* reading.data.find({ path })
      },
    },
    inspect: async ({ file }) => {
      if (!file.endsWith('.safetensors'))
        throw new BasilError({
          code: 'format-unknown',
          what: 'No known format',
          where: file,
          why: 'a toy knows one',
          next: 'nothing',
        })
      return {
        file,
        bytes: 8,
        sha256: sha256('x'),
        format: 'safetensors',
        layout: 'unknown',
        architecture: null,
        dtype: null,
        parameters: 0,
        role: 'unknown',
        tensors: [],
        blocks: 0,
        nonFinite: 0,
        metadata: {},
      }
    },
    check: async (config) => {
      if (config.pretrained.includes('missing'))
        throw new BasilError({
          code: 'file-missing',
          what: 'A file is missing',
          where: config.pretrained,
          why: 'there is no file',
          next: 'check the path',
        })
      return {
        parameters: 1234,
        blocks: blocks.length,
        vectors: config.vectors.length,
        coefficients: blocks.length * config.vectors.length,
        images: 10,
        memoryBytes: 1,
      }
    },
    run,
    rebuild: async ({ recipe, out, overwrite, form }) => {
      if (existsSync(out) && !overwrite)
        throw new BasilError({
          code: 'target-exists',
          what: 'The file is already there',
          where: out,
          why: 'a toy looks',
          next: 'another name',
        })
      const tensor = { name: 'toy', dtype: 'F32', shape: [1] } as const
      const chunks: Uint8Array[] = []
      for await (const chunk of writeSafetensors(
        [tensor],
        { 'basil.recipe': JSON.stringify(recipe) },
        () => new Uint8Array(4),
      ))
        chunks.push(chunk)
      writeFileSync(out, Buffer.concat(chunks))
      return { file: out, bytes: 8, sha256: sha256('x'), tensors: 1, rounded: form.dtype === 'float16' ? ['F16'] : [] }
    },
    makeHead: async function* ({ name, classes, templates, out }) {
      appendFileSync(out, JSON.stringify({ name, classes, templates }))
      yield { type: 'written', file: out, bytes: 8, sha256: sha256('x'), tensors: 1 }
    },
    probeHead: async function* ({ out, name, data }) {
      const report = { fits: [], chosen: 0, images: { training: 0, validation: 0 }, heldOut: true }
      appendFileSync(out, JSON.stringify({ name, data }))
      yield { type: 'written', file: out, bytes: 8, sha256: sha256('x'), tensors: 2, report }
    },
    disentangle: () => {
      throw new Error('the toy engine predicts nothing')
    },
    evaluate: () => {
      throw new Error('a toy has no tower')
    },
  },
  parentPort(),
)
