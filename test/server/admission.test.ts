// A thousand connections that say nothing: the page is answered meanwhile, there are never many of them, and soon there
// is none.
import { connect, type Socket } from 'node:net'

import { afterEach, beforeEach, expect, it } from 'vitest'
import { WebSocket } from 'ws'

import { type Sent, startServer } from './start-server.ts'

const guard = 5 * 60_000 // against hanging

let sent: Sent
const opened: Socket[] = []
beforeEach(async () => {
  sent = await startServer()
})
afterEach(async () => {
  for (const socket of opened.splice(0)) socket.destroy()
  await sent.close()
})

/** Connects, says `words`, and waits for nothing. */
function silent(words = ''): Promise<Socket> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port: sent.port }, () => {
      if (words) socket.write(words)
      resolve(socket)
    })
    socket.on('error', () => resolve(socket)).on('close', () => resolve(socket))
    socket.resume() // else its end is never seen
    opened.push(socket)
  })
}

const page = async (): Promise<string> => (await fetch(`http://127.0.0.1:${sent.port}/`)).text()
const living = (): number => opened.filter((socket) => !socket.destroyed).length

function socketOf(): Promise<WebSocket> {
  const socket = new WebSocket(`ws://127.0.0.1:${sent.port}/api`, `basil.${sent.token}`, {
    origin: `http://127.0.0.1:${sent.port}`,
  })
  return new Promise((resolve, reject) => socket.on('open', () => resolve(socket)).on('error', reject))
}

it.each([
  ['say nothing', ''],
  ['begin a request and never end it', 'GET / HTTP/1.1\r\nHost: '],
])('1,000 connections that %s leave the page its turn', { timeout: guard }, async (_, words) => {
  const before = await socketOf()
  for (let count = 0; count < 1000; count += 50) {
    await Promise.all(Array.from({ length: 50 }, () => silent(words)))
    expect(await page()).toContain('Basil')
    await expect.poll(living, { timeout: guard }).toBeLessThanOrEqual(256)
  }
  const during = await socketOf()
  expect([before.readyState, during.readyState]).toEqual([WebSocket.OPEN, WebSocket.OPEN])
  await expect.poll(living, { timeout: guard }).toBe(0) // the rest is given up in seconds
  before.terminate()
  during.terminate()
})

it('counts the windows that have the token apart, and refuses more of them than there can be', {
  timeout: guard,
}, async () => {
  await Promise.all(Array.from({ length: 300 }, () => silent()))
  const windows = []
  for (let count = 0; count < 64; count++) windows.push(await socketOf())
  await expect(socketOf()).rejects.toThrow('403')
  expect(await page()).toContain('Basil')
  windows.pop()?.terminate()
  await expect
    .poll(
      () =>
        socketOf().then(
          () => 'open',
          () => 'refused',
        ),
      { timeout: guard },
    )
    .toBe('open')
  for (const window of windows) window.terminate()
})

it('keeps no connection after an answer', async () => {
  const answer = await fetch(`http://127.0.0.1:${sent.port}/`)
  expect(answer.headers.get('connection')).toBe('close')
})

it.each([
  ['twice the same', '127.0.0.1:{port}', '127.0.0.1:{port}'],
  ['ours and another', '127.0.0.1:{port}', 'evil.com'],
  ['another and ours', 'evil.com', '127.0.0.1:{port}'],
])('refuses a second Host: %s', async (_, ...hosts) => {
  const lines = hosts.map((host) => `Host: ${host.replace('{port}', String(sent.port))}\r\n`).join('')
  for (const rest of [
    '',
    `Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nOrigin: http://127.0.0.1:${sent.port}\r\nSec-WebSocket-Protocol: basil.${sent.token}\r\n`,
  ]) {
    const socket = await silent(`GET ${rest ? '/api' : '/'} HTTP/1.1\r\n${lines}${rest}\r\n`)
    const first = await new Promise<string>((resolve) =>
      socket.on('data', (data) => resolve(String(data))).on('close', () => resolve('')),
    )
    expect(first).toMatch(/^HTTP\/1\.1 403 /)
  }
})
