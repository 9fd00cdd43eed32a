import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import { runDetailSchema, runEventSchema, runSummarySchema } from '../../src-main/contract/run/run.ts'
import { bitsOf, follow, temporaryFolder, toyConfig, toyEngine, toyWorkbench } from './toy.ts'

test("a run is kept whole and told in the contract's shape", async () => {
  const workbench = await toyWorkbench(temporaryFolder())
  const run = await workbench.runs.start(toyConfig())
  const events = await follow(workbench, run)
  for (const event of events) runEventSchema.parse(event)
  expect(events[0]).toMatchObject({ type: 'started', run, resumed: false })
  expect(events.at(-1)).toMatchObject({
    type: 'done',
    run,
    tasks: { cars: { relativeAccuracy: expect.any(Number) }, dtd: { relativeAccuracy: null } },
  })
  expect(events.filter((e) => e.type === 'epoch')).toHaveLength(12) // 3 stages of 3 epochs, and the state before each

  const detail = runDetailSchema.parse(workbench.runs.show(run))
  expect(detail).toMatchObject({
    state: 'done',
    iterationsPlanned: 2,
    iterationsDone: 2,
    evaluatedOn: 'test',
    relativeAccuracy: null,
    seeds: [7],
  })
  // as its end gave them: one a step, and one after the last
  expect(detail.iterations.map((s) => s.losses.length)).toEqual([10, 10])
  expect(detail.parents.map((p) => p.role)).toEqual(['pretrained', 'vector', 'vector'])
  expect(runSummarySchema.parse(workbench.runs.list({ offset: 0, limit: 10, query: 'TOY' }).rows[0]).accuracy).toBe(
    detail.accuracy,
  )
  expect(Object.is(workbench.runs.coefficients(run, 0, 2)[0]?.[3], -0)).toBe(true)
})

test('an epoch is told only when another process could already read it', async () => {
  const home = temporaryFolder()
  const workbench = await toyWorkbench(home)
  const reader = await toyWorkbench(home, undefined, false)
  const run = await workbench.runs.start(toyConfig())
  const told: [number, number][] = []
  await follow(workbench, run, (event) => {
    if (event.type !== 'epoch') return
    told.push([event.stage, event.epoch])
    expect(reader.runs.coefficients(run, event.stage, event.epoch)).toEqual(event.coefficients)
  })
  expect(told).toHaveLength(12)
})

test('a second run waits while one is at work, is watched from then on, and begins when its turn comes', async () => {
  const until = join(temporaryFolder(), 'go on') // no run ends an epoch before
  const workbench = await toyWorkbench(temporaryFolder(), () => toyEngine({ wait: 5, until }))
  const first = await workbench.runs.start(toyConfig())
  const second = await workbench.runs.start(toyConfig())
  expect(second).toBe(first + 1)
  expect(workbench.runs.show(second)).toMatchObject({ state: 'waiting', start: null })
  await expect(workbench.runs.resume(second)).rejects.toMatchObject({ record: { why: 'it is waiting' } })
  writeFileSync(until, '')
  const events = await follow(workbench, second, ({ type }) => {
    if (type === 'started') expect(workbench.runs.show(first).state).toBe('done')
  })
  expect(events[0]).toMatchObject({ type: 'started', run: second, resumed: false })
  expect(events.filter((e) => e.type === 'epoch')).toHaveLength(12)
  expect(bitsOf(workbench, second)).toEqual(bitsOf(workbench, first))
})

test('a run that could not begin leaves no row behind', async () => {
  const workbench = await toyWorkbench(temporaryFolder())
  await expect(workbench.runs.start(toyConfig({ pretrained: 'missing.safetensors' }))).rejects.toMatchObject({
    record: { code: 'file-missing' },
  })
  expect(workbench.runs.list({ offset: 0, limit: 10 }).total).toBe(0)
})

test('stopping keeps the best so far: the run ends early, evaluated, and is not resumable', async () => {
  const workbench = await toyWorkbench(temporaryFolder(), () => toyEngine({ wait: 5 }))
  const run = await workbench.runs.start(toyConfig({ epochs: 1000 }))
  const events = await follow(workbench, run, (event) => {
    if (event.type === 'epoch' && event.stage === 1 && event.epoch === 2) void workbench.runs.stop(run)
  })
  expect(events.at(-1)).toEqual({ type: 'ended', run, state: 'stopped', error: null })
  expect(workbench.runs.show(run)).toMatchObject({ state: 'stopped', iterationsDone: 1, evaluatedOn: 'test' })
  await expect(workbench.runs.resume(run)).rejects.toMatchObject({ record: { code: 'run-state' } })
})

