// The installed engine through the contract, as a window asks for it: status, installing with events, leaving in the
// middle, removing; and that the engine's process is the one that is wanted, never exchanged under a run.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { MessageChannel } from 'node:worker_threads'

import { createORPCClient } from '@orpc/client'
import { RPCLink } from '@orpc/client/message-port'
import type { ContractRouterClient } from '@orpc/contract'
import { RPCHandler } from '@orpc/server/message-port'
import { afterEach, expect, onTestFinished, test, vi } from 'vitest'

import type { api } from '../../../src-main/contract/api/api.ts'
import { nativeStatusSchema } from '../../../src-main/contract/api/native.ts'
import { basilErrorOf, errorsAsRecords } from '../../../src-main/contract/wire/errors-over-rpc.ts'
import { currentEngine } from '../../../src-main/files/engine-folder.ts'
import { createRouter } from '../../../src-main/workbench/router.ts'
import { openWorkbench, type WorkbenchOptions } from '../../../src-main/workbench/workbench.ts'
import { alive } from '../../alive.ts'
import { toyConfig, toyEngine } from '../toy.ts'
import { nativeDouble } from './double.ts'
import { fakeIndex, type Index } from './fake-index.ts'

afterEach(() => vi.unstubAllEnvs())

async function connected(index: Index, engine: WorkbenchOptions['engine'] = nativeDouble) {
  const { home, resources } = index
  const workbench = await openWorkbench({ home, resources, engine, write: true })
  onTestFinished(() => workbench.close())
  const { port1, port2 } = new MessageChannel()
  const platform = {
    window: false,
    pickConfig: async () => null,
    pickCheckpoints: async () => null,
    pickTarget: async () => null,
    download: () => null,
  }
  new RPCHandler(createRouter(workbench, platform), { clientInterceptors: [errorsAsRecords] }).upgrade(port1, {
    context: {},
  })
  port1.start()
  port2.start()
  onTestFinished(() => port1.close())
  const client: ContractRouterClient<typeof api> = createORPCClient(new RPCLink({ port: port2 }))
  return { client, workbench }
}

test('installs, names what is in use, and removes: the engine that answers is the one that is wanted', async () => {
  const index = fakeIndex()
  const { client, workbench } = await connected(index)
  expect(nativeStatusSchema.parse(await client.engine.status())).toMatchObject({
    installed: null,
    refused: '',
    gpus: [],
    device: 'auto',
  })
  expect((await workbench.engine.describe()).name).toBe('double with undefined')
  const steps = new Set<string>()
  for await (const event of await client.engine.install({ kind: 'cpu' }))
    steps.add(event.type === 'step' ? event.step : event.type)
  expect([...steps]).toEqual(['resolve', 'sizes', 'download', 'extract', 'addon', 'self-test', 'switch', 'installed'])
  const { installed, outdated } = nativeStatusSchema.parse(await client.engine.status())
  expect(outdated).toBe('')
  const source = join(index.resources, 'engine', 'tfjs_binding.node')
  writeFileSync(source, 'the addon of another Basil')
  expect((await client.engine.status()).outdated).toMatch(/^its addon is another Basil's/)
  expect((await workbench.engine.describe()).name).toBe(`double with ${installed?.addon}`)
  expect(await client.engine.remove()).toBe(true)
  expect(await client.engine.remove()).toBe(false)
  expect((await workbench.engine.describe()).name).toBe('double with undefined')
})

test('an engine exchanged while it starts is no engine lost: the new one answers', async () => {
  const index = fakeIndex()
  const { client, workbench } = await connected(index)
  expect(workbench.engine.state().engine).toBeNull() // its process starts
  await client.engine.choose({ device: 'cpu' })
  expect((await workbench.engine.describe()).name).toBe('double with undefined')
  expect(workbench.engine.state()).toMatchObject({ engine: { kind: 'native-cpu' }, error: null })
})

test('a listener that leaves ends the installation and its pip; what failed comes as a record', async () => {
  const index = fakeIndex()
  const { client } = await connected(index)
  index.answer('tensorflow-cpu', 'hangs')
  const pidFile = join(index.home, '..', 'pid')
  for await (const event of await client.engine.install({ kind: 'cpu' }))
    if (event.type === 'step' && event.done > 0 && existsSync(pidFile)) break
  await expect.poll(() => alive(Number(readFileSync(pidFile, 'utf8')))).toBe(false)
  index.answer('tensorflow-cpu', 'unknown')
  await expect.poll(() => failure(client)).toMatchObject({ code: 'install-failed', where: 'tensorflow-cpu 1.0' })
})

test('installed while a run is at work, the run ends in its own engine, and the next one has the new', async () => {
  const index = fakeIndex()
  const addons: (string | undefined)[] = []
  const until = join(index.home, 'goes-on') // the run is at work for as long as it takes
  let isTesting = false
  const { client, workbench } = await connected(index, (environment) => {
    if (isTesting) return nativeDouble(environment)
    addons.push(environment['BASIL_ADDON'])
    return toyEngine({ wait: 5, until }, environment)
  })
  const run = await workbench.runs.start(toyConfig({ epochs: 1000 }))
  for await (const event of await client.engine.install({ kind: 'cpu' }))
    isTesting = event.type === 'step' && ['addon', 'self-test'].includes(event.step)
  const last = client.runs.watch({ run }).then(async (events) => {
    let type = ''
    for await (const event of events) type = event.type
    return type
  })
  expect(workbench.runs.show(run).state).toBe('running')
  expect(addons).toEqual([undefined])
  writeFileSync(until, '')
  await workbench.runs.stop(run)
  expect(await last).toBe('ended')
  await workbench.engine.describe()
  expect(addons).toEqual([undefined, currentEngine(index.home).installed?.addon])
})

function failure(client: ContractRouterClient<typeof api>): Promise<unknown> {
  return client.engine.install({ kind: 'cpu' }).then(
    async (events) => {
      try {
        for await (const _ of events);
        return null
      } catch (error) {
        return basilErrorOf(error).record
      }
    },
    (error: unknown) => basilErrorOf(error).record,
  )
}
