// Twenty thousand messages that are none, or not of the contract's form, over the WebSocket of a real server with its
// whole router: each is refused with a record, a good call between them is answered, and the server says of all of them
// a few lines.
import { spawn } from 'node:child_process'
import { join } from 'node:path'

import { expect, onTestFinished, test } from 'vitest'
import { WebSocket } from 'ws'

import { errorSchema } from '../../src-main/contract/errors.ts'
import { temporaryFolder, toyEntry } from '../workbench/toy.ts'
import { type Bad, badMessages } from './bad-messages.ts'

const cli = join(import.meta.dirname, '../../src-main/cli.ts')
const guard = 10 * 60_000 // against hanging
const [wanted, atOnce, seed] = [20_000, 250, 20_261_128]

interface Answer {
  i: string
  p: { s?: number; b?: { json?: { data?: unknown } } }
}

/** The server in a process of its own, and what it said on stderr so far. */
async function served(): Promise<{ url: URL; said: () => string }> {
  const env = { ...process.env, BASIL_HOME: temporaryFolder(), BASIL_ENGINE: toyEntry }
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

test('bad messages are refused, typed and counted; a good call is answered all the time', {
  timeout: guard,
}, async () => {
  const { url, said } = await served()
  const socket = new WebSocket(`ws://${url.host}/api`, `basil.${url.hash.slice('#token='.length)}`, {
    origin: url.origin,
  })
  const waiting: { left: Map<string, number>; done: () => void; heard: (answer: Answer) => void } = {
    left: new Map(),
    done: () => undefined,
    heard: () => undefined,
  }
  socket.on('message', (data) => {
    const answer = JSON.parse(String(data)) as Answer
    waiting.heard(answer)
    const left = (waiting.left.get(answer.i) ?? 0) - 1
    if (left > 0) waiting.left.set(answer.i, left)
    else waiting.left.delete(answer.i)
    if (waiting.left.size === 0) waiting.done()
  })
  const isClosed = new Promise<never>((_, reject) =>
    socket.on('close', (code) => reject(new Error(`closed with ${code}`))),
  )
  await Promise.race([isClosed, new Promise((resolve) => socket.on('open', resolve))])

  const codes = new Map<string, number>()
  const next = badMessages(seed)
  const untyped: unknown[] = []
  for (let sent = 0; sent < wanted; sent += atOnce) {
    const round = Array.from({ length: atOnce }, next)
    const byId = new Map(round.map((bad) => [bad.id, bad]))
    const good = `good${sent}`
    for (const { id } of [...round, { id: good }]) waiting.left.set(id, (waiting.left.get(id) ?? 0) + 1)
    waiting.heard = ({ i, p }) => {
      const status = p.s ?? 200
      if (i === good) return void (status === 200 || untyped.push([good, p]))
      const bad = byId.get(i) as Bad
      if (status === 200) return void (bad.mayBeGood || untyped.push([bad, p]))
      const record = errorSchema.safeParse(p.b?.json?.data).data
      if (!record || record.code === 'internal') untyped.push([bad, p])
      codes.set(record?.code ?? '', (codes.get(record?.code ?? '') ?? 0) + 1)
    }
    const all = new Promise<void>((resolve) => {
      waiting.done = resolve
    })
    for (const { message } of round) socket.send(message)
    socket.send(JSON.stringify({ i: good, p: { u: '/about' } }))
    await Promise.race([all, isClosed])
  }
  expect(untyped.slice(0, 5)).toEqual([])
  expect(codes.get('message-invalid')).toBeGreaterThan(wanted / 3)
  expect(said().length).toBeLessThan(2000)
  expect(said()).toContain('10000 messages from pages were refused for their form.')
  console.log(
    `messages: ${wanted} of seed ${seed}, answered ${JSON.stringify(Object.fromEntries(codes))}, stderr ${said().length} bytes`,
  )
})
