// A GPU that fails under a run: the run pauses with the reason, nothing is tried again on the same device, and it goes
// on where the person says. The engine is the real one (failing-engine.ts) or, for what needs no weights, the toy.
import { join } from 'node:path'

import { expect, test } from 'vitest'

import { detailLines, lineOf } from '../../src-main/cli/print.ts'
import type { RunId } from '../../src-main/contract/branded.ts'
import { type EngineProcess, forkEngine } from '../../src-main/workbench/link/engine-process.ts'
import { deviceChoice } from '../../src-main/workbench/native/devices.ts'
import type { Workbench } from '../../src-main/workbench/workbench.ts'
import { conditions } from '../../src-renderer/plot/sentences.ts'
import { started } from '../bundles.ts'
import { goldenConfig, relativeError } from '../golden/fixture.ts'
import { follow, temporaryFolder, toyConfig, toyEngine, toyWorkbench } from '../workbench/toy.ts'
import type { Trouble } from './failing-engine.ts'
import { countOf, seedOf, tell } from './promises.ts'
import { seeded } from './seeded.ts'

const entry = started('test/faults/failing-engine.ts')
const golden = goldenConfig('cross-entropy', {
  batch: 96,
  microBatch: 16,
  iterations: 1,
  steps: undefined,
  epochs: 2,
  start: { method: 'atlas', epochs: 3 },
})
const config = { ...golden, tasks: golden.tasks.slice(0, 1) }

async function troubled(
  trouble: Trouble,
  home = temporaryFolder(),
  others: Parameters<typeof toyWorkbench>[4] = {},
): Promise<{ workbench: Workbench; started: () => number }> {
  let started = 0
  const start = (environment: NodeJS.ProcessEnv): EngineProcess => {
    started++
    return forkEngine(entry, { ...environment, TROUBLE: JSON.stringify(trouble) })
  }
  const workbench = await toyWorkbench(home, start, true, undefined, others)
  return { workbench, started: () => started }
}
const chosen = (workbench: Workbench, run: RunId): number[] => {
  const { start, iterations } = workbench.runs.show(run)
  return [start, ...iterations].flatMap((stage) => stage?.coefficients.flat() ?? [])
}

test('a GPU lost in the middle pauses the run with its reason, and it is resumed on the CPU to the same coefficients', async () => {
  const { workbench: sound } = await troubled({ holds: 1000 })
  const whole = await sound.runs.start(config)
  await follow(sound, whole)

  const { workbench, started } = await troubled({ lostAt: 2500 }) // after some epochs
  const run = await workbench.runs.start(config)
  const events = await follow(workbench, run)
  expect(events.at(-1)).toMatchObject({
    type: 'ended',
    state: 'interrupted',
    error: { code: 'device-lost', why: expect.stringContaining('CUDA_ERROR_ILLEGAL_ADDRESS') },
  })
  expect(events.some((e) => e.type === 'engine-lost')).toBe(false)
  expect(started()).toBe(1) // not tried again on the same device
  expect(workbench.runs.show(run)).toMatchObject({ state: 'interrupted', error: { code: 'device-lost' } })
  expect(workbench.runs.show(run).start?.epochs.length).toBeGreaterThan(1)
  expect(lineOf(events.at(-1) as never)?.text).toContain(`basil resume ${run} --device cpu`)

  await workbench.runs.resume(run, 'cpu')
  expect(workbench.device.now()).toBe('cpu')
  expect((await follow(workbench, run)).at(-1)).toMatchObject({ type: 'done' })
  expect(workbench.device.now()).toBe('auto') // for that sitting alone
  const detail = workbench.runs.show(run)
  expect(detail.engines).toMatchObject([
    { engine: { name: 'a GPU' }, after: null },
    { engine: { name: 'a CPU' }, after: { stage: expect.any(Number) } },
  ])
  expect(detailLines(detail).join('\n')).toMatch(/after epoch \d of .* by a CPU: the last digits differ/)
  expect(conditions(detail)).toEqual([expect.stringContaining('another engine, a CPU')])
  expect(relativeError(chosen(workbench, run), chosen(sound, whole))).toBeLessThan(1e-6)
})

