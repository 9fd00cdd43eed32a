// Evaluations as a window starts them: by rows, runs and opened configurations, kept with their report, watched to
// their end, and one after the other. That test data is opened is on disk before the engine hears of
// it, and stays when the evaluation is forgotten.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { createRouterClient } from '@orpc/server'
import { expect, onTestFinished, test } from 'vitest'

import type { EvaluationEvent } from '../../../src-main/contract/api/evaluations.ts'
import { basilErrorOf } from '../../../src-main/contract/wire/errors-over-rpc.ts'
import { distinct, importedReferences } from '../../../src-main/workbench/evaluations/request.ts'
import { forkEngine } from '../../../src-main/workbench/link/engine-process.ts'
import { createRouter } from '../../../src-main/workbench/router.ts'
import { openWorkbench } from '../../../src-main/workbench/workbench.ts'
import { temporaryFolder, toyEngine } from '../toy.ts'

const root = join(import.meta.dirname, '../../..')
const sample = join(root, 'resources/sample')

async function opened(engine: (environment: NodeJS.ProcessEnv) => ReturnType<typeof toyEngine>) {
  const home = temporaryFolder()
  const workbench = await openWorkbench({ home, engine, resources: join(root, 'resources'), write: true })
  onTestFinished(() => workbench.close())
  const none = {
    window: false,
    pickConfig: async () => null,
    pickCheckpoints: async () => null,
    pickTarget: async () => undefined,
    download: (file: string) => `/downloads/${file}`,
  }
  const { evaluations, library, projects, jobs } = createRouterClient(createRouter(workbench, none), { context: {} })
  const idOf = async (file: string): Promise<number> =>
    (await library.add({ paths: [join(sample, file)] })).added[0] as number
  return { home, workbench, evaluations, projects, jobs, idOf }
}

async function allOf(events: AsyncIterable<EvaluationEvent>): Promise<EvaluationEvent[]> {
  const all: EvaluationEvent[] = []
  for await (const event of events) all.push(event)
  return all
}

const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'nothing',
    (error: unknown) => basilErrorOf(error).record.code,
  )

test('from rows of the library and from an opened configuration: one report each, with a page, beside each other in the list', async () => {
  const door = join(root, 'src-main/worker/door.ts')
  const real = await opened((environment) => forkEngine(door, { ...environment, BASIL_BACKEND: 'wasm' }))
  const { home, evaluations, projects, jobs, idOf } = real
  const [pretrained, tuned, data] = [
    await idOf('pretrained.safetensors'),
    await idOf('finetuned-mnist.safetensors'),
    await idOf('tasks.safetensors'),
  ]
  const of = [
    {
      name: 'mnist',
      data: { id: data, name: 'mnist.validation' },
      head: { id: data, name: 'head.mnist' },
      finetuned: tuned,
    },
  ]
  const models = [{ id: pretrained }, { id: tuned }]
  const { evaluation } = await evaluations.start({ models, tasks: { of }, split: 'validation', mistakes: 3 })
  const held = await evaluations.start({ models, tasks: { of }, split: 'validation' })
  expect(await evaluations.show(held)).toMatchObject({ state: 'waiting', report: null, openings: [] })
  expect(await codeOf(evaluations.forget(held))).toBe('run-state')
  const [waiting] = (await jobs.list()).filter((job) => job.evaluation === held.evaluation)
  expect(await jobs.cancel({ job: waiting?.job ?? 0 })).toMatchObject({ kind: 'evaluation', state: 'cancelled' })
  expect(await evaluations.show(held)).toMatchObject({ state: 'failed', error: { code: 'cancelled' } })
  expect(await evaluations.forget(held)).toBe(true)
  expect(await evaluations.show({ evaluation })).toMatchObject({ state: 'running', report: null })
  const events = await allOf(await evaluations.watch({ evaluation }))
  expect(events.at(-1)).toEqual({ type: 'done' })
  expect(events.slice(0, -1).every(({ type }) => type === 'progress')).toBe(true)

  const { report, state, openings } = await evaluations.show({ evaluation })
  expect({ state, openings }).toEqual({ state: 'done', openings: [] }) // of validation data there is nothing to lock
  const [task] = report?.tasks ?? []
  expect(task?.results.map(({ images }) => images)).toEqual([192, 192])
  expect(task?.results[1]?.relativeAccuracy).toBe(1)
  expect(task?.results[0]?.mistakes).toHaveLength(3)
  expect(task?.classes?.[0]).toBe('0')

  const { grant, config: whole } = await projects.sample()
  const config = { ...whole, tasks: whole.tasks.slice(0, 2) }
  const second = await evaluations.start({
    models: [{ id: pretrained }],
    tasks: { grant, config },
    split: 'test',
    mistakes: 0,
  })
  expect(await allOf(await evaluations.watch(second))).toContainEqual({ type: 'done' })
  const found = await evaluations.show(second)
  expect(found.openings.map(({ task, evaluation }) => [task, evaluation])).toEqual(
    config.tasks.map(({ name }) => [name, 3]),
  )
  const accuracies = found.report?.tasks.map(({ results }) => results[0]?.accuracy as number) ?? []
  expect(found.accuracy).toBe(accuracies.reduce((a, b) => a + b, 0) / accuracies.length)
  expect((await evaluations.list()).map(({ evaluation, accuracy }) => [evaluation, accuracy])).toEqual([
    [3, found.accuracy],
    [1, report?.models[0]?.accuracy],
  ])

  const saved = await evaluations.save({ evaluation })
  expect(saved).toEqual({
    file: join(home, 'exports', 'evaluation-1.html'),
    download: expect.stringContaining('evaluation-1.html'),
  })
  expect(readFileSync(saved?.file ?? '', 'utf8')).toContain('<h2>mnist</h2>')

  expect(await evaluations.forget({ evaluation: 3 })).toBe(true)
  expect(await codeOf(evaluations.show({ evaluation: 3 }))).toBe('run-missing')
  const third = await evaluations.start({
    models: [{ id: pretrained }],
    tasks: { grant, config: { ...config, tasks: config.tasks.slice(0, 1) } },
    split: 'test',
  })
  await allOf(await evaluations.watch(third))
  expect((await evaluations.show(third)).openings.map(({ evaluation }) => evaluation)).toEqual([3, 4])
})

