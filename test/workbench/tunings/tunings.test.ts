import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import { tuningDetailSchema, tuningEventSchema, tuningSummarySchema } from '../../../src-main/contract/tuning/tuning.ts'
import { openHistory } from '../../../src-main/history/open.ts'
import { removeLeftStates } from '../../../src-main/workbench/tunings/tunings.ts'
import { temporaryFolder, toyEngine, toyWorkbench } from '../toy.ts'
import { bitsOfTuning, followTuning, modelFolder, task, toyTuning } from './toy.ts'

test("a fine-tuning is kept whole and told in the contract's shape; its model, head and card are there", async () => {
  const [home, folder] = [temporaryFolder(), modelFolder()]
  const workbench = await toyWorkbench(home)
  const { tunings } = workbench
  const config = toyTuning(folder, { task: task('mnist', true) })
  expect(await tunings.check(config)).toMatchObject({ steps: 8, memoryBytes: 1000 })
  const tuning = await tunings.start(config)
  const events = await followTuning(workbench, tuning)
  for (const event of events) tuningEventSchema.parse(event)
  expect(events[0]).toEqual({ type: 'started', tuning, name: 'standard on mnist', resumed: false })
  expect(events.flatMap((event) => (event.type === 'step' ? [event.step] : []))).toEqual([0, 1, 2, 3, 4, 5, 6, 7])
  expect(events.flatMap((event) => (event.type === 'state' ? [event.steps] : []))).toEqual([3, 6, 8])
  const model = join(home, 'models', 'mnist-standard.safetensors')
  expect(events.at(-1)).toMatchObject({ type: 'done', tuning, model, adapter: null, split: 'test', steps: 8 })

  const detail = tuningDetailSchema.parse(tunings.show(tuning))
  expect(detail).toMatchObject({ state: 'done', steps: 8, of: 8, model, error: null, kind: 'standard', task: 'mnist' })
  expect(detail.curve.map(({ step }) => step)).toEqual([0, 1, 2, 3, 4, 5, 6, 7])
  expect(detail.looks.map(({ steps }) => steps)).toEqual([0, 4, 8])
  expect(detail.data).toHaveLength(1)
  expect(detail.engines.map(({ name }) => name)).toEqual(['toy'])
  expect(tuningSummarySchema.array().parse(tunings.list())[0]).toMatchObject({ tuning, accuracy: detail.accuracy })
  expect(workbench.jobs.list()[0]).toMatchObject({ kind: 'tuning', state: 'done', tuning, file: model, goesOn: true })
  expect(existsSync(join(home, 'tunings', String(tuning)))).toBe(false) // its states have served

  const card = readFileSync(join(home, 'models', 'mnist-standard.md'), 'utf8')
  for (const said of [detail.sha256 ?? '?', 'Standard', 'load_file("mnist-standard.safetensors")', 'opened once'])
    expect(card).toContain(said)
  expect(card).not.toContain(folder)
  const { entries } = await workbench.library.list()
  expect(entries.map(({ path }) => path).sort()).toEqual([model, join(folder, 'tasks.safetensors')].sort())
  await workbench.library.settled()
  expect((await workbench.library.list()).entries.find(({ path }) => path === model)).toMatchObject({
    role: 'fine-tuned',
    sha256: detail.sha256,
  })
  const row = (await workbench.library.list()).entries.find(({ path }) => path === model)
  const { nodes, edges } = workbench.lineage.of({ id: row?.id ?? 0 })
  expect(nodes.map(({ kind, name }) => [kind, name])).toEqual([
    ['model', 'mnist-standard.safetensors'],
    ['tuning', 'standard on mnist'],
    ['model', 'pretrained.safetensors'],
  ])
  expect(edges.map(({ as }) => as).sort()).toEqual(['fine-tuned', 'pretrained'])
  expect(workbench.evaluations.openings([config.task.test ?? ''])).toMatchObject([{ tuning, run: null, task: 'mnist' }])
})

test('a step is told only when another process could already read it', async () => {
  const home = temporaryFolder()
  const workbench = await toyWorkbench(home)
  const reader = await toyWorkbench(home, undefined, false)
  const tuning = await workbench.tunings.start(toyTuning(modelFolder(), { steps: 40 }))
  let told = 0
  await followTuning(workbench, tuning, (event) => {
    if (event.type === 'step') expect(reader.tunings.show(tuning).curve[event.step]?.loss).toBe(event.loss)
    if (event.type === 'look')
      expect(reader.tunings.show(tuning).looks.at(-1)?.steps).toBeGreaterThanOrEqual(event.steps)
    if (event.type === 'finished') expect(reader.tunings.show(tuning).finished?.accuracy).toBe(event.accuracy)
    told++
  })
  expect(told).toBeGreaterThan(50)
})