test('memory that runs out is told, kept and shown, and a killed engine goes on with the smaller micro-batch to the same bits', async () => {
  const { workbench } = await troubled({ holds: 5 })
  const run = await workbench.runs.start(config)
  const events = await follow(workbench, run)
  const halving = { from: 16, to: 8, why: expect.stringContaining('OOM when allocating') }
  expect(events.filter((e) => e.type === 'micro-batch')).toMatchObject([halving, { from: 8, to: 4 }])
  expect(events.at(-1)).toMatchObject({ type: 'done' })
  const detail = workbench.runs.show(run)
  expect(detail.halvings).toMatchObject([halving, { from: 8, to: 4 }])
  expect(detailLines(detail).join('\n')).toContain(
    '16 images at a time did not fit into memory, 8 from here on: OOM when',
  )
  expect(conditions(detail)).toEqual([
    expect.stringContaining('8 are held at once'),
    expect.stringContaining('4 are held at once'),
  ])

  let present: EngineProcess | undefined
  const killed = await toyWorkbench(temporaryFolder(), (environment) => {
    present = forkEngine(entry, { ...environment, TROUBLE: JSON.stringify({ holds: 5 }) })
    return present
  })
  const again = await killed.runs.start(config)
  await follow(killed, again, (event) => {
    if (event.type === 'epoch' && event.stage === 0 && event.epoch === 2) present?.kill()
  })
  expect(chosen(killed, again)).toEqual(chosen(workbench, run))
  expect(killed.runs.show(again).halvings).toEqual(detail.halvings)
})

test('a chosen GPU that is not in use refuses the run before it starts; auto goes on with the CPU', async () => {
  const home = temporaryFolder()
  const workbench = await toyWorkbench(home)
  await workbench.device.choose('gpu:7')
  await expect(workbench.runs.start(toyConfig())).rejects.toMatchObject({
    record: { code: 'device-lost', why: expect.stringContaining('gpu:7 was chosen, and the engine runs on toy') },
  })
  expect(workbench.runs.list({ offset: 0, limit: 1 }).total).toBe(0)
  await workbench.device.choose('auto')
  const run = await workbench.runs.start(toyConfig())
  expect((await follow(workbench, run)).at(-1)).toMatchObject({ type: 'done' })
})

test('a choice restarts the engine with what it may see, is kept, and is refused while a run goes on', async () => {
  const home = temporaryFolder()
  const seen: (string | undefined)[] = []
  const workbench = await toyWorkbench(home, (environment) => {
    seen.push(environment['CUDA_VISIBLE_DEVICES'])
    return toyEngine({ until: join(home, 'never') }, environment)
  })
  await workbench.engine.describe()
  await workbench.device.choose('cpu')
  await workbench.engine.describe()
  await workbench.engine.describe()
  expect(seen).toEqual([process.env['CUDA_VISIBLE_DEVICES'], '-1'])
  expect(deviceChoice(home)).toBe('cpu')
  const run = await workbench.runs.start(toyConfig())
  await expect(workbench.device.choose('auto')).rejects.toMatchObject({ record: { code: 'run-state' } })
  await workbench.runs.cancel(run)
  expect(workbench.device.now()).toBe('cpu')
})

test('an engine that TensorFlow ended over CUDA is not started again blindly', async () => {
  let started = 0
  const workbench = await toyWorkbench(temporaryFolder(), () => {
    started++
    return toyEngine({ fault: { stage: 0, epoch: 2, how: 'cuda' } })
  })
  const run = await workbench.runs.start(toyConfig())
  expect((await follow(workbench, run)).at(-1)).toMatchObject({
    type: 'ended',
    state: 'interrupted',
    error: { code: 'device-lost', why: expect.stringContaining('CUDA_ERROR_LAUNCH_FAILED') },
  })
  expect(started).toBe(1)
  expect(workbench.runs.show(run).start?.epochs).toHaveLength(2)
})

