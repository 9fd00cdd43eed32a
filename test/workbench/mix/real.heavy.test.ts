// A run's coefficients moved by hand, by the real engine on the sample: its own coefficients have the accuracy that is
// stored with the run, nothing of any vector is the pre-trained model, and what is written follows from its recipe to
// the byte. The same of a linearised run, whose features are at hand, and which gives way to other work of the engine.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import type { MixCoefficients, MixScores, OpenedMix } from '../../../src-main/contract/api/mix.ts'
import { formSchema } from '../../../src-main/contract/checkpoint.ts'
import { blockGroups } from '../../../src-main/contract/mix/blocks.ts'
import { withMean, zeroOf } from '../../../src-main/contract/mix/coefficients.ts'
import { forkEngine } from '../../../src-main/workbench/link/engine-process.ts'
import { inspect } from '../../../src-main/worker/inspect.ts'
import { verify } from '../../../src-main/worker/verify.ts'
import { all, next, opened, root, sample, windowOn } from './setting.ts'

const door = join(root, 'src-main/worker/door.ts')
const real = () => windowOn((environment) => forkEngine(door, { ...environment, BASIL_BACKEND: 'wasm' }))
type Window = Awaited<ReturnType<typeof real>>

/** On a few learning and test images of the sample's first tasks. */
async function ran({ workbench, client }: Window, count: number, change: object): Promise<number> {
  const { grant, config } = await client.projects.sample()
  const tasks = config.tasks.slice(0, count).map((task) => ({
    ...task,
    ...{ data: `${task.data}?n=48`, test: `${task.test}?n=16` },
  }))
  const vectors = config.vectors.slice(0, count)
  const { run } = await client.runs.start({ grant, config: { ...config, tasks, vectors, ...change } })
  for await (const event of workbench.runs.watch(run)) if (event.type === 'done') return run
  throw new Error('the run did not end')
}

const accuracies = (scores: MixScores | undefined): number[] =>
  scores?.tasks.map(({ images, correct }) => correct / images) ?? []

async function scored({ client }: Window, { session }: OpenedMix, coefficients: MixCoefficients): Promise<MixScores[]> {
  return all(await client.mix.score({ session, coefficients }))
}

test('of DV-BASI: as stored with the run, as the pre-trained model, and written as its recipe says', async () => {
  const window = await real()
  const { client, workbench } = window
  const run = await ran(window, 2, { start: { method: 'atlas', epochs: 1 }, iterations: 1, epochs: 1 })
  const events = (await client.mix.open({ run }))[Symbol.asyncIterator]()
  const mix = await opened(events)
  expect(mix).toMatchObject({ split: 'validation', grouping: 'tensor', instant: false })
  expect([mix.vectors.length, mix.own.iterations.length]).toEqual([2, 1])

  const waves = await scored(window, mix, mix.own)
  expect(waves.length).toBeGreaterThan(1) // few images first
  expect(waves.map(({ done }) => done)).toEqual([...waves.slice(1).map(() => false), true])
  expect(waves.at(-1)?.tasks.map(({ images }) => images)).toEqual(mix.tasks.map(({ images }) => images))
  expect(accuracies(waves.at(-1))).toEqual(mix.tasks.map(({ own }) => own))
  const none = await scored(window, mix, zeroOf(mix.own))
  expect(accuracies(none.at(-1))).toEqual(mix.tasks.map(({ pretrained }) => pretrained))

  const late = blockGroups(mix.groups, 'parts').find(({ name }) => name === 'late')
  const moved = withMean(mix.own, { part: 'start', row: 0, columns: late?.columns ?? [] }, 0.4)
  const { grouping, groups } = mix
  const asked = { grouping, groups, measured: 'mnist 90 %', form: formSchema.parse({}) }
  const files: string[] = []
  for (const coefficients of [mix.own, moved]) {
    const begun = await client.mix.export({ of: { run }, ...asked, coefficients })
    for await (const job of workbench.jobs.follow(begun?.job ?? 0)) if (job.state === 'done') files.push(job.file ?? '')
  }
  await client.runs.export({ run, iteration: null })
  const exported = join(window.home, 'exports', 'Sample-DV-BASI-from-aTLAS-run-1-iteration-1.safetensors')
  const names = ['pretrained', 'mnist', 'fashion']
  const parents = names.map((name, i) => join(sample, `${i ? 'finetuned-' : ''}${name}.safetensors`))
  for (const file of files) expect((await verify({ file, parents })).tensors).toBeGreaterThan(50)
  expect(weightsOf(files[0])).toEqual(weightsOf(exported)) // the very model of the run
  expect(weightsOf(files[1])).not.toEqual(weightsOf(exported))
  const { metadata } = await inspect(files[1] ?? '')
  expect(JSON.parse(metadata['basil.recipe'] ?? '{}')).toMatchObject({
    ...{ run: null, grouping: 'tensor', groups, iterations: [], method: 'task-arithmetic' },
    name: 'Mix by hand: Run 1: Sample: DV-BASI from aTLAS',
  })
  const card = readFileSync((files[1] ?? '').replace('.safetensors', '.md'), 'utf8')
  expect(card).toContain('mnist 90 %')
  expect(card).toContain('set by hand with accuracy on validation images in view')
  const { entries } = await client.library.list()
  expect(entries.map(({ path }) => path)).toEqual(expect.arrayContaining(files))
  await events.return?.()
})

/** All but the header, which tells how it was made. */
function weightsOf(file = ''): Buffer {
  const bytes = readFileSync(file)
  return bytes.subarray(8 + Number(bytes.readBigUInt64LE(0)))
}

test('of a linearised run: from its features, as stored with the run', async () => {
  const window = await real()
  const run = await ran(window, 1, {
    ...{ method: 'atlas', linearised: 'cached', blocks: 'scalar', epochs: 1, start: undefined, iterations: undefined },
  })
  const events = (await window.client.mix.open({ run }))[Symbol.asyncIterator]()
  const mix = await opened(events)
  expect(mix).toMatchObject({ grouping: 'scalar', instant: true })
  const waves = await scored(window, mix, mix.own)
  expect(accuracies(waves.at(-1))).toEqual(mix.tasks.map(({ own }) => own))

  const of = { models: [{ run, iteration: 0 }], tasks: { run }, split: 'validation' as const, mistakes: 0 }
  const { evaluation } = await window.client.evaluations.start(of) // other work of the engine
  expect((await next(events, 'waiting')).for).toContain('run 1')
  const again = await opened(events)
  expect(window.workbench.evaluations.show(evaluation).state).toBe('done')
  expect(accuracies((await scored(window, again, mix.own)).at(-1))).toEqual(accuracies(waves.at(-1)))
  window.workbench.mixes.close()
})