test('one that was broken off goes on from its last state: what lay beyond is told anew, to the same bits', async () => {
  const [home, folder] = [temporaryFolder(), modelFolder()]
  const whole = await toyWorkbench(home)
  const first = await whole.tunings.start(toyTuning(folder, { steps: 10, checkpointEvery: 4 }))
  await followTuning(whole, first)
  await whole.close()
  const holds = { stage: 6, until: join(home, 'go on') }
  const broken = await toyWorkbench(home, () => toyEngine({ holds }))
  const second = await broken.tunings.start(toyTuning(folder, { steps: 10, checkpointEvery: 4 }))
  await followTuning(broken, second, (event) => {
    if (event.type === 'step' && event.step === 5) void broken.close()
  })
  await broken.close()
  const again = await toyWorkbench(home)
  const left = again.tunings.show(second)
  expect(left).toMatchObject({ state: 'interrupted', model: null, steps: 6 })
  expect(readdirSync(join(home, 'tunings', String(second)))).toEqual(['last-1.safetensors'])
  await again.tunings.resume(second)
  const events = await followTuning(again, second)
  expect(events[0]).toMatchObject({ type: 'started', resumed: true })
  expect(events.find(({ type }) => type === 'opened')).toMatchObject({ from: 4 })
  expect(events.flatMap((event) => (event.type === 'step' ? [event.step] : []))).toEqual([4, 5, 6, 7, 8, 9])
  expect(bitsOfTuning(again.tunings.show(second))).toEqual(bitsOfTuning(again.tunings.show(first)))
  expect(again.tunings.show(second).model).toBe(join(home, 'models', 'mnist-standard-2.safetensors'))
})

test('steps that nobody had kept before the state they led to are told again with it', async () => {
  const [home, folder] = [temporaryFolder(), modelFolder()]
  const holds = { stage: 3, until: join(home, 'go on') }
  const workbench = await toyWorkbench(home, () => toyEngine({ holds }))
  const tuning = await workbench.tunings.start(toyTuning(folder, { steps: 6, checkpointEvery: 3 }))
  await followTuning(workbench, tuning, (event) => {
    if (event.type === 'state' && event.steps === 3) void workbench.tunings.cancel(tuning)
  })
  expect(workbench.tunings.show(tuning).state).toBe('cancelled')
  await workbench.close()
  // as after an end between a state on disk and what was heard of it
  const history = await openHistory(home)
  history.db.exec('DELETE FROM tuning_curve; UPDATE tunings SET steps = 0')
  history.close()
  const last = await toyWorkbench(home)
  await last.tunings.resume(tuning)
  const events = await followTuning(last, tuning)
  expect(events.flatMap((event) => (event.type === 'step' ? [event.step] : []))).toEqual([0, 1, 2, 3, 4, 5])
  expect(last.tunings.show(tuning).curve.map(({ step }) => step)).toEqual([0, 1, 2, 3, 4, 5])
})

test.for(['abort', 'exit'] as const)(
  'an engine that ends (%s) is followed by another, from the last state',
  async (how) => {
    const [home, folder] = [temporaryFolder(), modelFolder()]
    const once = join(home, 'once')
    const workbench = await toyWorkbench(home, () => toyEngine({ fault: { stage: 0, epoch: 5, how, once } }))
    const tuning = await workbench.tunings.start(toyTuning(folder))
    const events = await followTuning(workbench, tuning)
    expect(events.find(({ type }) => type === 'engine-lost')).toMatchObject({
      restarting: true,
      error: { code: 'engine-lost', next: 'wait: a new engine goes on after the last kept state' },
    })
    expect(events.at(-1)).toMatchObject({ type: 'done', steps: 8 })
    const other = await workbench.tunings.start(toyTuning(folder))
    await followTuning(workbench, other)
    expect(bitsOfTuning(workbench.tunings.show(tuning))).toEqual(bitsOfTuning(workbench.tunings.show(other)))
  },
)

test('what the engine throws fails it with its record, and the last state stays', async () => {
  const [home, folder] = [temporaryFolder(), modelFolder()]
  const once = join(home, 'once')
  const workbench = await toyWorkbench(home, () => toyEngine({ fault: { stage: 0, epoch: 5, how: 'throw', once } }))
  const tuning = await workbench.tunings.start(toyTuning(folder))
  const events = await followTuning(workbench, tuning)
  const error = { code: 'not-finite', where: 'epoch 5' }
  expect(events.at(-1)).toMatchObject({ type: 'ended', state: 'failed', error })
  expect(workbench.tunings.show(tuning)).toMatchObject({ state: 'failed', error, steps: 5 })
  expect(workbench.jobs.list()[0]).toMatchObject({ kind: 'tuning', state: 'failed', error })
  await workbench.tunings.resume(tuning)
  expect((await followTuning(workbench, tuning)).at(-1)).toMatchObject({ type: 'done', steps: 8 })
  expect(workbench.tunings.show(tuning)).toMatchObject({ state: 'done', error: null })
})

