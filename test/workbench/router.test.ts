import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { MessageChannel } from 'node:worker_threads'

import { createORPCClient } from '@orpc/client'
import { RPCLink } from '@orpc/client/message-port'
import type { ContractRouterClient } from '@orpc/contract'
import { RPCHandler } from '@orpc/server/message-port'
import { expect, onTestFinished, test } from 'vitest'

import type { api } from '../../src-main/contract/api/api.ts'
import { basilErrorOf, errorsAsRecords } from '../../src-main/contract/wire/errors-over-rpc.ts'
import type { Platform } from '../../src-main/workbench/platform.ts'
import { createRouter } from '../../src-main/workbench/router.ts'
import { temporaryFolder, toyEngine, toyFile, toyWorkbench } from './toy.ts'
import type { Toy } from './toy-faults.ts'

const browser: Platform = {
  window: false,
  pickConfig: async () => null,
  pickCheckpoints: async () => null,
  pickTarget: async () => undefined,
  download: (file) => `/download/${file.length}`,
}

async function connected(platform: Platform = browser, toy: Toy = {}) {
  const home = temporaryFolder()
  const workbench = await toyWorkbench(home, (environment) => toyEngine(toy, environment))
  const file = join(home, 'sample', 'sample.json')
  writeFileSync(file, JSON.stringify(toyFile))
  const { port1, port2 } = new MessageChannel()
  new RPCHandler(createRouter(workbench, platform), { clientInterceptors: [errorsAsRecords] }).upgrade(port1, {
    context: {},
  })
  port1.start()
  port2.start()
  onTestFinished(() => port1.close())
  const client: ContractRouterClient<typeof api> = createORPCClient(new RPCLink({ port: port2 }))
  return { client, workbench, home, file }
}

/** A run of the toy waits for a file, so that it is not over before somebody watches it. */
function held(): { until: string; goOn(): void } {
  const until = join(temporaryFolder(), 'watched')
  return { until, goOn: () => writeFileSync(until, '') }
}

test('a window opens the sample, checks, runs, watches and exports it over a port', async () => {
  const { until, goOn } = held()
  const { client, home } = await connected(browser, { until })
  expect(await client.about()).toMatchObject({ window: false, dataFolder: home, interrupted: [], notices: [] })
  const { grant, config } = await client.projects.sample()
  expect(await client.config.check({ grant, config })).toMatchObject({ issues: [], error: null, plan: { blocks: 4 } })
  const { run } = await client.runs.start({ grant, config })
  const types = []
  for await (const event of await client.runs.watch({ run })) {
    types.push(event.type)
    goOn()
  }
  expect([types[0], types.at(-1)]).toEqual(['started', 'done'])
  expect((await client.about()).engine?.name).toBe('toy')
  expect((await client.runs.list({})).rows).toMatchObject([{ run, state: 'done' }])
  const shown = await client.runs.show({ run })
  expect([shown.start, ...shown.iterations].map((stage) => stage?.epochs.length)).toEqual([4, 4, 4])
  expect(await client.runs.coefficients({ run, stage: 0, epoch: 3 })).toEqual(shown.start?.coefficients)
  const exported = await client.runs.export({ run, iteration: null })
  expect(exported?.download).toBe(`/download/${exported?.file.length}`)
  expect(exported?.cardDownload).toBe(`/download/${exported?.card.length}`)
})

test('a watcher that leaves does not disturb the run, and one that comes late hears its end', async () => {
  const { until, goOn } = held()
  const { client } = await connected(browser, { until })
  const { grant, config } = await client.projects.sample()
  const { run } = await client.runs.start({ grant, config })
  for await (const event of await client.runs.watch({ run })) if (event.type === 'started') break
  let last: string | undefined
  for await (const event of await client.runs.watch({ run })) {
    last = event.type
    goOn()
  }
  expect(last).toBe('done')
  const late = []
  for await (const event of await client.runs.watch({ run })) late.push(event.type)
  expect(late).toEqual(['done'])
})

