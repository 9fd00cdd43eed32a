// A study at work with the toy engine: its runs follow one another, what fails is a row, what stops it from outside
// pauses it, and a paused study goes on to the bits of the unbroken one.

import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import type { StudyDetail } from '../../../src-main/contract/api/studies.ts'
import { type RunId, runId } from '../../../src-main/contract/branded.ts'
import { resolveConfig } from '../../../src-main/contract/run/resolve.ts'
import type { Workbench } from '../../../src-main/workbench/workbench.ts'
import { bitsOf, follow, temporaryFolder, toyConfig, toyEngine, toyFile, toyWorkbench } from '../toy.ts'

const absolute = (config: unknown) => resolveConfig(config, (path) => `/models/${path}`)
const definition = {
  name: 'toys',
  config: toyFile,
  arms: [{ label: 'three' }, { label: 'one', change: { iterations: 1 } }],
  seeds: [1, 2],
}

async function over({ studies }: Workbench, study: number): Promise<StudyDetail> {
  for await (const _ of studies.follow(study));
  return studies.show(study)
}

/** Waits until a run of the study is at work and says so by an event. */
async function untilAtWork(workbench: Workbench, study: number, place: number): Promise<RunId> {
  for await (const _ of workbench.studies.follow(study)) {
    const { run, state } = workbench.studies.show(study).runs[place] ?? { run: null }
    if (run !== null && state === 'running') return run
  }
  throw new Error('the study ended before')
}

const bits = (workbench: Workbench, { runs }: StudyDetail) => runs.map(({ run }) => run && bitsOf(workbench, run))

test('runs follow one another seed by seed, and the table is theirs', async () => {
  const workbench = await toyWorkbench(temporaryFolder())
  const study = await workbench.studies.start(definition, absolute)
  const detail = await over(workbench, study)
  expect(detail).toMatchObject({ name: 'toys', state: 'done', planned: 4, done: 4, error: null })
  expect(detail.runs.map(({ arm, seed, run, state }) => [arm, seed, run, state])).toEqual([
    ['three', 1, 1, 'done'],
    ['one', 1, 2, 'done'],
    ['three', 2, 3, 'done'],
    ['one', 2, 4, 'done'],
  ])
  const accuracy = (run: number) => workbench.runs.show(runId(run)).accuracy as number
  expect(detail.table[0]?.accuracy?.mean).toBeCloseTo((accuracy(1) + accuracy(3)) / 2, 12)
  expect(detail.table[1]?.paired?.difference).toBeCloseTo(
    (accuracy(2) + accuracy(4) - accuracy(1) - accuracy(3)) / 2,
    12,
  )
  expect(detail.table[0]?.pretrained).toBeCloseTo((1 / 3 + 1 / 4) / 2, 12) // the toy's pre-trained model has loss 2
  expect(workbench.studies.list()).toMatchObject([{ study, state: 'done', done: 4 }])
})

test('a run that fails is a row with its reason, and the study goes on', async () => {
  const fault = { stage: 2, epoch: 1, how: 'throw' } as const // iteration 2, which only one arm has
  const workbench = await toyWorkbench(temporaryFolder(), (environment) => toyEngine({ fault }, environment))
  const detail = await over(workbench, await workbench.studies.start({ ...definition, seeds: [1] }, absolute))
  expect(detail).toMatchObject({ state: 'done', planned: 2, done: 1 })
  expect(detail.runs[0]).toMatchObject({ state: 'failed', accuracy: null, error: { code: 'not-finite' } })
  expect(detail.table).toMatchObject([
    { arm: 'three', seeds: 0, failed: 1, accuracy: null },
    { arm: 'one', seeds: 1, failed: 0, paired: null },
  ])
})

test('an engine that is lost for good pauses the study with its reason; it goes on to the same bits', async () => {
  const home = temporaryFolder()
  const few = { ...definition, seeds: [1] }
  let broken = true
  const workbench = await toyWorkbench(home, (environment) =>
    toyEngine(broken ? { fault: { stage: 2, epoch: 1, how: 'exit' } } : {}, environment),
  )
  const study = await workbench.studies.start(few, absolute)
  const paused = await over(workbench, study)
  expect(paused).toMatchObject({ state: 'paused', done: 0, error: { code: 'engine-lost' } })
  expect(paused.runs.map(({ state }) => state)).toEqual(['interrupted', 'waiting'])

  broken = false
  expect(await workbench.studies.resume(study)).toBe(study)
  const done = await over(workbench, study)
  expect(done).toMatchObject({ state: 'done', done: 2, error: null })
  expect(done.runs[0]?.run).toBe(paused.runs[0]?.run) // the interrupted one, not another

  const whole = await over(workbench, await workbench.studies.start(few, absolute))
  expect(JSON.stringify(bits(workbench, done))).toBe(JSON.stringify(bits(workbench, whole)))
})

