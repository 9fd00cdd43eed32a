// The one way out of this page: a typed client of the contract over a message port (Electron) or a WebSocket (browser).
// A lost connection is made again by itself; a call never hangs: it fails when its connection goes or its time is up.
import { type ClientLink, createORPCClient, ORPCError } from '@orpc/client'
import { RPCLink as PortLink } from '@orpc/client/message-port'
import { RPCLink as SocketLink } from '@orpc/client/websocket'
import type { ContractRouterClient } from '@orpc/contract'
import { ResponseValidationPlugin } from '@orpc/contract/plugins'
import { z } from 'zod'

import { api } from '../src-main/contract/api/api.ts'
import { BasilError, type ErrorRecord, errorSchema, recordOf } from '../src-main/contract/errors.ts'

z.config({ jitless: true }) // the page's policy forbids eval

export type Connection = 'connecting' | 'open' | 'lost'
/** Why there is none: nobody is there, somebody is who says nothing, or does not know this page. */
export type Why = 'ended' | 'silent' | 'refused'
type Link = ClientLink<Record<never, never>>
interface Line {
  link: Link
  lost: Promise<never> // rejects when the connection goes
  drop: () => void // gives it up, so that it is made again
}

export const silence = 'Basil did not answer'
const connectLimit = 10_000 // ms
const callLimit = 60_000 // ms
const unhurried = new Set([
  ...['projects.pick', 'library.pick', 'data.pick'], // a person's dialog
  ...['data.add', 'data.refresh', 'data.draw', 'data.previews'], // folders of a million images
  ...['runs.export', 'runs.start', 'config.check', 'config.measure', 'library.convert'], // gigabytes to hash
  ...['library.add', 'library.refresh', 'library.scanAgain'], // many files
  ...['merges.plan', 'merges.start', 'mix.export'], // many headers, a person's dialog
  ...['problem.prepare', 'problem.save'], // a driver that does not answer, a person's dialog
  ...['studies.start', 'studies.pause', 'studies.estimate'], // many configurations to check, a run to end
  ...['clusters.submit', 'clusters.retry', 'jobs.cancel'], // the same, and a cluster far away that is slow to answer
])
const longestWait = 10_000 // ms between two attempts

/** Makes a connection: tells when it is open, and when it is closed or cannot be, and why if that is known. */
type Open = (opened: (line: Line) => void, closed: (why?: Why) => void) => void

export class Bridge {
  state: Connection = 'connecting'
  failures = 0
  why: Why | null = null // of the newest failure
  lostAt: number | null = null // ms; null while it is open
  #line: Line | null = null
  #listeners = new Set<() => void>()
  #retry: ReturnType<typeof setTimeout> | undefined
  #attempt = 0
  readonly #open: Open

  constructor(open: Open) {
    this.#open = open
  }

  /** Connects, and again with each token that comes in the address. */
  start(): void {
    void takeToken().finally(() => this.connect())
    window.addEventListener('hashchange', () => void takeToken().then((isNew) => isNew && this.connect()))
  }

