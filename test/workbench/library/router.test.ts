// The library over a port, as a window and a browser ask for it.
import { join } from 'node:path'
import { MessageChannel } from 'node:worker_threads'

import { createORPCClient } from '@orpc/client'
import { RPCLink } from '@orpc/client/message-port'
import type { ContractRouterClient } from '@orpc/contract'
import { RPCHandler } from '@orpc/server/message-port'
import { expect, onTestFinished, test } from 'vitest'

import type { api } from '../../../src-main/contract/api/api.ts'
import type { Told } from '../../../src-main/contract/engine-api.ts'
import { basilErrorOf, errorsAsRecords } from '../../../src-main/contract/wire/errors-over-rpc.ts'
import type { Platform } from '../../../src-main/workbench/platform.ts'
import { createRouter } from '../../../src-main/workbench/router.ts'
import { checkpoint, setting } from './setting.ts'

const browser: Platform = {
  window: false,
  pickConfig: async () => null,
  pickCheckpoints: async () => null,
  pickTarget: async () => undefined,
  download: (file) => `/download/${file.length}`,
}

async function connected(platform: Partial<Platform> = {}) {
  const made = await setting({ 'a.safetensors': checkpoint(1), 'b.safetensors': checkpoint(3) })
  const { port1, port2 } = new MessageChannel()
  const router = createRouter(made.workbench, { ...browser, ...platform })
  new RPCHandler(router, { clientInterceptors: [errorsAsRecords] }).upgrade(port1, { context: {} })
  port1.start()
  port2.start()
  onTestFinished(() => port1.close())
  const client: ContractRouterClient<typeof api> = createORPCClient(new RPCLink({ port: port2 }))
  return { ...made, client: client.library }
}

async function resultOf<T>(events: AsyncIterable<Told<T>>): Promise<T | undefined> {
  let result: T | undefined
  for await (const event of events) if (event.type === 'result') result = event.result
  return result
}

test('rows are added, watched, measured, compared and converted', async () => {
  const { client, folder, home, library } = await connected()
  const seen: number[] = []
  const watching = (async () => {
    for await (const { version, work } of await client.watch()) {
      seen.push(version)
      if (seen.length > 1 && work === null) return
    }
  })()
  const { added } = await client.add({ paths: [folder] })
  await watching
  await library.settled()
  expect(seen).toEqual(seen.toSorted((a, b) => a - b))
  const [a = 0, b = 0] = added
  expect((await client.list()).entries.map(({ id, state }) => [id, state])).toEqual([
    [a, 'present'],
    [b, 'present'],
  ])
  expect((await client.show({ id: a })).list).toHaveLength(1)
  expect(await resultOf(await client.statistics({ id: a }))).toMatchObject({
    tensors: [{ name: 'weight', norm: 2, mean: 1 }],
  })
  expect(await resultOf(await client.compare({ a, b }))).toMatchObject({
    tensors: [{ name: 'weight', normA: 2, normB: 6, distance: 4 }],
  })
  expect((await resultOf(await client.compatible({ pretrained: a, others: [b] })))?.vectors).toMatchObject([
    { norm: 4, relative: 2 },
  ])
  const report = await resultOf(await client.mergeReport({ pretrained: a, others: [b], spectra: 'none' }))
  expect(report).toMatchObject({ of: 'differences', vectors: [{ norm: 4, relative: 2 }], layers: [{ norms: [4] }] })
  const form = { container: 'safetensors', layout: null, dtype: 'float16' } as const
  const first = await client.convert({ id: a, form })
  expect(first).toMatchObject({
    file: join(home, 'exports', 'a-float16.safetensors'),
    download: expect.stringContaining('/download/'),
  })
  expect((await client.convert({ id: a, form }))?.file).toBe(join(home, 'exports', 'a-float16-2.safetensors'))
  expect(await client.describe({ id: b, tags: ['x'] })).toMatchObject({ id: b, tags: ['x'] })
  expect(await client.refresh()).toBe(true)
  expect(await client.forget({ ids: [b] })).toBe(1)
  const gone = await client.show({ id: b }).catch((error: unknown) => basilErrorOf(error).record)
  expect(gone).toMatchObject({ code: 'file-missing', where: `row ${b}` })
})

test('with a window its dialogs say what is added and where a conversion goes; a closed dialog does nothing', async () => {
  const asked: string[] = []
  let chosen: string[] | null = null
  const { client, folder } = await connected({
    pickCheckpoints: async (kind) => {
      asked.push(kind)
      return chosen
    },
    pickTarget: async (name) => {
      asked.push(name)
      return null
    },
  })
  expect(await client.pick({ kind: 'files' })).toBeNull()
  chosen = [folder]
  const told = await client.pick({ kind: 'folder' })
  expect(told?.added).toHaveLength(2)
  const form = { container: 'state_dict', layout: 'huggingface', dtype: null } as const
  expect(await client.convert({ id: told?.added[0] ?? 0, form })).toBeNull()
  expect(asked).toEqual(['files', 'folder', 'a-huggingface.pt'])
})