test('paused after the present run, it has finished that run and begun no other', async () => {
  const until = join(temporaryFolder(), 'go on')
  const workbench = await toyWorkbench(temporaryFolder(), (environment) => toyEngine({ until }, environment))
  const study = await workbench.studies.start(definition, absolute)
  await untilAtWork(workbench, study, 0)
  expect(await workbench.studies.pause(study, false)).toBe(true)
  writeFileSync(until, '')
  const paused = await over(workbench, study)
  expect(paused).toMatchObject({ state: 'paused', error: null })
  expect(paused.runs.map(({ state }) => state)).toEqual(['done', 'waiting', 'waiting', 'waiting'])
  expect(await workbench.studies.pause(study, false)).toBe(false)
})

test('paused now, its run is cancelled where it is, and resumed later to the same bits', async () => {
  const until = join(temporaryFolder(), 'go on')
  const workbench = await toyWorkbench(temporaryFolder(), (environment) => toyEngine({ wait: 20, until }, environment))
  const study = await workbench.studies.start({ ...definition, seeds: [3] }, absolute)
  const first = await untilAtWork(workbench, study, 0)
  writeFileSync(until, '')
  await follow(workbench, first, ({ type }) => type === 'done' && rmSync(until))
  const run = await untilAtWork(workbench, study, 1)
  await expect.poll(() => workbench.runs.show(run).start?.epochs.length ?? 0).toBeGreaterThan(0)
  await workbench.studies.pause(study, true)
  const paused = await over(workbench, study)
  expect(paused).toMatchObject({ state: 'paused', error: null, runs: [{ state: 'done' }, { run, state: 'cancelled' }] })
  writeFileSync(until, '')
  await workbench.studies.resume(study)
  const done = await over(workbench, study)
  expect(done.runs[1]).toMatchObject({ run, state: 'done' })
  const whole = await over(workbench, await workbench.studies.start({ ...definition, seeds: [3] }, absolute))
  expect(JSON.stringify(bits(workbench, done))).toBe(JSON.stringify(bits(workbench, whole)))
})

test('paused now while a run is only being checked, it still pauses', async () => {
  const workbench = await toyWorkbench(temporaryFolder(), (environment) => toyEngine({ wait: 20 }, environment))
  const study = await workbench.studies.start(definition, absolute)
  await workbench.studies.pause(study, true) // its first run is not there yet
  const paused = workbench.studies.show(study)
  expect(paused.state).toBe('paused')
  expect(paused.runs.map(({ state }) => state)).toEqual(['cancelled', 'waiting', 'waiting', 'waiting'])
})

test('cancelling the run pauses its study', async () => {
  const until = join(temporaryFolder(), 'never')
  const workbench = await toyWorkbench(temporaryFolder(), (environment) => toyEngine({ until }, environment))
  const study = await workbench.studies.start(definition, absolute)
  await workbench.runs.cancel(await untilAtWork(workbench, study, 0))
  expect((await over(workbench, study)).state).toBe('paused')
})