  /** Calls back at every change of state; returns the way to stop. */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Tries now; also called by the retry button. */
  connect(): void {
    clearTimeout(this.#retry)
    const attempt = ++this.#attempt
    const opened = (line: Line) => {
      if (attempt !== this.#attempt) return
      this.#line = line
      this.failures = 0
      this.why = null
      this.lostAt = null
      this.#become('open')
    }
    const closed = (why?: Why) => {
      if (attempt !== this.#attempt) return
      this.#line = null
      this.why = why ?? null
      this.lostAt ??= Date.now()
      this.failures++
      this.#retry = setTimeout(() => this.connect(), Math.min(longestWait, 250 * 2 ** this.failures))
      this.#become('lost')
    }
    this.#open(opened, closed)
  }

  /** The connection, waited for; rejects when it does not come back in time. */
  async line(): Promise<Line> {
    if (this.#line) return this.#line
    return within(
      new Promise<Line>((resolve) => {
        const stop = this.subscribe(() => {
          if (!this.#line) return
          stop()
          resolve(this.#line)
        })
      }),
      connectLimit,
    )
  }

  #become(state: Connection): void {
    this.state = state
    for (const listener of [...this.#listeners]) listener()
  }
}

function openPort(opened: (line: Line) => void, closed: () => void): void {
  const { port1, port2 } = new MessageChannel()
  const { promise: lost, reject } = Promise.withResolvers<never>()
  const gone = () => reject(noAnswer('the connection closed'))
  port1.addEventListener('close', gone) // an event that Electron adds
  lost.catch(() => closed())
  const link = new PortLink({ port: port1, plugins: [new ResponseValidationPlugin(api)] })
  port1.start()
  window.postMessage('basil-port', '*', [port2])
  opened({
    link,
    lost,
    drop: () => {
      port1.close()
      gone()
    },
  })
}

async function openSocket(opened: (line: Line) => void, closed: (why?: Why) => void): Promise<void> {
  const mine = await pageKey()
  const proof = mine && (await proofWith(mine).catch((thrown: unknown) => whyOf(thrown)))
  if (!proof || typeof proof === 'string') return closed(proof ?? 'refused')
  const socket = new WebSocket(`ws://${location.host}/api`, [proof.offer])
  const { promise: lost, reject } = Promise.withResolvers<never>()
  let isKnown = false
  socket.addEventListener('close', () => reject(noAnswer('the connection closed')))
  lost.catch(() => {
    if (!isKnown && fresh === mine) fresh = null // it came in an address that is not Basil's
    closed(isKnown ? undefined : 'refused')
  })
  const link = new SocketLink({ websocket: socket, plugins: [new ResponseValidationPlugin(api)] })
  socket.addEventListener('open', () => {
    isKnown = true
    if (fresh === mine) void keep(mine).catch(() => undefined) // a browser that keeps nothing: until the next reload
    opened({ link, lost, drop: () => socket.close() })
  })
}

// The token of the printed address is kept as a key that signs and is never read again, for all tabs of this address: a
// tab that was opened without it works too, and a page that finds another program at this port gives nothing away.
// src-main/server/proof.ts says what is signed.
let fresh: CryptoKey | null = null // of this page's address, until another was accepted
const hmac = { name: 'HMAC', hash: 'SHA-256' }

/** Takes the token out of the address; true when there was one. */
async function takeToken(): Promise<boolean> {
  const token = /[#&]token=([\w.~-]+)/.exec(location.hash)?.[1]
  if (!token) return false
  history.replaceState(null, '', `${location.pathname}${location.search}#/`)
  fresh = await crypto.subtle.importKey('raw', new TextEncoder().encode(token), hmac, false, ['sign'])
  return true
}

async function pageKey(): Promise<CryptoKey | null> {
  return fresh ?? (await inStore('readonly', (store) => store.get('page')).catch(() => null))
}

const keep = (key: CryptoKey): Promise<unknown> => inStore('readwrite', (store) => store.put(key, 'page'))

async function inStore<T>(mode: IDBTransactionMode, act: (store: IDBObjectStore) => IDBRequest<T>): Promise<T> {
  const opening = indexedDB.open('basil', 1)
  opening.onupgradeneeded = () => opening.result.createObjectStore('keys')
  const database = await answerOf(opening)
  try {
    return await answerOf(act(database.transaction('keys', mode).objectStore('keys')))
  } finally {
    database.close()
  }
}

function answerOf<T>(asked: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    asked.onsuccess = () => resolve(asked.result)
    asked.onerror = () => reject(asked.error)
  })
}

async function proofWith(key: CryptoKey): Promise<{ offer: string }> {
  const asked = await fetch('/challenge', { signal: AbortSignal.timeout(connectLimit) })
  const challenge = await asked.text()
  const text = new TextEncoder().encode(`basil ${location.port} ${challenge}`)
  const signed = String.fromCharCode(...new Uint8Array(await crypto.subtle.sign(hmac, key, text)))
  const answer = btoa(signed).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
  return { offer: `basil-proof.${challenge}.${answer}` }
}

const whyOf = (thrown: unknown): Why =>
  thrown instanceof DOMException && thrown.name === 'TimeoutError' ? 'silent' : 'ended'

interface Waiting {
  gone: { why: unknown } | null
  rejects: Set<(why: unknown) => void>
}
const waiting = new WeakMap<Promise<never>, Waiting>()

/** The work, or why its connection went. As Promise.race, which would keep something of every call till then. */
function untilLost<T>(work: Promise<T>, lost: Promise<never>): Promise<T> {
  const { gone, rejects } = waitingFor(lost)
  return new Promise<T>((resolve, reject) => {
    if (gone) reject(gone.why)
    rejects.add(reject)
    work.then(resolve, reject).finally(() => rejects.delete(reject))
  })
}

function waitingFor(lost: Promise<never>): Waiting {
  const known = waiting.get(lost)
  if (known) return known
  const all: Waiting = { gone: null, rejects: new Set() }
  waiting.set(lost, all)
  lost.catch((why: unknown) => {
    all.gone = { why }
    for (const reject of all.rejects) reject(why)
    all.rejects.clear()
  })
  return all
}

function within<T>(work: Promise<T>, limit: number, late?: () => void): Promise<T> {
  let timer: ReturnType<typeof setTimeout>
  const tooLong = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(noAnswer(`no answer in ${limit / 1000} seconds`))
      late?.()
    }, limit)
  })
  return Promise.race([work, tooLong]).finally(() => clearTimeout(timer))
}

function noAnswer(why: string): BasilError {
  return new BasilError({
    code: 'internal',
    what: silence,
    where: '',
    why,
    next: 'wait for the connection to return, then try again',
  })
}

/** What a failed call says: the record the other side sent, else the fault as far as it is known here. */
export function errorOf(thrown: unknown): ErrorRecord {
  if (thrown instanceof ORPCError) {
    const sent = errorSchema.safeParse(thrown.data)
    if (sent.success) return sent.data
  }
  return recordOf(thrown)
}

/** The contract's procedures over whatever connection the bridge has at the moment. */
export function clientOver(bridge: Pick<Bridge, 'line'>): ContractRouterClient<typeof api> {
  const link: Link = {
    async call(path, input, options) {
      const line = await bridge.line()
      const answer = untilLost(line.link.call(path, input, options), line.lost)
      return unhurried.has(path.join('.')) ? answer : within(answer, callLimit, line.drop)
    },
  }
  return createORPCClient(link)
}

const inElectron = navigator.userAgent.includes('Electron')
const open: Open = inElectron ? openPort : (opened, closed) => void openSocket(opened, closed)
export const bridge = new Bridge(open) // started by main.ts
export const client = clientOver(bridge)