test('stopped, what there is becomes the model; it does not go on', async () => {
  const workbench = await toyWorkbench(temporaryFolder(), () => toyEngine({ wait: 5 }))
  const tuning = await workbench.tunings.start(toyTuning(modelFolder(), { steps: 1000 }))
  const events = await followTuning(workbench, tuning, (event) => {
    if (event.type === 'step' && event.step === 2) void workbench.tunings.stop(tuning)
  })
  const last = events.at(-1)
  expect(last).toMatchObject({ type: 'done' })
  expect(last?.type === 'done' && existsSync(last.model)).toBe(true)
  expect(workbench.tunings.show(tuning)).toMatchObject({ state: 'stopped', of: 1000, finished: { stopped: true } })
  await expect(workbench.tunings.resume(tuning)).rejects.toMatchObject({
    record: { code: 'run-state', why: 'it is stopped' },
  })
  expect(await workbench.tunings.stop(tuning)).toBe(false)
})

test('paused, it ends after its next state and goes on from a state', async () => {
  const until = join(temporaryFolder(), 'go on')
  const workbench = await toyWorkbench(temporaryFolder(), () => toyEngine({ holds: { stage: 35, until } }))
  const tuning = await workbench.tunings.start(toyTuning(modelFolder(), { steps: 300, checkpointEvery: 10 }))
  await followTuning(workbench, tuning, (event) => {
    if (event.type === 'step' && event.step === 11) void workbench.tunings.pause(tuning, false)
  })
  expect(workbench.tunings.show(tuning)).toMatchObject({ state: 'paused', steps: expect.any(Number) })
  expect(workbench.tunings.show(tuning).steps).toBeGreaterThanOrEqual(20)
  expect(workbench.jobs.list()[0]).toMatchObject({ state: 'paused', tuning })
  await expect(workbench.tunings.forget(tuning)).rejects.toMatchObject({ record: { code: 'run-state' } })
  writeFileSync(until, '')
  await workbench.tunings.resume(tuning)
  const events = await followTuning(workbench, tuning)
  const opened = events.find(({ type }) => type === 'opened')
  const from = opened?.type === 'opened' ? opened.from : 0
  expect([from % 10, from >= 20]).toEqual([0, true]) // the engine may have kept another before it heard
  expect(events.at(-1)).toMatchObject({ type: 'done', steps: 300 })
})

test('cancelled while it waits it never begins; cancelled at work it can go on, and is forgotten with its states', async () => {
  const home = temporaryFolder()
  const until = join(home, 'go on')
  const holds = { stage: 4, until: join(home, 'never') }
  const workbench = await toyWorkbench(home, () => toyEngine({ until, holds }))
  const folder = modelFolder()
  const first = await workbench.tunings.start(toyTuning(folder, { steps: 500 }))
  const second = await workbench.tunings.start(toyTuning(folder))
  expect(workbench.tunings.show(second).state).toBe('waiting')
  expect(await workbench.tunings.cancel(second)).toBe(true)
  expect((await followTuning(workbench, second)).at(-1)).toMatchObject({ type: 'ended', state: 'cancelled' })
  writeFileSync(until, '')
  await followTuning(workbench, first, (event) => {
    if (event.type === 'state') void workbench.tunings.cancel(first)
  })
  expect(workbench.tunings.list().map(({ state }) => state)).toEqual(['cancelled', 'cancelled'])
  expect(existsSync(join(home, 'tunings', String(first)))).toBe(true)
  expect(await workbench.tunings.forget(first)).toBe(true)
  expect(existsSync(join(home, 'tunings', String(first)))).toBe(false)
  expect(() => workbench.tunings.show(first)).toThrow('There is no such fine-tuning')
})

test('files whose content changed since it began are refused', async () => {
  const [home, folder] = [temporaryFolder(), modelFolder()]
  const holds = { stage: 4, until: join(home, 'never') }
  const workbench = await toyWorkbench(home, () => toyEngine({ holds }))
  const tuning = await workbench.tunings.start(toyTuning(folder, { steps: 400 }))
  await followTuning(workbench, tuning, (event) => {
    if (event.type === 'state') void workbench.tunings.cancel(tuning)
  })
  const file = join(folder, 'pretrained.safetensors')
  const bytes = readFileSync(file)
  bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1
  writeFileSync(file, bytes)
  await workbench.tunings.resume(tuning)
  expect((await followTuning(workbench, tuning)).at(-1)).toMatchObject({
    type: 'ended',
    state: 'failed',
    error: { code: 'file-changed', where: file },
  })
})

test('states of what is done are removed at the next start; those of others stay', async () => {
  const [home, folder] = [temporaryFolder(), modelFolder()]
  const workbench = await toyWorkbench(home)
  const tuning = await workbench.tunings.start(toyTuning(folder))
  await followTuning(workbench, tuning)
  await workbench.close()
  for (const name of [String(tuning), '77']) mkdirSync(join(home, 'tunings', name), { recursive: true })
  const history = await openHistory(home)
  await removeLeftStates(history, home)
  history.close()
  expect(readdirSync(join(home, 'tunings'))).toEqual(['77'])
})
