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
import { goldenConfig, relativeError } from '../golden/fixture.ts'
import { follow, temporaryFolder, toyConfig, toyEngine, toyWorkbench } from '../workbench/toy.ts'
import type { Trouble } from './failing-engine.ts'

const entry = join(import.meta.dirname, 'failing-engine.ts')
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
    return toyEngine({ wait: 5 }, environment)
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
