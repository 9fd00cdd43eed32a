// Heads from a window: by ids alone, each in a file of its own in the data folder's heads, and in the library from then
// on. The engine is the toy, which imports as the real one does and writes down what it was asked to make.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { createRouterClient } from '@orpc/server'
import { expect, onTestFinished, test } from 'vitest'

import type { HeadDone } from '../../../src-main/contract/api/heads.ts'
import { basilErrorOf } from '../../../src-main/contract/wire/errors-over-rpc.ts'
import { readHead } from '../../../src-main/engine/heads/head-file.ts'
import { openSource } from '../../../src-main/files/source.ts'
import { createRouter } from '../../../src-main/workbench/router.ts'
import { openWorkbench } from '../../../src-main/workbench/workbench.ts'
import { temporaryFolder, toyEngine } from '../toy.ts'

const root = join(import.meta.dirname, '../../..')
const sample = join(root, 'resources/sample')
const field = join(root, 'test/golden/heads')

async function opened() {
  const home = temporaryFolder()
  const engine = (environment: NodeJS.ProcessEnv) => toyEngine({}, environment)
  const workbench = await openWorkbench({ home, engine, resources: join(root, 'resources'), write: true })
  onTestFinished(() => workbench.close())
  const none = {
    window: false,
    pickConfig: async () => null,
    pickCheckpoints: async () => null,
    pickTarget: async () => null,
    download: () => null,
  }
  const { heads, library } = createRouterClient(createRouter(workbench, none), { context: {} })
  const idOf = async (path: string): Promise<number> => (await library.add({ paths: [path] })).added[0] as number
  return { home, heads, library, idOf }
}

async function done(events: AsyncIterable<{ type: string; result?: HeadDone }>): Promise<HeadDone> {
  for await (const event of events) if (event.type === 'result') return event.result as HeadDone
  throw new Error('no result')
}

const asked = ({ file }: HeadDone): object => JSON.parse(readFileSync(file, 'utf8'))

test("the field's head is imported by its row, under its own name, next to the one that was there, and is a row itself", async () => {
  const { home, heads, library, idOf } = await opened()
  const id = await idOf(join(field, 'head_CarsVal.pt'))
  const first = await done(await heads.importHead({ id }))
  expect(first).toMatchObject({
    file: join(home, 'heads', 'Cars.safetensors'),
    head: join(home, 'heads', 'Cars.safetensors#head.Cars'),
    report: null,
  })
  const second = await done(await heads.importHead({ id }))
  expect(second.file).toBe(join(home, 'heads', 'Cars-2.safetensors'))
  expect(second.sha256).toBe(first.sha256)
  const { entries } = await library.list()
  expect(entries.filter(({ id }) => [first.entry, second.entry].includes(id)).map(({ path }) => path)).toEqual(
    expect.arrayContaining([first.file, second.file]),
  )
  expect(await readHead(first.head, openSource)).toMatchObject({ classes: 5, embed: 8, scale: 100 })
})

test('heads are made of known lists or of texts, and probes of rows of data', async () => {
  const { heads, idOf } = await opened()
  const { classes, templates } = await heads.prompts()
  expect(classes).toContainEqual({ name: 'Cars', count: 196 })
  expect(templates).toContainEqual({ name: 'Cars', count: 8 })
  const model = await idOf(join(sample, 'pretrained.safetensors'))
  const known = asked(await done(await heads.make({ model, classes: 'eurosat', name: 'land' })))
  expect(known).toMatchObject({ name: 'land', classes: { length: 10 }, templates: { length: 3 } })
  const own = asked(
    await done(await heads.make({ model, classes: ['wren', 'rook'], templates: 'mnist', name: 'birds' })),
  )
  expect(own).toMatchObject({ name: 'birds', classes: ['wren', 'rook'], templates: { length: 1 } })
  const tasks = await idOf(join(sample, 'tasks.safetensors'))
  const probe = await done(
    await heads.probe({ model, data: { id: tasks, name: 'mnist.learning' }, classes: 10, name: 'mnist' }),
  )
  expect(asked(probe)).toEqual({ name: 'mnist', data: join(sample, 'tasks.safetensors#mnist.learning') })
  expect(probe.report).toMatchObject({ heldOut: true })
})

test('a list nobody knows is not looked for on the disk, a name is no path, and what the engine refuses comes as it says it', async () => {
  const { home, heads, idOf } = await opened()
  const model = await idOf(join(sample, 'pretrained.safetensors'))
  const refused = async (work: () => Promise<AsyncIterable<{ type: string; result?: HeadDone }>>): Promise<string> =>
    work()
      .then(done)
      .then(
        () => 'nothing',
        (error: unknown) => basilErrorOf(error).record.code,
      )
  const secret = join(home, 'secret.txt')
  writeFileSync(secret, 'wren\nrook\n')
  expect(await refused(() => heads.make({ model, classes: secret, name: 'land' }))).toBe('file-missing')
  // the contract refuses it
  expect(await refused(() => heads.make({ model, classes: 'eurosat', name: '../land' }))).toBe('internal')
  const probe = await idOf(join(field, 'head_probe.pt'))
  expect(await refused(() => heads.importHead({ id: probe }))).toBe('data-invalid')
  expect(await refused(() => heads.importHead({ id: probe, as: 'probe', features: 'raw' }))).toBe('nothing')
})
