// Trap 8 of the reliability note: each address and header that has fooled another program's loopback check, against
// ours.
import { request } from 'node:http'

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'

import { tell } from '../faults/promises.ts'
import { testsSeen } from '../faults/tests-seen.ts'
import { type Sent, startServer } from './start-server.ts'

const began = performance.now()
const seen = testsSeen()
afterAll(() => tell('R14', began, seen()))

let sent: Sent
beforeAll(async () => {
  sent = await startServer()
})
afterAll(() => sent.close())

/** Headers as a browser would send them, with {port} and {token} filled in; null leaves one out. */
type Headers = Record<string, string | null>

const good: Headers = {
  Host: '127.0.0.1:{port}',
  Origin: 'http://127.0.0.1:{port}',
  'Sec-WebSocket-Protocol': 'basil.{token}',
}

const refusedSockets: [string, Headers][] = [
  ['a rebound name with its own origin', { Host: 'attacker.com:{port}', Origin: 'http://attacker.com:{port}' }],
  ['a host that begins like ours', { Host: '127.0.0.1.evil.com:{port}' }],
  ['an origin that begins like ours', { Origin: 'http://127.0.0.1.evil.com:{port}' }],
  [
    'host and origin that begin like ours',
    { Host: '127.0.0.1.evil.com:{port}', Origin: 'http://127.0.0.1.evil.com:{port}' },
  ],
  [
    'localhost as a subdomain',
    { Host: 'localhost.attacker.com:{port}', Origin: 'http://localhost.attacker.com:{port}' },
  ],
  ['a name that ends in localhost', { Host: 'evil.localhost:{port}', Origin: 'http://evil.localhost:{port}' }],
  ['localhost itself', { Host: 'localhost:{port}', Origin: 'http://localhost:{port}' }],
  ['no host', { Host: '' }],
  ['no origin', { Origin: null }],
  ['an empty origin', { Origin: '' }],
  ['the null origin of a sandboxed frame', { Origin: 'null' }],
  ['another port in host', { Host: '127.0.0.1:1' }],
  ['no port in host', { Host: '127.0.0.1' }],
  ['another port in origin', { Origin: 'http://127.0.0.1:1' }],
  ['no port in origin', { Origin: 'http://127.0.0.1' }],
  ['https in origin', { Origin: 'https://127.0.0.1:{port}' }],
  ['a file as origin', { Origin: 'file://' }],
  ['an extension as origin', { Origin: 'chrome-extension://abcdefghijklmnop' }],
  ['an origin with a path', { Origin: 'http://127.0.0.1:{port}/' }],
  ['a user in origin', { Origin: 'http://127.0.0.1:{port}@evil.com' }],
  ['capital letters in origin', { Origin: 'HTTP://127.0.0.1:{port}' }],
  ['the address in hexadecimal', { Host: '0x7f000001:{port}', Origin: 'http://0x7f000001:{port}' }],
  ['another loopback address', { Host: '127.0.0.2:{port}', Origin: 'http://127.0.0.2:{port}' }],
  ['IPv6 loopback', { Host: '[::1]:{port}', Origin: 'http://[::1]:{port}' }],
  ['all interfaces', { Host: '0.0.0.0:{port}', Origin: 'http://0.0.0.0:{port}' }],
  ['two hosts in one', { Host: '127.0.0.1:{port}, evil.com' }],
  ['a forwarded host only', { Host: 'evil.com', 'X-Forwarded-Host': '127.0.0.1:{port}' }],
  ['a service worker', { 'Service-Worker': 'script' }],
  ['another site, said by the browser', { 'Sec-Fetch-Site': 'cross-site' }],
  ['the same site but another port, said by the browser', { 'Sec-Fetch-Site': 'same-site' }],
  ['no token', { 'Sec-WebSocket-Protocol': null }],
  ['an empty token', { 'Sec-WebSocket-Protocol': 'basil.' }],
  ['a wrong token', { 'Sec-WebSocket-Protocol': `basil.${'A'.repeat(43)}` }],
  ['the token and a letter', { 'Sec-WebSocket-Protocol': 'basil.{token}A' }],
  ['the token without its prefix', { 'Sec-WebSocket-Protocol': '{token}' }],
  ['the token among guesses', { 'Sec-WebSocket-Protocol': 'basil.guess, basil.{token}' }],
  ['the token in another header', { 'Sec-WebSocket-Protocol': null, Authorization: 'Bearer {token}' }],
]

describe('the WebSocket', () => {
  it('accepts the page that was opened with the token', async () => {
    expect(await upgrade('/api', good)).toBe(101)
  })
  it.each(refusedSockets)('refuses %s', async (_name, headers) => {
    expect(await upgrade('/api', { ...good, ...headers })).not.toBe(101)
  })
  it.each(['/', '/api/', '/api?token={token}', '/API', '//api'])('is not at %s', async (path) => {
    expect(await upgrade(fill(path), good)).not.toBe(101)
  })
  it('never says the token in an answer', async () => {
    const { headers, body } = await get('/', { Host: good.Host ?? null })
    expect(JSON.stringify(headers) + body).not.toContain(sent.token)
  })
  it('ends a connection whose message is over the limit', async () => {
    const socket = new WebSocket(`ws://127.0.0.1:${sent.port}/api`, `basil.${sent.token}`, {
      origin: `http://127.0.0.1:${sent.port}`,
    })
    await new Promise((resolve) => socket.once('open', resolve))
    const closed = new Promise<number>((resolve) => socket.once('close', resolve))
    socket.on('error', () => {})
    socket.send('x'.repeat(5 * 2 ** 20))
    expect([1006, 1009]).toContain(await closed)
    expect(await upgrade('/api', good)).toBe(101)
  })
})

describe('a page', () => {
  it.each(
    refusedSockets.filter(
      ([, headers]) => !('Sec-WebSocket-Protocol' in headers) && headers.Origin !== null && headers.Origin !== '',
    ),
  )('is not given to %s', async (_name, headers) => {
    expect((await get('/', { ...good, ...headers, 'Sec-WebSocket-Protocol': null })).status).toBeGreaterThanOrEqual(400)
  })
})

async function upgrade(path: string, headers: Headers): Promise<number> {
  const asked = {
    Connection: 'Upgrade',
    Upgrade: 'websocket',
    'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
  }
  return new Promise((resolve, reject) => {
    const ask = request({
      host: '127.0.0.1',
      port: sent.port,
      path,
      headers: { ...asked, ...filled(headers) },
      setHost: false,
    })
    ask.on('upgrade', (response, socket) => {
      socket.destroy()
      resolve(response.statusCode ?? 0)
    })
    ask.on('response', (response) => resolve(response.resume().statusCode ?? 0))
    ask.on('error', reject).end()
  })
}

function get(path: string, headers: Headers): Promise<{ status: number; headers: object; body: string }> {
  return new Promise((resolve, reject) => {
    const ask = request(
      { host: '127.0.0.1', port: sent.port, path, headers: filled(headers), setHost: false },
      (response) => {
        let body = ''
        response.setEncoding('utf8').on('data', (text: string) => {
          body += text
        })
        response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }))
      },
    )
    ask.on('error', reject).end()
  })
}

const filled = (headers: Headers) =>
  Object.fromEntries(Object.entries(headers).flatMap(([name, value]) => (value === null ? [] : [[name, fill(value)]])))

function fill(text: string): string {
  return text.replaceAll('{port}', String(sent.port)).replaceAll('{token}', sent.token)
}