test('what the engine refuses is kept as failed with its reason; the opening it was refused over is kept too', async () => {
  // a toy evaluates nothing
  const { home, evaluations, projects, idOf } = await opened((environment) => toyEngine({}, environment))
  const { grant, config } = await projects.sample()
  const started = await evaluations.start({
    models: [{ id: await idOf('pretrained.safetensors') }],
    tasks: { grant, config },
    split: 'test',
  })
  const events = await allOf(await evaluations.watch(started))
  expect(events).toMatchObject([{ type: 'failed', error: { why: 'a toy has no tower' } }])
  expect(await evaluations.show(started)).toMatchObject({
    state: 'failed',
    report: null,
    error: { why: 'a toy has no tower' },
  })
  expect((await evaluations.show(started)).openings).toHaveLength(config.tasks.length)
  expect(await codeOf(evaluations.save(started))).toBe('run-state')
  expect(existsSync(join(home, 'exports'))).toBe(false)
})

test('a configuration without such data is refused: a mean over fewer tasks is another mean', async () => {
  const { evaluations, projects, idOf } = await opened((environment) => toyEngine({}, environment))
  const { grant, config } = await projects.sample()
  const tasks = config.tasks.map((task, t) => (t === 1 ? { ...task, test: undefined } : task))
  const models = [{ id: await idOf('pretrained.safetensors') }]
  expect(
    await codeOf(evaluations.start({ models, tasks: { grant, config: { ...config, tasks } }, split: 'test' })),
  ).toBe('config-invalid')
  expect(await evaluations.list()).toEqual([])
})

test('accuracies of fine-tuned models are taken from the file that their authors left, each for its own split alone', async () => {
  const home = temporaryFolder()
  const file = join(home, 'ft_accuracies.json')
  writeFileSync(file, JSON.stringify({ MNIST: 0.99, MNISTVal: 0.98, DTD: 0.8 }))
  const test = await importedReferences(file, ['mnist', 'DTD', 'SVHN'], 'test')
  expect([...test]).toEqual([
    ['mnist', { accuracy: 0.99, from: 'ft_accuracies.json, MNIST' }],
    ['DTD', { accuracy: 0.8, from: 'ft_accuracies.json, DTD' }],
  ])
  const validation = await importedReferences(file, ['mnist', 'DTD', 'SVHN'], 'validation')
  expect([...validation]).toEqual([['mnist', { accuracy: 0.98, from: 'ft_accuracies.json, MNISTVal' }]])
  expect([...(await importedReferences(file, ['mnist'], 'training'))]).toEqual([])
  const odd = join(home, 'linear_ft_accuracies.json')
  writeFileSync(odd, '{"MNIST": ')
  expect(await codeOf(importedReferences(odd, ['mnist'], 'test'))).toBe('data-invalid')
  expect(await codeOf(importedReferences(join(home, 'numbers.json'), ['mnist'], 'test'))).toBe('data-invalid')
})

test('models of one name are told apart', () => {
  expect(distinct(['a.pt', 'b.pt', 'a.pt', 'a.pt'])).toEqual(['a.pt', 'b.pt', 'a.pt (2)', 'a.pt (3)'])
})
