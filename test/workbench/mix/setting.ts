// A workbench behind its router, as a window has it, for tests of mixes.
import { join } from 'node:path'

import { createRouterClient } from '@orpc/server'
import { onTestFinished } from 'vitest'

import type { MixEvent, OpenedMix } from '../../../src-main/contract/api/mix.ts'
import type { EngineProcess } from '../../../src-main/workbench/link/engine-process.ts'
import { createRouter } from '../../../src-main/workbench/router.ts'
import { openWorkbench } from '../../../src-main/workbench/workbench.ts'
import { temporaryFolder } from '../toy.ts'

export const root = join(import.meta.dirname, '../../..')
export const sample = join(root, 'resources/sample')

export async function windowOn(engine: (environment: NodeJS.ProcessEnv) => EngineProcess) {
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
  const client = createRouterClient(createRouter(workbench, none), { context: {} })
  return { home, workbench, client }
}

type Events = AsyncIterator<MixEvent>

/** Up to the next event of this kind; what came before it is left out. */
export async function next<T extends MixEvent['type']>(
  events: Events,
  type: T,
): Promise<Extract<MixEvent, { type: T }>> {
  for (;;) {
    const { value, done } = await events.next()
    if (done) throw new Error(`the mix ended without "${type}"`)
    if (isOf(value, type)) return value
  }
}

function isOf<T extends MixEvent['type']>(event: MixEvent, type: T): event is Extract<MixEvent, { type: T }> {
  return event.type === type
}

export const opened = (events: Events): Promise<OpenedMix> => next(events, 'opened')

export async function all<T>(events: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = []
  for await (const event of events) found.push(event)
  return found
}