test('what is wrong comes back as a record: fields of a configuration, missing runs, foreign messages', async () => {
  const { client } = await connected()
  const { grant, config } = await client.projects.sample()
  expect(
    (await client.config.check({ grant, config: { ...config, vectors: [], colour: 1 } })).issues.map((i) => i.field),
  ).toContain('colour')
  expect((await client.config.check({ grant, config: { ...config, pretrained: 'missing' } })).error?.code).toBe(
    'file-missing',
  )
  expect((await client.config.check({ grant, config: { ...config, pretrained: '../x' } })).error?.code).toBe(
    'not-allowed',
  )
  const errorOf = (call: Promise<unknown>) =>
    call.then(
      () => null,
      (error: unknown) => basilErrorOf(error).record,
    )
  expect(await errorOf(client.runs.show({ run: 99 }))).toMatchObject({ code: 'run-missing', where: 'run 99' })
  expect(await errorOf(client.runs.show({ run: 'one' } as unknown as { run: number }))).toMatchObject({
    what: 'A message did not have the agreed form',
    where: 'run',
  })
  expect(await errorOf(client.projects.open({ path: '/nowhere.json' }))).toMatchObject({ code: 'file-missing' })
})

test('with a window its dialogs decide where an export goes, and closing one writes nothing', async () => {
  let target: string | null = null
  const suggested: string[] = []
  const pickTarget = async (name: string) => {
    suggested.push(name)
    return target
  }
  const { client, home, file } = await connected({
    ...browser,
    window: true,
    pickConfig: async () => file2,
    pickTarget,
    download: () => null,
  })
  const file2 = file
  const project = await client.projects.pick()
  const { run } = await client.runs.start({ grant: project?.grant ?? '', config: project?.config })
  for await (const _ of await client.runs.watch({ run }));
  expect(await client.runs.export({ run, iteration: 0 })).toBeNull()
  expect(suggested).toEqual([`toy-run-run-${run}-iteration-0.safetensors`])
  target = join(home, 'chosen.safetensors')
  expect(await client.runs.export({ run, iteration: 0 })).toMatchObject({ file: target, download: null })
})

test('a window plans a study, follows it to its end, and asks for the controls of a configuration', async () => {
  const { client } = await connected()
  const { grant, config } = await client.projects.sample()
  const definition = {
    name: 'toys',
    config,
    arms: [{ label: 'a' }, { label: 'b', change: { iterations: 1 } }],
    seeds: [1],
  }
  expect((await client.studies.plan({ grant, definition })).runs).toEqual([
    { arm: 'a', part: '', seed: 1 },
    { arm: 'b', part: '', seed: 1 },
  ])
  const { study } = await client.studies.start({ grant, definition })
  for await (const _ of await client.studies.watch()) if ((await client.studies.show({ study })).state === 'done') break
  expect((await client.studies.show({ study })).table.map(({ arm, seeds }) => [arm, seeds])).toEqual([
    ['a', 1],
    ['b', 1],
  ])
  expect(await client.studies.list()).toMatchObject([{ study, done: 2 }])
  const [job] = await client.jobs.list({ over: 1 })
  expect(await client.jobs.request({ job: job?.job ?? 0 })).toEqual({ request: { name: 'toys' } })
  expect(await client.studies.pause({ study })).toBe(false)
  expect((await client.studies.controls({ config })).arms.map(({ label }) => label)).toContain('restart only')
  const two = { ...config, tasks: ['a', 'b'].map((name) => ({ ...config.tasks[0], name })) }
  const adapted = await client.studies.adaptation({ config: two })
  expect(new Set(adapted.arms.map(({ label }) => label))).toEqual(new Set(['UFM + DV-BASI', 'UFM', 'entropy', 'SAR']))
  expect(adapted.arms.map(({ part }) => part).slice(0, 2)).toEqual(['a', 'b'])
  const outside = { ...definition, config: { ...config, pretrained: '/etc/passwd' } }
  const refused = await client.studies
    .start({ grant, definition: outside })
    .catch((error: unknown) => basilErrorOf(error).record)
  expect(refused).toMatchObject({ code: 'not-allowed' })
  expect(await client.studies.forget({ study })).toBe(true)
})

