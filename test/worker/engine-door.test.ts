// The engine's door over a channel: each question reaches the function of its name, parsed; progress is paced, and what
// nobody answers is found at the start.
import { MessageChannel } from 'node:worker_threads'

import { createORPCClient } from '@orpc/client'
import { RPCLink } from '@orpc/client/message-port'
import type { ContractRouterClient } from '@orpc/contract'
import { expect, onTestFinished, test } from 'vitest'

import { engineContract } from '../../src-main/contract/engine-api.ts'
import { type EngineSide, serveEngine } from '../../src-main/worker/engine-door.ts'
import { readingOnly } from './reading-only.ts'

function clientOf(answers: EngineSide): ContractRouterClient<typeof engineContract> {
  const { port1, port2 } = new MessageChannel()
  serveEngine(answers, port1)
  port2.start()
  onTestFinished(() => port2.close())
  return createORPCClient(new RPCLink({ port: port2 }))
}

test('a question reaches the function of its name with what was asked, below a subject too', async () => {
  const asked: unknown[] = []
  const client = clientOf({
    ...readingOnly,
    hash: async (input, signal) => {
      asked.push(input, signal.aborted)
      return { sha256: 'x', bytes: 1 }
    },
    data: {
      ...readingOnly.data,
      find: async function* (input) {
        asked.push(input)
        for (let done = 0; done < 1000; done++) yield { type: 'progress', what: 'Looking', done, total: 1000 }
        yield { type: 'result', result: { paths: ['there'], refused: [] } }
      },
    },
  })
  expect(await client.hash({ file: 'a' })).toEqual({ sha256: 'x', bytes: 1 })
  const told: unknown[] = []
  for await (const event of await client.data.find({ path: 'b' })) told.push(event)
  expect(asked).toEqual([{ file: 'a' }, false, { path: 'b' }])
  expect(told.at(-1)).toEqual({ type: 'result', result: { paths: ['there'], refused: [] } })
  expect(told.length).toBeLessThan(1000) // at most ten a second
})

test('what does not have the form of the contract reaches nobody', async () => {
  const client = clientOf({ ...readingOnly, hash: () => expect.unreachable() })
  await expect(client.hash({ file: 1 as unknown as string })).rejects.toThrow()
})

test('a question that nobody answers is named at the start', () => {
  const { hash: _, ...without } = readingOnly
  expect(() => serveEngine(without as EngineSide, new MessageChannel().port1)).toThrow('nothing answers hash')
})

test('everything the contract asks of the engine is a function of its side', () => {
  const own = ['run', 'stop'] // which run is at work is known at the door
  const names = Object.keys(engineContract).filter((name) => !own.includes(name))
  expect(Object.keys(readingOnly).sort()).toEqual([...names, 'run'].sort())
})
