// Adding a folder that takes long: how far it is, that it can be left, that it holds up no other, and that it has an
// end of Basil's own.
import { execFileSync, spawn } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { createORPCClient } from '@orpc/client'
import { RPCLink } from '@orpc/client/message-port'
import type { ContractRouterClient } from '@orpc/contract'
import { RPCHandler } from '@orpc/server/message-port'
import { expect, onTestFinished, test } from 'vitest'

import type { api } from '../../../src-main/contract/api/api.ts'
import { errorsAsRecords } from '../../../src-main/contract/wire/errors-over-rpc.ts'
import { walkOf } from '../../../src-main/files/folder.ts'
import { createRouter } from '../../../src-main/workbench/router.ts'
import { findData, lookAtData } from '../../../src-main/worker/data/find-data.ts'
import { started } from '../../bundles.ts'
import { temporaryFolder, toyEngine, toyEntry, toyWorkbench } from '../toy.ts'
import { petsAt } from './miniatures.ts'
import { whole } from './setting.ts'

const guard = 5 * 60_000 // against hanging

type Client = ContractRouterClient<typeof api>

/** A workbench whose reading process never comes to the end of a folder named "endless", asked as a window asks. */
async function slow(): Promise<{ client: Client; root: string; settled: () => Promise<void> }> {
  const root = temporaryFolder()
  mkdirSync(join(root, 'endless'))
  await petsAt(join(root, 'pets'))
  const workbench = await toyWorkbench(temporaryFolder(), (environment) =>
    toyEngine({ endless: 'endless' }, environment),
  )
  const { port1, port2 } = new MessageChannel()
  const nothing = { window: false, pickConfig: async () => null, pickCheckpoints: async () => [join(root, 'endless')] }
  const platform = { ...nothing, pickTarget: async () => undefined, download: () => null }
  new RPCHandler(createRouter(workbench, platform), { clientInterceptors: [errorsAsRecords] }).upgrade(port1, {
    context: {},
  })
  port1.start()
  port2.start()
  onTestFinished(() => port1.close())
  return { client: createORPCClient(new RPCLink({ port: port2 })), root, settled: () => workbench.dataSets.settled() }
}

test.each(['add', 'pick'] as const)(
  'data.%s tells how far it is, holds up no other, and ends when it is left',
  { timeout: guard },
  async (how) => {
    const { client, root, settled } = await slow()
    const leaving = new AbortController()
    const { signal } = leaving
    const endless =
      how === 'add'
        ? client.data.add({ paths: [join(root, 'endless')] }, { signal })
        : client.data.pick({ kind: 'folder' }, { signal })
    const outcome = endless.then(
      () => 'added',
      () => 'left',
    )
    const told: number[] = []
    for await (const { work } of await client.data.watch()) {
      if (work?.what === `Looking into ${join(root, 'endless')}`) told.push(work.done)
      if (new Set(told).size >= 4) break
    }
    expect(told).toEqual(told.toSorted((a, b) => a - b))
    const second = await client.data.add({ paths: [join(root, 'pets')] })
    await settled()
    expect((await client.data.list()).map(({ id, state, splits }) => [id, state, splits.length])).toEqual([
      [second.added[0], 'present', 2],
    ])
    leaving.abort()
    expect(await outcome).toBe('left')
    for await (const { work } of await client.data.watch()) if (work === null) break
    expect((await client.data.add({ paths: [join(root, 'pets')] })).known).toEqual(second.added)
  },
)

test.runIf(process.platform !== 'win32')(
  'in a terminal Ctrl+C ends it, and what was added before stays',
  { timeout: guard },
  async () => {
    const [root, home] = [temporaryFolder(), temporaryFolder()]
    mkdirSync(join(root, 'endless'))
    await petsAt(join(root, 'pets'))
    const cli = started('src-main/cli.ts')
    const env = {
      ...process.env,
      BASIL_HOME: home,
      BASIL_ENGINE: toyEntry,
      TOY: JSON.stringify({ endless: 'endless' }),
    }
    const child = spawn(process.execPath, [cli, 'data', 'add', join(root, 'pets'), join(root, 'endless')], {
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    onTestFinished(() => void child.kill('SIGKILL'))
    let said = ''
    child.stderr.on('data', (text) => (said += text))
    const code = new Promise((resolve) => child.on('exit', (code, signal) => resolve(signal ?? code)))
    const rows = (): string => execFileSync(process.execPath, [cli, 'data', 'list'], { env, encoding: 'utf8' })
    // it is at the endless one by then
    await expect.poll(rows, { timeout: guard, interval: 500 }).toContain('train 20, test 6')
    child.kill('SIGINT')
    expect(await code).toBe(1)
    expect(said).toContain('Looking for data was ended: you cancelled it')
    expect(rows()).toContain('train 20, test 6')
  },
)

test('what is walked has a bound, which is named as Basil’s, with all that was found before it', async () => {
  const root = temporaryFolder()
  await petsAt(join(root, 'a pets'))
  mkdirSync(join(root, 'b much/inner'), { recursive: true })
  for (let i = 0; i < 40; i++) writeFileSync(join(root, 'b much/inner', `${i}.txt`), '')
  const { result } = await whole(findData(root, 60))
  expect(result).toMatchObject({ paths: [join(root, 'a pets')], refused: [] })
  const bounded = await whole(findData(root, 20))
  expect(bounded.result).toMatchObject({
    paths: [join(root, 'a pets')],
    refused: [
      {
        code: 'not-supported',
        what: 'There is more than Basil walks in one go',
        why: 'it looks at 20 names and there are more, which is a bound of its own',
      },
    ],
  })
  await expect(whole(lookAtData(join(root, 'a pets'), 8))).rejects.toMatchObject({ record: { code: 'not-supported' } })
  await expect(walkOf(39).list(join(root, 'b much/inner'))).rejects.toMatchObject({ record: { code: 'not-supported' } })
  expect(await walkOf(40).list(join(root, 'b much/inner'))).toHaveLength(40)
  for (let i = 0; i < 201; i++) mkdirSync(join(root, `c${i}`))
  expect((await whole(findData(root))).result.refused).toMatchObject([
    { what: 'Not every folder in it was looked into', why: expect.stringContaining('200') },
  ])
})
