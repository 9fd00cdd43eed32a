// A backup in the place of the history while pages are open: it is refused while anything is at work and for what is no
// backup, connections end and come back to another workbench at the same address, what came of it is told, and what
// was there before can be put back.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { createORPCClient } from '@orpc/client'
import { RPCLink } from '@orpc/client/websocket'
import type { ContractRouterClient } from '@orpc/contract'
import { expect, onTestFinished, test } from 'vitest'
import { WebSocket } from 'ws'

import type { api } from '../../src-main/contract/api/api.ts'
import type { Restored } from '../../src-main/contract/api/history.ts'
import { basilErrorOf } from '../../src-main/contract/wire/errors-over-rpc.ts'
import { openHistory } from '../../src-main/history/open.ts'
import { serve } from '../../src-main/server/serve.ts'
import { restoreUnder } from '../../src-main/workbench/history-care.ts'
import { putRun } from '../history/whole.ts'
import { temporaryFolder, toyEngine, toyWorkbench } from '../workbench/toy.ts'

interface Page {
  client: ContractRouterClient<typeof api>
  gone: Promise<void>
}

async function served() {
  const home = temporaryFolder()
  await put(home, 'first')
  const opened = await toyWorkbench(home)
  await opened.historyCare.backUp()
  await opened.close()
  await put(home, 'second')
  const renderer = join(home, 'renderer')
  mkdirSync(renderer)
  writeFileSync(join(renderer, 'index.html'), '<!doctype html><title>Basil</title>')
  const engine = (environment: NodeJS.ProcessEnv) => toyEngine({}, environment)
  const open = (restored: Restored) => toyWorkbench(home, engine, true, undefined, { restored })
  const workbench = await toyWorkbench(home)
  const { url, close } = await serve(workbench, { port: 0, renderer, open })
  onTestFinished(close)
  return { home, workbench, connect: () => connect(new URL(url)) }
}

async function put(home: string, name: string): Promise<void> {
  const history = await openHistory(home)
  putRun(history, name)
  history.close()
}

function connect({ port, hash }: URL): Page {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/api`, `basil.${hash.slice('#token='.length)}`, {
    origin: `http://127.0.0.1:${port}`,
  })
  const gone = new Promise<void>((resolve) => socket.once('close', () => resolve()))
  return { client: createORPCClient(new RPCLink({ websocket: socket as never })), gone }
}

const names = async ({ client }: Page) => (await client.runs.list({ limit: 9 })).rows.map(({ name }) => name)

test('pages lose their connection, come back to the history of the backup, and can put back what was there', async () => {
  const { connect } = await served()
  const [mine, other] = [connect(), connect()]
  expect(await names(mine)).toEqual(['second', 'first'])
  expect(await other.client.history.restored()).toBeNull()
  const [backup] = await mine.client.history.backups()
  const file = backup?.file ?? ''
  const { backup: held, present } = await mine.client.history.contents({ file })
  expect([held.runs, present.runs]).toEqual([1, 2])
  expect(await mine.client.history.restore({ file })).toEqual({ begun: true })
  await Promise.all([mine.gone, other.gone])
  const after = connect()
  expect(await names(after)).toEqual(['first'])
  const restored = await after.client.history.restored()
  expect(restored).toMatchObject({ file, error: null, before: expect.stringMatching(/history-replaced-/) })
  const before = restored?.before ?? ''
  expect(await after.client.history.backups()).toContainEqual(
    expect.objectContaining({ file: before, kind: 'replaced' }),
  )
  await after.client.history.restore({ file: before })
  await after.gone
  expect(await names(connect())).toEqual(['second', 'first'])
})

test('what is no backup, or is damaged, leaves the history as it was and says so', async () => {
  const { home, connect } = await served()
  const page = connect()
  const file = join(home, 'notes.sqlite')
  const asked = () => page.client.history.contents({ file }).catch((thrown: unknown) => basilErrorOf(thrown).record)
  expect(await asked()).toMatchObject({ code: 'file-missing' })
  writeFileSync(file, 'no history at all, but some words')
  expect(await asked()).toMatchObject({ code: 'history-damaged', where: file })
  await page.client.history.restore({ file })
  await page.gone
  const after = connect()
  expect(await after.client.history.restored()).toMatchObject({ before: null, error: { next: expect.any(String) } })
  expect(await names(after)).toEqual(['second', 'first'])
})

test('it is refused while anything is at work, and where the door cannot open the history anew', async () => {
  const { workbench, connect } = await served()
  const page = connect()
  const [backup] = await page.client.history.backups()
  const leave = workbench.jobs.hold('engine', 'run 3, my run')
  const refused = await page.client.history
    .restore({ file: backup?.file ?? '' })
    .catch((thrown: unknown) => basilErrorOf(thrown).record)
  expect(refused).toMatchObject({
    code: 'run-state',
    where: 'run 3, my run',
    inWindow: 'wait for it to end, or pause or cancel it in the queue',
  })
  leave()
  expect(await names(page)).toEqual(['second', 'first'])
})

test('a backup that cannot take the place: another workbench is opened on the history as it was', async () => {
  const home = temporaryFolder()
  await put(home, 'first')
  const workbench = await toyWorkbench(home)
  const next = await restoreUnder(workbench, join(home, 'nowhere.sqlite'), (restored) =>
    toyWorkbench(home, undefined, true, undefined, { restored }),
  )
  expect(next.historyCare.restored).toMatchObject({ before: null, error: { code: 'file-missing' } })
  expect(next.runs.list({ limit: 9 }).rows.map(({ name }) => name)).toEqual(['first'])
})
