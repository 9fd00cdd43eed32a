// A workbench whose reading process is the real one, and its data sets, asked over the router as a window asks.
import { createORPCClient } from '@orpc/client'
import { RPCLink } from '@orpc/client/message-port'
import type { ContractRouterClient } from '@orpc/contract'
import { RPCHandler } from '@orpc/server/message-port'
import { onTestFinished } from 'vitest'

import type { api } from '../../../src-main/contract/api/api.ts'
import type { Told } from '../../../src-main/contract/engine-api.ts'
import type { Progress } from '../../../src-main/contract/run/run.ts'
import { errorsAsRecords } from '../../../src-main/contract/wire/errors-over-rpc.ts'
import type { Platform } from '../../../src-main/workbench/platform.ts'
import { createRouter } from '../../../src-main/workbench/router.ts'
import type { Workbench } from '../../../src-main/workbench/workbench.ts'
import { libraryAt } from '../library/setting.ts'

const browser: Platform = {
  window: false,
  pickConfig: async () => null,
  pickCheckpoints: async () => null,
  pickTarget: async () => undefined,
  download: () => null,
}

type Client = ContractRouterClient<typeof api>

export async function dataAt(
  home: string,
  platform: Partial<Platform> = {},
  write = true,
): Promise<{ workbench: Workbench; client: Client; data: Client['data'] }> {
  const workbench = await libraryAt(home, {}, write)
  const { port1, port2 } = new MessageChannel()
  new RPCHandler(createRouter(workbench, { ...browser, ...platform }), {
    clientInterceptors: [errorsAsRecords],
  }).upgrade(port1, {
    context: {},
  })
  port1.start()
  port2.start()
  onTestFinished(() => port1.close())
  const client: Client = createORPCClient(new RPCLink({ port: port2 }))
  return { workbench, client, data: client.data }
}

export async function whole<T>(events: AsyncIterable<Told<T>>): Promise<{ result: T; progress: Progress[] }> {
  const progress: Progress[] = []
  for await (const event of events) {
    if (event.type === 'result') return { result: event.result, progress }
    progress.push(event)
  }
  throw new Error('there was no result')
}
