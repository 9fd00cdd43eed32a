// Hostile messages (R12) over the WebSocket of a real server with its whole router: each is refused with a record, a
// good call between them is answered, nothing of a folder beside is told or touched, and the server says of all of
// them a few lines. test/desktop/messages.heavy.test.ts sends the other half over a message port.
import { spawn } from 'node:child_process'

import { expect, onTestFinished, test } from 'vitest'
import { WebSocket } from 'ws'

import { logsFolder } from '../../src-main/files/log.ts'
import { newestLogs } from '../../src-main/files/read-logs.ts'
import { started } from '../bundles.ts'
import { countOf, seedOf, tell } from '../faults/promises.ts'
import { temporaryFolder, toyEntry } from '../workbench/toy.ts'
import { answered, middleAndP95 } from './answered.ts'
import { channels, hostileCalls } from './hostile-calls.ts'
import { makeOutside, secret } from './outside.ts'

const cli = started('src-main/cli.ts')
const guard = 10 * 60_000 // against hanging
const [wanted, seed] = [countOf('R12') / 2, seedOf(20_261_128)]

/** The server in a process of its own, and what it said on stderr so far. */
async function served(home: string): Promise<{ url: URL; said: () => string }> {
  const env = { ...process.env, BASIL_HOME: home, BASIL_ENGINE: toyEntry }
  const child = spawn(process.execPath, [cli, 'serve'], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  let [out, err] = ['', '']
  child.stderr.on('data', (text) => (err += text))
  const url = await new Promise<URL>((resolve, reject) => {
    child.stdout.on('data', (text) => {
      out += text
      const [address] = /http:\S+#token=\S+/.exec(out) ?? []
      if (address) resolve(new URL(address))
    })
    child.on('exit', (code) => reject(new Error(`it ended with ${code}: ${err}`)))
  })
  return { url, said: () => err }
}

test('hostile messages are refused, typed and counted; a good call is answered all the time', {
  timeout: guard,
}, async () => {
  const began = performance.now()
  const home = temporaryFolder()
  const outside = makeOutside(home)
  const before = outside.state()
  const { url, said } = await served(home)
  const connect = async () => {
    const socket = new WebSocket(`ws://${url.host}/api`, `basil.${url.hash.slice('#token='.length)}`, {
      origin: url.origin,
    })
    const closed = new Promise<never>((_, reject) =>
      socket.on('close', (code) => reject(new Error(`closed with ${code}`))),
    )
    await Promise.race([closed, new Promise((resolve) => socket.on('open', resolve))])
    return {
      send: (message: string | Uint8Array) => socket.send(message),
      hear: (listener: (text: string) => void) => void socket.on('message', (data) => listener(String(data))),
      closed,
    }
  }
  const next = hostileCalls(seed, { longest: 3.9 * 2 ** 20, paths: outside.paths })
  const [line, other] = [await connect(), await connect()]
  other.closed.catch(() => undefined) // it would have no answer
  const { codes, good, untyped, leaked, milliseconds, beside } = await answered({ line, other, next, wanted, secret })
  const touched = outside.state() === before ? 0 : 1
  tell('R12', began, {
    ...{ count: wanted, lost: untyped.length + leaked + touched, differ: 0, seed },
    besides: `over WebSocket on ${channels.length} channels, ${good} may have been good, the rest ${JSON.stringify(Object.fromEntries(codes))}; a good call behind 50 others: ${middleAndP95(milliseconds)}, of another page meanwhile: ${middleAndP95(beside)}`,
  })
  expect(untyped.slice(0, 5)).toEqual([])
  expect({ leaked, touched }).toEqual({ leaked: 0, touched: 0 })
  expect(codes.get('message-invalid')).toBeGreaterThan(wanted / 3)
  expect(said().length).toBeLessThan(4000)
  expect(said()).toContain('1000 messages from pages were refused for their form.')
  const logged = await newestLogs(logsFolder(home))
  expect(logged.some(({ text }) => text.includes('Input validation failed'))).toBe(false)
})
