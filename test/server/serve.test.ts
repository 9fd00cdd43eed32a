// What a browser gets: pages with strict headers and nothing outside their folder, the router with errors as records,
// and each exported file once.

import { writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'

import { createORPCClient } from '@orpc/client'
import { RPCLink } from '@orpc/client/websocket'
import type { RouterClient } from '@orpc/server'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { WebSocket } from 'ws'

import { basilErrorOf } from '../../src-main/contract/wire/errors-over-rpc.ts'
import { serveRouter } from '../../src-main/server/listen.ts'
import { tell } from '../faults/promises.ts'
import { testsSeen } from '../faults/tests-seen.ts'
import { missing, type Sent, type smallRouter, startServer } from './start-server.ts'

const began = performance.now()
const seen = testsSeen()
afterAll(() => tell('R14', began, seen()))

let sent: Sent
let client: RouterClient<ReturnType<typeof smallRouter>>
let socket: WebSocket
let ended = 0
beforeAll(async () => {
  sent = await startServer(() => {
    ended += 1
  })
  socket = new WebSocket(`ws://127.0.0.1:${sent.port}/api`, `basil.${sent.token}`, {
    origin: `http://127.0.0.1:${sent.port}`,
  })
  client = createORPCClient(new RPCLink({ websocket: socket as never }))
})
afterAll(() => sent.close())

const at = (path: string) => `http://127.0.0.1:${sent.port}${path}`

it('prints an address with a 256-bit token that browsers do not send', () => {
  expect(sent.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/#token=[\w-]{43}$/)
})

it('gives the pages their type and strict headers', async () => {
  const page = await fetch(at('/'))
  expect(await page.text()).toContain('Basil')
  const policy = page.headers.get('content-security-policy') ?? ''
  expect(policy).toContain("default-src 'none'")
  expect(policy).toContain(`connect-src ws://127.0.0.1:${sent.port}`)
  expect(policy).not.toMatch(/script-src[^;]*unsafe|\*/)
  expect(page.headers.get('x-content-type-options')).toBe('nosniff')
  expect(page.headers.get('cross-origin-opener-policy')).toBe('same-origin')
  expect(page.headers.get('cross-origin-resource-policy')).toBe('same-origin')
  expect(page.headers.get('access-control-allow-origin')).toBeNull()
  expect(page.headers.get('set-cookie')).toBeNull()
  const script = await fetch(at('/assets/app.js?v=1'))
  expect([script.status, script.headers.get('content-type')]).toEqual([200, 'text/javascript; charset=utf-8'])
  expect((await fetch(at('/'), { method: 'HEAD' })).headers.get('content-length')).toBe('35')
  expect((await fetch(at('/'), { method: 'POST' })).status).toBe(405)
})

it.each([
  '/../outside.html',
  '/assets/../../outside.html',
  '/%2e%2e/outside.html',
  '/..%2foutside.html',
  '/..%5coutside.html',
  '//outside.html',
  '/.secret',
  '/assets',
  '/assets/',
  '/index.html%00.js',
  '/nothing.html',
  '/download/',
  '/download/..%2f..%2foutside.html',
  'http://127.0.0.1/../outside.html',
])('serves nothing at %s', async (path) => {
  expect(await statusOf(path)).toBe(404)
})

it('listens on no other interface', async () => {
  const reached = await new Promise((resolve) => {
    const other = connect({ host: '127.0.0.2', port: sent.port })
    other.on('connect', () => resolve(true)).on('error', () => resolve(false))
  })
  expect(reached).toBe(false)
})

it('answers calls, and says what a browser cannot do', async () => {
  expect(await client.double({ value: 21 })).toBe(42)
  expect(await client.window()).toEqual([false, null, true])
})

it('gives an error of Basil as its record, from a call and from a stream', async () => {
  expect((await caught(client.fail())).record).toEqual(missing)
  const values: number[] = []
  const stream = async () => {
    for await (const value of await client.count({ failAt: 3 })) values.push(value)
  }
  expect((await caught(stream())).record).toEqual(missing)
  expect(values).toEqual([0, 1, 2])
})

it('gives a fault of ours as an internal one, and a message of the wrong form with its field', async () => {
  expect((await caught(client.burst())).record).toMatchObject({ code: 'internal', why: 'x is not a function' })
  expect((await caught(client.double({ value: 'two' as never }))).record).toMatchObject({
    code: 'message-invalid',
    where: 'value',
  })
})

it('ends a stream whose reader has gone', async () => {
  const before = ended
  for await (const value of await client.count({ failAt: -1 })) if (value > 2) break
  await expect.poll(() => ended).toBe(before + 1)
})

it('gives an exported file once, under its own name', async () => {
  const file = join(sent.folder, 'mérged "v1".safetensors')
  await writeFile(file, 'tensors')
  const ticket = (await client.export({ file })) ?? ''
  expect(ticket).toMatch(/^\/download\/[\w-]{43}$/)
  const first = await fetch(at(ticket))
  expect(await first.text()).toBe('tensors')
  expect(first.headers.get('content-disposition')).toBe(
    `attachment; filename="m_rged _v1_.safetensors"; filename*=UTF-8''m%C3%A9rged%20%22v1%22.safetensors`,
  )
  expect((await fetch(at(ticket))).status).toBe(404)
  const gone = (await client.export({ file: join(sent.folder, 'gone.safetensors') })) ?? ''
  expect((await fetch(at(gone))).status).toBe(500)
})

it('says so when the pages are not built', async () => {
  const nowhere = serveRouter(() => ({}), { port: 0, renderer: join(sent.folder, 'nowhere') })
  await expect(nowhere).rejects.toMatchObject({ record: { code: 'file-missing', next: 'run "npm run build"' } })
})

it('closes its connections and its port', async () => {
  const other = await startServer()
  const closed = new WebSocket(`ws://127.0.0.1:${other.port}/api`, `basil.${other.token}`, {
    origin: `http://127.0.0.1:${other.port}`,
  })
  await new Promise((resolve) => closed.once('open', resolve))
  const ending = new Promise((resolve) => closed.once('close', resolve))
  await other.close()
  await ending
  await expect(fetch(`http://127.0.0.1:${other.port}/`)).rejects.toThrow()
})

async function caught(promise: Promise<unknown>) {
  try {
    await promise
  } catch (error) {
    return basilErrorOf(error)
  }
  throw new Error('nothing was thrown')
}

/** Of a request whose path is sent as it is written, unlike fetch, which tidies it. */
function statusOf(path: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const raw = connect({ host: '127.0.0.1', port: sent.port }, () =>
      raw.write(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${sent.port}\r\nConnection: close\r\n\r\n`),
    )
    let answer = ''
    raw.on('data', (data) => {
      answer += String(data)
    })
    raw.on('end', () => resolve(Number(answer.split(' ')[1]))).on('error', reject)
  })
}