test('stopping at once, before the engine has begun, is not forgotten', async () => {
  const workbench = await toyWorkbench(temporaryFolder(), () => toyEngine({ wait: 5 }))
  const run = await workbench.runs.start(toyConfig({ epochs: 1000, start: { method: 'atlas', epochs: 1000 } }))
  expect(await workbench.runs.stop(run)).toBe(true)
  expect((await follow(workbench, run)).at(-1)).toMatchObject({ state: 'stopped' })
})

test('a cancelled run ends at once and can be resumed to the same bits', async () => {
  const until = join(temporaryFolder(), 'goes-on')
  const workbench = await toyWorkbench(temporaryFolder(), () => toyEngine({ holds: { stage: 1, epoch: 2, until } }))
  const run = await workbench.runs.start(toyConfig())
  const events = await follow(workbench, run, (event) => {
    if (event.type === 'epoch' && event.stage === 1 && event.epoch === 1) void workbench.runs.cancel(run)
  })
  expect(events.at(-1)).toEqual({ type: 'ended', run, state: 'cancelled', error: null })
  writeFileSync(until, '')
  await workbench.runs.resume(run)
  expect((await follow(workbench, run))[0]).toMatchObject({ type: 'started', resumed: true })
  const whole = await workbench.runs.start(toyConfig())
  await follow(workbench, whole)
  expect(bitsOf(workbench, run)).toEqual(bitsOf(workbench, whole))
})

test('closing interrupts a run; the next to open it says so and resumes it to the same bits', async () => {
  const home = temporaryFolder()
  const holds = { stage: 1, epoch: 2, until: join(home, 'goes-on') }
  const workbench = await toyWorkbench(home, () => toyEngine({ holds }))
  const run = await workbench.runs.start(toyConfig())
  await follow(workbench, run, (event) => {
    if (event.type === 'epoch' && event.stage === 1 && event.epoch === 1) void workbench.close()
  })
  await workbench.close()
  const again = await toyWorkbench(home)
  expect(again.runs.show(run).state).toBe('interrupted')
  await again.runs.resume(run)
  await follow(again, run)
  const whole = await again.runs.start(toyConfig())
  await follow(again, whole)
  expect(bitsOf(again, run)).toEqual(bitsOf(again, whole))
})

test('what the engine throws fails the run with its record, and the engine works on', async () => {
  const workbench = await toyWorkbench(temporaryFolder(), () =>
    toyEngine({ fault: { stage: 0, epoch: 2, how: 'throw' } }),
  )
  const run = await workbench.runs.start(toyConfig())
  const events = await follow(workbench, run)
  expect(events.at(-1)).toMatchObject({
    type: 'ended',
    state: 'failed',
    error: { code: 'not-finite', where: 'epoch 2' },
  })
  expect(await workbench.engine.describe()).toMatchObject({ name: 'toy' })
})

test('progress reaches a watcher at most ten times a second, epochs always', async () => {
  const workbench = await toyWorkbench(temporaryFolder(), () => toyEngine({ progress: 500 }))
  const run = await workbench.runs.start(toyConfig())
  const began = performance.now()
  const events = await follow(workbench, run)
  const most = Math.ceil((performance.now() - began) / 100) + 1
  expect(events.filter((e) => e.type === 'progress').length).toBeLessThanOrEqual(most)
  expect(events.filter((e) => e.type === 'epoch')).toHaveLength(12)
})

test('an export never overwrites another in the data folder', async () => {
  const home = temporaryFolder()
  const workbench = await toyWorkbench(home)
  const run = await workbench.runs.start(toyConfig())
  await follow(workbench, run)
  const first = await workbench.exports.export(run, { iteration: 1 }, null)
  const second = await workbench.exports.export(run, { iteration: 1 }, null)
  expect(first.file).toBe(join(home, 'exports', `toy-run-run-${run}-iteration-1.safetensors`))
  expect(second.file).toBe(join(home, 'exports', `toy-run-run-${run}-iteration-1-2.safetensors`))
  expect(existsSync(second.file)).toBe(true)
  await expect(workbench.exports.export(run, { iteration: 3 }, null)).rejects.toMatchObject({
    record: { code: 'run-state' },
  })
})
