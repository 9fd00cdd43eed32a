// The engine's test double, a process of its own behind the real door: gradient descent with AdamW moments on a noisy
// quadratic. Randomness is (seed, stage, step), so it goes on to the same bits from any epoch. TOY (JSON) makes it
// misbehave.
import { appendFileSync, existsSync, writeFileSync } from 'node:fs'

import { sha256 } from '../../src-main/contract/branded.ts'
import type { Rebuilding } from '../../src-main/contract/engine-api.ts'
import { BasilError } from '../../src-main/contract/errors.ts'
import type { ResolvedConfig } from '../../src-main/contract/run/config.ts'
import type { EngineInfo } from '../../src-main/contract/run/engine-info.ts'
import type { Exported } from '../../src-main/contract/run/recipe.ts'
import type { CoefficientTable, EngineEvent, ResumeState } from '../../src-main/contract/run/run.ts'
import { writeSafetensors } from '../../src-main/engine/formats/safetensors-writer.ts'
import { createPace } from '../../src-main/engine/learning/pace.ts'
import { hashCheckpoint } from '../../src-main/files/source.ts'
import { type Sitting, serveEngine } from '../../src-main/worker/engine-door.ts'
import { parentPort } from '../../src-main/worker/parent-port.ts'
import { memoryNow, withPulse } from '../../src-main/worker/pulse.ts'
import { tuning } from '../../src-main/worker/tuning/tune.ts'
import { described, held, misbehave, type Toy, tried } from './toy-faults.ts'
import { toyMix } from './toy-mix.ts'
import { blocks, fresh, loss, scores, step } from './toy-quadratic.ts'
import { reading } from './toy-reading.ts'
import { toyBackend, toyPlan, toyTune } from './toy-tuning.ts'

const toy = JSON.parse(process.env.TOY ?? '{}') as Toy
const stepsPerEpoch = 3
const info: EngineInfo = {
  name: 'toy',
  kind: toy.kind ?? 'wasm',
  threads: 1,
  simd: 'none',
  reason: 'a test double',
  versions: { toy: '1' },
}

const pace = createPace(() => performance.now())
const measured = (): EngineEvent => ({
  type: 'pulse',
  remainingSeconds: null,
  pace: pace.told(),
  memory: memoryNow({ memory: () => ({ tensors: 1, bytes: 2 ** 20 }), deviceBytes: () => 2 ** 30 }),
})

if (toy.beforeOpening === 'exit') {
  console.error('toy: no such backend')
  process.exit(7)
}

const imagesOf = ({ tasks }: ResolvedConfig) =>
  tasks.map(({ name }) => ({ task: name, training: 10, validation: 0, test: 5 }))

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
  const images = imagesOf(config).map((of) => ({ ...of, classes: 2 }))
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
  pace.begin(stage, resumed?.step ?? 0)
  await held(toy, stage)
  let state: ResumeState = resumed ?? fresh(stage, names.length, completed)
  if (!resumed) yield epochEvent(state, [], true, config, seconds())
  while (state.epoch < epochs && !sitting.stopping()) {
    sitting.signal.throwIfAborted()
    const { progress: total = 0 } = toy
    for (let done = 0; done < total; done++)
      yield { type: 'progress', what: 'Counting', done, total } satisfies EngineEvent
    const wait = Array.isArray(toy.wait) ? toy.wait[stage] : toy.wait
    if (wait) await new Promise((resolve) => setTimeout(resolve, wait))
    while (toy.until && !existsSync(toy.until)) await new Promise((resolve) => setTimeout(resolve, 5))
    await held(toy, stage, state.epoch + 1)
    misbehave(toy, stage, state.epoch + 1)
    const losses: number[] = []
    for (let i = 0; i < stepsPerEpoch; i++) {
      state = step(state, config.seed, losses)
      pace.stepped()
    }
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
    const told = epochEvent(state, losses, isBest, config, seconds())
    yield toy.pulse ? { ...told, gradients: losses.map(Math.sqrt) } : told // of a square
  }
  return state
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

function evaluation(
  config: ResolvedConfig,
  model: 'pretrained' | 'start' | 'iteration',
  stage: number | null,
  loss: number,
): EngineEvent {
  return { type: 'evaluation', evaluation: { split: 'test', model, stage, tasks: scores(config, loss) } }
}

async function rebuild({ recipe, out, overwrite, form }: Rebuilding): Promise<Exported> {
  if (toy.merging) writeFileSync(toy.merging, '')
  while (toy.merging && existsSync(toy.merging)) await new Promise((resolve) => setTimeout(resolve, 5))
  if (existsSync(out) && !overwrite)
    throw new BasilError({
      code: 'target-exists',
      what: 'The file is already there',
      where: out,
      why: 'a toy looks',
      next: 'another name',
    })
  const numbers = Float64Array.from([...recipe.start, ...recipe.iterations].flat()) // what it was made of
  const tensor = { name: 'toy', dtype: 'F64', shape: [numbers.length] } as const
  const chunks: Uint8Array[] = []
  for await (const chunk of writeSafetensors(
    [tensor],
    { 'basil.recipe': JSON.stringify(recipe) },
    () => new Uint8Array(numbers.buffer),
  ))
    chunks.push(chunk)
  writeFileSync(out, Buffer.concat(chunks))
  return { file: out, bytes: 8, sha256: sha256('x'), tensors: 1, rounded: form.dtype === 'float16' ? ['F16'] : [] }
}

serveEngine(
  {
    describe: async () => described(toy, info),
    trial: async () => tried(toy, info),
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
        tasks: imagesOf(config),
      }
    },
    run: (config, sitting) => (toy.pulse ? withPulse(run(config, sitting), measured) : run(config, sitting)),
    tuningPlan: async ({ config }) => {
      await hashCheckpoint(config.pretrained) // it is there
      return toyPlan(config)
    },
    tune: (asked, sitting) => tuning(asked, sitting, { tune: toyTune(toy, info), backend: toyBackend }),
    rebuild,
    merge: async function* (request) {
      yield { type: 'progress', what: 'Merging', done: 1, total: 2 }
      yield { type: 'result', result: await rebuild(request) }
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
    collect: () => {
      throw new Error('the toy engine collects nothing')
    },
    disentangle: () => {
      throw new Error('the toy engine predicts nothing')
    },
    evaluate: () => {
      throw new Error('a toy has no tower')
    },
    mix: toyMix(),
  },
  parentPort(),
)
