// A page proves that it has the token without sending it; and the address of a data folder comes back after a restart,
// its token with it, unless somebody else may have seen what belonged to it.
import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'

import { keepAddress, readAddress, touchAddress } from '../../src-main/server/address.ts'
import { serveRouter } from '../../src-main/server/listen.ts'
import { answerTo, createChallenges, proofOf } from '../../src-main/server/proof.ts'
import { type Sent, startServer } from './start-server.ts'

const token = 'T'.repeat(43)

describe('an answered challenge', () => {
  const port = 4000
  const good = (challenge: string, of = port, by = token) => proofOf(challenge, answerTo(challenge, of, by))

  it('is good once', () => {
    const challenges = createChallenges()
    const offer = good(challenges.give())
    expect(challenges.isAnswered(offer, port, token)).toBe(true)
    expect(challenges.isAnswered(offer, port, token)).toBe(false)
  })
  it('is good for half a minute', () => {
    let now = 0
    const challenges = createChallenges(() => now)
    const [early, late] = [good(challenges.give()), good(challenges.give())]
    now = 30_000
    expect(challenges.isAnswered(early, port, token)).toBe(true)
    now = 30_001
    expect(challenges.isAnswered(late, port, token)).toBe(false)
  })
  it.each<[string, (challenge: string) => string]>([
    ['by another token', (challenge) => good(challenge, port, 'U'.repeat(43))],
    ['for another port', (challenge) => good(challenge, 4001)],
    ['that another server made', () => good(createChallenges().give())],
    ['with a later time', (challenge) => good(challenge.replace(/^\d+/, (time) => `${Number(time) + 1}`))],
    ['with a word more', (challenge) => `${good(challenge)}.x`],
    ['without an answer', (challenge) => `basil-proof.${challenge}`],
    ['among others', (challenge) => `basil.guess, ${good(challenge)}`],
    ['under another name', (challenge) => good(challenge).replace('basil-proof', 'basil')],
    ['that is empty', () => ''],
  ])('is not good %s', (_name, made) => {
    const challenges = createChallenges()
    expect(challenges.isAnswered(made(challenges.give()), port, token)).toBe(false)
  })
})

describe('the server', () => {
  let sent: Sent
  beforeAll(async () => {
    sent = await startServer()
  })
  afterAll(() => sent.close())
  const challenge = (headers: Record<string, string> = {}) =>
    fetch(`http://127.0.0.1:${sent.port}/challenge`, { headers })

  it('lets a page in by its proof, once, and only from its own origin', async () => {
    const given = await (await challenge()).text()
    const offer = proofOf(given, answerTo(given, sent.port, sent.token))
    expect(await opens(sent.port, offer, 'http://127.0.0.1:1')).toBe(false)
    expect(await opens(sent.port, offer)).toBe(true)
    expect(await opens(sent.port, offer)).toBe(false)
  })
  it('gives no challenge to another origin or site, and never says the token in one', async () => {
    expect((await challenge({ Origin: 'http://evil.com' })).status).toBe(403)
    expect((await challenge({ 'Sec-Fetch-Site': 'cross-site' })).status).toBe(403)
    const answer = await challenge()
    expect(JSON.stringify([...answer.headers]) + (await answer.text())).not.toContain(sent.token)
    expect(answer.headers.get('access-control-allow-origin')).toBeNull()
    expect(answer.headers.get('set-cookie')).toBeNull()
    expect(answer.headers.get('cache-control')).toBe('no-store')
  })
  it('lets nobody in with a challenge alone', async () => {
    const given = await (await challenge()).text()
    expect(await opens(sent.port, `basil-proof.${given}.${'A'.repeat(43)}`)).toBe(false)
    expect(await opens(sent.port, `basil.${given}`)).toBe(false)
  })
})

describe('the address of a data folder', () => {
  let home: string
  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), 'basil-address-'))
    writeFileSync(join(home, 'index.html'), '<!doctype html>')
  })
  afterAll(() => rm(home, { recursive: true }))
  const serve = (port = 0) => serveRouter(() => ({}), { port, renderer: home, last: readAddress(home) })

  it('comes back after a restart, and is for its owner alone', async () => {
    expect(readAddress(home)).toBeNull()
    const first = await serve()
    keepAddress(home, first.address)
    await first.close()
    expect(statSync(join(home, 'server.json')).mode & 0o777).toBe(0o600)
    const second = await serve()
    await second.close()
    expect(second.url).toBe(first.url)
  })
  it('is not believed after an absence of more than some minutes, and is touched while it is served', () => {
    const after = (minutes: number): Date => new Date(Date.now() + minutes * 60_000)
    expect(readAddress(home, after(4))).not.toBeNull()
    expect(readAddress(home, after(10))).toBeNull()
    touchAddress(home, after(10))
    expect(readAddress(home, after(14))).not.toBeNull()
    expect(readAddress(home)).toBeNull() // of a clock that was wrong
    touchAddress(home)
  })
  it('is another, with another token, where somebody else has the port', async () => {
    const last = readAddress(home)
    const other = await listening(last?.port ?? 0)
    const moved = await serve()
    await moved.close()
    await new Promise((resolve) => other.close(resolve))
    expect(moved.address.port).not.toBe(last?.port)
    expect(moved.address.token).not.toBe(last?.token)
  })
  it('has a token of its own where a port is asked for', async () => {
    const last = readAddress(home)
    const free = await listening(0)
    const { port } = free.address() as { port: number }
    await new Promise((resolve) => free.close(resolve))
    const asked = await serve(port)
    await asked.close()
    expect(asked.address.port).toBe(port)
    expect(asked.address.token).not.toBe(last?.token)
  })
  it('is not believed where others may read it, or where it is no address', () => {
    const file = join(home, 'server.json')
    const text = readFileSync(file, 'utf8')
    chmodSync(file, 0o644)
    expect(readAddress(home)).toBeNull()
    chmodSync(file, 0o600)
    expect(readAddress(home)).not.toBeNull()
    for (const broken of [
      '',
      '{',
      '[]',
      text.replace(/"port":\d+/, '"port":0'),
      text.replace(/"token":"/, '"token":"x'),
    ]) {
      writeFileSync(file, broken)
      expect(readAddress(home)).toBeNull()
    }
  })
})

function opens(port: number, offer: string, origin = `http://127.0.0.1:${port}`): Promise<boolean> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/api`, offer, { origin })
  return new Promise((resolve) => {
    socket.on('open', () => {
      socket.terminate()
      resolve(true)
    })
    socket.on('error', () => resolve(false))
  })
}

async function listening(port: number): Promise<Server> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  return server
}