test('a study that is dropped is taken by its text where it holds its configuration, with known paths alone', async () => {
  const { client } = await connected()
  const text = (config: unknown) => JSON.stringify({ name: 'mine', config, arms: [{ label: 'a' }], seeds: [3, 4] })
  const { grant, definition } = await client.studies.take({ name: 'mine.json', text: text(toyFile) })
  expect(definition).toMatchObject({ name: 'mine', seeds: [3, 4], config: toyFile })
  const refused = (asked: Promise<unknown>) => asked.catch((error: unknown) => basilErrorOf(error).record)
  expect(await refused(client.studies.plan({ grant, definition }))).toMatchObject({ code: 'not-allowed' })
  expect(await refused(client.studies.take({ name: 'mine.json', text: text('sample.json') }))).toMatchObject({
    what: 'The study does not hold its configuration',
    where: 'mine.json',
    next: expect.stringContaining('by its path'),
  })
})

test('a study that a person wrote as a file is opened with its own seeds, and its paths are those beside its configuration', async () => {
  const { client, home } = await connected()
  const path = join(home, 'sample', 'mine.json')
  writeFileSync(path, JSON.stringify({ name: 'mine', config: 'sample.json', arms: [{ label: 'a' }], seeds: [3, 4] }))
  expect((await client.projects.recognise({ path })).kind).toBe('study')
  const { grant, definition } = await client.studies.open({ path })
  expect(definition).toMatchObject({ name: 'mine', seeds: [3, 4], config: toyFile })
  expect((await client.studies.plan({ grant, definition })).runs.map(({ seed }) => seed)).toEqual([3, 4])
  writeFileSync(path, JSON.stringify({ config: 'sample.json', seeds: [] }))
  const refused = await client.studies.open({ path }).catch((error: unknown) => basilErrorOf(error).record)
  expect(refused).toMatchObject({ code: 'config-invalid', where: 'name, seeds' })
})

test('a page keeps what it remembers, and not which folders configurations may name', async () => {
  const { client } = await connected()
  await client.preferences.keep({ key: 'theme', value: 'dark' })
  const refused = await client.preferences.keep({ key: 'projects.folders', value: ['/'] }).catch(basilErrorOf)
  expect(refused).toMatchObject({ record: { code: 'not-allowed' } })
  expect(await client.preferences.all()).toEqual({ theme: 'dark' })
})

test('a study that is opened names its configuration within its folder, or one that was opened', async () => {
  const { client, home } = await connected()
  const [folder, elsewhere] = [join(home, 'theirs'), join(home, 'mine')]
  for (const made of [folder, elsewhere]) mkdirSync(made)
  for (const made of [folder, elsewhere]) writeFileSync(join(made, 'run.json'), JSON.stringify(toyFile))
  const open = (config: string) => {
    const path = join(folder, 'study.json')
    writeFileSync(path, JSON.stringify({ name: 'theirs', config }))
    return client.studies.open({ path }).catch((error: unknown) => basilErrorOf(error).record)
  }
  for (const config of ['../mine/run.json', join(elsewhere, 'run.json')])
    expect(await open(config)).toMatchObject({ code: 'not-allowed', where: config })
  expect(await open('run.json')).toMatchObject({ definition: { name: 'theirs' } })
  await client.projects.open({ path: join(elsewhere, 'run.json') }) // by the person
  expect(await open(join(elsewhere, 'run.json'))).toMatchObject({ definition: { name: 'theirs' } })
})