test('one study at a time, and none beside a run: each waits for its turn', async () => {
  const busy = { record: { code: 'run-state' } }
  const until = join(temporaryFolder(), 'go on') // no run ends an epoch before
  const workbench = await toyWorkbench(temporaryFolder(), (environment) => toyEngine({ wait: 5, until }, environment))
  const run = await workbench.runs.start(toyConfig())
  const study = await workbench.studies.start(definition, absolute)
  expect(workbench.studies.show(study)).toMatchObject({ state: 'waiting', done: 0 })
  expect(() => workbench.studies.forget(study)).toThrow('A study waits for its turn')
  await workbench.runs.cancel(run)
  await untilAtWork(workbench, study, 0)
  const other = await workbench.studies.start(definition, absolute)
  await expect(workbench.studies.resume(study)).rejects.toMatchObject(busy)
  const later = await workbench.runs.start(toyConfig())
  await workbench.runs.resume(run)
  expect(workbench.studies.show(other).state).toBe('waiting')
  expect([later, run].map((one) => workbench.runs.show(one).state)).toEqual(['waiting', 'waiting'])
  expect(() => workbench.studies.forget(study)).toThrow('A study is at work')
  await workbench.studies.pause(study, true)
  expect(workbench.studies.forget(study)).toBe(true)
  expect(await workbench.studies.pause(other, false)).toBe(true)
  writeFileSync(until, '')
  expect(await over(workbench, other)).toMatchObject({ state: 'paused' })
  expect(workbench.studies.list().map((one) => one.study)).toEqual([other])
  await Promise.all([follow(workbench, run), follow(workbench, later)])
  // the study's run stays
  expect(
    workbench.runs.list({ offset: 0, limit: 9, query: 'toy' }).rows.filter((r) => r.state === 'done'),
  ).toHaveLength(2)
  expect(() => workbench.studies.show(study)).toThrow('There is no such study')
})

test('its job is paused, goes on and is cancelled in the queue, and the study with it; its rows stay', async () => {
  const until = join(temporaryFolder(), 'never')
  const workbench = await toyWorkbench(temporaryFolder(), (environment) => toyEngine({ until }, environment))
  const { jobs, studies } = workbench
  const study = await studies.start(definition, absolute)
  await untilAtWork(workbench, study, 0)
  const { job = 0 } = jobs.list()[0] ?? {}
  expect(jobs.show(job)).toMatchObject({ kind: 'study', title: 'toys', study, run: 1 })
  await jobs.pause(job, true)
  expect([jobs.show(job).state, studies.show(study).state]).toEqual(['paused', 'paused'])
  jobs.resume(job)
  await untilAtWork(workbench, study, 0)
  expect(studies.show(study)).toMatchObject({ state: 'running', error: null })
  expect(jobs.show(job).progress).toEqual({ what: 'Run', done: 1, total: 4 })
  expect(await jobs.cancel(job)).toBe(true)
  expect([jobs.show(job).state, studies.show(study).state]).toEqual(['cancelled', 'paused'])
  expect(studies.show(study).runs.map(({ state }) => state)).toEqual(['cancelled', 'waiting', 'waiting', 'waiting'])
  const again = jobs.retry(job)
  expect(jobs.show(again)).toMatchObject({ kind: 'study', study: study + 1 })
  expect(studies.show(study + 1).runs).toHaveLength(4)
  await studies.pause(study + 1, true)
})

test('what is wrong with any arm is said before the first run begins', async () => {
  const workbench = await toyWorkbench(temporaryFolder())
  const arms = [{ label: 'fine' }, { label: 'gone', change: { pretrained: 'missing.safetensors' } }]
  await expect(workbench.studies.start({ ...definition, arms }, absolute)).rejects.toMatchObject({
    record: { code: 'file-missing', why: expect.stringContaining('"gone"') },
  })
  await expect(workbench.studies.start({ name: 'x' }, absolute)).rejects.toMatchObject({
    record: { code: 'config-invalid' },
  })
  expect(workbench.studies.list()).toEqual([])
  expect(workbench.runs.list({ offset: 0, limit: 9 }).total).toBe(0)
})

test('closed at work it is paused, for a reader at once and for the next writer too, and goes on', async () => {
  const home = temporaryFolder()
  const until = join(home, 'never')
  const first = await toyWorkbench(home, (environment) => toyEngine({ until }, environment))
  const study = await first.studies.start(definition, absolute)
  const reader = await toyWorkbench(join(home), undefined, false)
  await untilAtWork(first, study, 0)
  expect(reader.studies.show(study)).toMatchObject({ state: 'running', runs: [{ state: 'running' }, {}, {}, {}] })
  await first.close()
  expect(reader.studies.show(study)).toMatchObject({
    state: 'paused',
    error: null,
    runs: [{ state: 'interrupted' }, {}, {}, {}],
  })
  const second = await toyWorkbench(home)
  await second.studies.resume(study)
  expect(await over(second, study)).toMatchObject({ state: 'done', done: 4 })
})