test.each<[Trouble, { slept?: () => number }, object]>([
  [{ lostAt: 2500, by: 'gone' }, {}, { code: 'device-lost', what: 'The GPU can no longer be used' }],
  [{ lostAt: 2500, by: 'gone' }, { slept: () => 3600 }, { code: 'device-lost', what: /when the machine slept/ }],
  [{ lostAt: 2500, by: 'refused' }, {}, { code: 'device-refused', why: /WebGPU refused a call/ }],
  [{ lostAt: 2500, by: 'taken' }, {}, { code: 'out-of-memory', why: /another program may have taken memory/ }],
])('%j under WebGPU pauses the run with its cause, and it goes on on the CPU', async (trouble, others, told) => {
  const { workbench, started } = await troubled({ ...trouble, kind: 'webgpu' }, undefined, others)
  const run = await workbench.runs.start(config)
  const last = (await follow(workbench, run)).at(-1)
  const matching = Object.entries(told).map(([k, v]) => [k, v instanceof RegExp ? expect.stringMatching(v) : v])
  expect(last).toMatchObject({ type: 'ended', state: 'interrupted', error: Object.fromEntries(matching) })
  expect(started()).toBe(1)
  await workbench.runs.resume(run, 'cpu')
  expect((await follow(workbench, run)).at(-1)).toMatchObject({ type: 'done' })
  expect(workbench.runs.show(run).engines).toMatchObject([
    { engine: { kind: 'webgpu' } },
    { engine: { name: 'a CPU' } },
  ])
})

const short = (({ tasks, ...one }) => ({ ...one, tasks: tasks.slice(0, 1) }))(
  goldenConfig('cross-entropy', {
    ...{ batch: 48, microBatch: 48, iterations: 1, steps: undefined, epochs: 1 },
    start: { method: 'atlas', epochs: 2 },
  }),
)
const operations = 2400 // of that run, about
const failures = ['lost', 'gone', 'refused'] as const

// R17, and of R16 the way in which a device is lost.
test('a GPU lost at any operation pauses the run, which ends with the same bits on the CPU or on the GPU come back', async () => {
  const began = performance.now()
  const seed = seedOf(1717)
  const chance = seeded(seed)
  const found = { count: 0, before: 0, onGpu: 0, lost: 0, differ: 0 }
  const wanted = { R16: countOf('R16'), R17: countOf('R17') }
  let trouble: Trouble = { holds: 1000 }
  let started = 0
  const workbench = await toyWorkbench(temporaryFolder(), (environment) => {
    started++
    return forkEngine(entry, { ...environment, TROUBLE: JSON.stringify(trouble) })
  })
  const whole = await workbench.runs.start(short)
  await follow(workbench, whole)
  const bits = chosen(workbench, whole)
  const numbers = (stages: readonly number[]): string =>
    Buffer.from(Float64Array.from(stages).buffer).toString('base64')
  while (found.count < wanted.R16 + wanted.R17) {
    trouble = { lostAt: Math.floor(chance() * operations), by: failures[Math.floor(chance() * 3)] ?? 'lost' }
    await workbench.device.choose('cpu')
    await workbench.device.choose('auto') // the engine is another, in that trouble
    const run = await workbench.runs.start(short)
    const engines = started
    const told = (await follow(workbench, run)).filter(({ type }) => type === 'epoch').length
    const { state, error, start, iterations } = workbench.runs.show(run)
    if (state !== 'done') {
      found.count++
      const kept = [start, ...iterations].reduce((sum, stage) => sum + (stage?.epochs.length ?? 0), 0)
      const isNamed = error?.code === (trouble.by === 'refused' ? 'device-refused' : 'device-lost')
      if (state !== 'interrupted' || !isNamed || kept < told || started !== engines) found.lost++
      if (kept === 0) found.before++
      const isBack = chance() < 0.3
      if (isBack) found.onGpu++
      trouble = { holds: 1000 }
      await workbench.runs.resume(run, isBack ? undefined : 'cpu')
      await follow(workbench, run)
      const names = workbench.runs.show(run).engines.map(({ engine }) => engine.name)
      if (names.at(-1) !== (isBack ? 'a GPU' : 'a CPU')) found.lost++ // which of them is on record
    }
    if (numbers(chosen(workbench, run)) !== numbers(bits)) found.differ++
  }
  const { count, before, onGpu, lost, differ } = found
  const besides = `${before} before a kept epoch, ${onGpu} resumed on the GPU`
  tell('R16', began, { count: wanted.R16, lost: 0, differ: 0, seed, besides: 'device lost at operation n: with R17' })
  tell('R17', began, { count: count - wanted.R16, lost, differ, seed, besides })
  expect({ lost, differ }).toEqual({ lost: 0, differ: 0 })
})
