// One HTTP server for a browser on the same machine: pages, an oRPC router over a WebSocket at /api, and downloads.
// It listens on 127.0.0.1 only; who may talk to it is decided in gate.ts.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'

import type { AnyRouter } from '@orpc/server'
import { RPCHandler } from '@orpc/server/ws'
import { type MessageEvent, type WebSocket, WebSocketServer } from 'ws'

import { pageHeaders } from '../workbench/page-headers.ts'
import { createPageMessages, inTurn, longestMessage, type PageMessages } from '../workbench/page-messages.ts'
import type { Platform } from '../workbench/platform.ts'
import type { Address } from './address.ts'
import { admitTo, shortPatience } from './admission.ts'
import { Downloads, sendDownload } from './downloads.ts'
import { newToken, refuseRequest, refuseSocket } from './gate.ts'
import { listPages, sendPage } from './pages.ts'
import { createChallenges } from './proof.ts'

export interface ServeOptions {
  port: number // 0: the last one, or any free one
  renderer: string // folder of the built pages
  last?: Address | null // where this data folder was served before
}

export interface Served {
  url: string // with the token in its fragment
  address: Address
  /** Ends every connection; those that come meanwhile wait for the router that the work gives. */
  exchange(work: () => Promise<MakeRouter>): Promise<void>
  close(): Promise<void>
}

export type MakeRouter = (platform: Platform) => AnyRouter

const farewell = 1000 // milliseconds for a page to hear that its connection ends
const unread = 10_000 // milliseconds that a page's file may wait for its reader
const tooMany = 'there are too many windows and downloads'

/**
 * Serves a router, made with what a browser can do, until closed. Rejects when the port is taken or the pages are not
 * built.
 */
export async function serveRouter(router: MakeRouter, { port, renderer, last = null }: ServeOptions): Promise<Served> {
  const pages = await listPages(renderer)
  const downloads = new Downloads()
  const challenges = createChallenges()
  let token = ''
  const platform: Platform = {
    window: false,
    pickConfig: async () => null,
    pickCheckpoints: async () => null,
    pickTarget: async () => undefined,
    download: (file) => downloads.offer(file),
  }
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: longestMessage,
    perMessageDeflate: false,
    clientTracking: true,
    handleProtocols: ([offered]) => offered ?? false, // the one that was let in
  })
  const routing = createRouting(router, platform, sockets)
  const server = createServer(shortPatience, (request, response) => {
    response.shouldKeepAlive = false // one request a connection: the next one may be another's
    response.setTimeout(unread, () => response.destroy())
    answer(request, response).catch(() => fail(response, 500, 'the file could not be read'))
  })
  const admission = admitTo(server)
  const here = () => (server.address() as AddressInfo).port

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    for (const [name, value] of headersOf(here())) response.setHeader(name, value)
    const refusal = refuseRequest(request, here())
    if (refusal) return fail(response, 403, refusal)
    if (request.method !== 'GET' && request.method !== 'HEAD') return fail(response, 405, 'only GET and HEAD')
    const address = request.url?.split(/[?#]/)[0] ?? '/'
    if (address === '/challenge') return say(response, 200, challenges.give())
    const page = pages.get(address)
    if (page) return sendPage(response, page, request.method === 'HEAD')
    const file = request.method === 'GET' ? downloads.redeem(address) : undefined
    if (file) return download(request, response, file)
    fail(response, 404, 'nothing is here')
  }

  async function download(request: IncomingMessage, response: ServerResponse, file: string): Promise<void> {
    if (!admission.accept(request.socket)) return fail(response, 503, tooMany)
    response.setTimeout(0) // gigabytes, and a person may stop them for a while
    return sendDownload(response, file)
  }

  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => socket.destroy())
    const refusal = refusalOf(request) ?? (admission.accept(socket) ? undefined : tooMany)
    if (refusal) return void socket.end(forbidden(refusal))
    void routing.ready().then(() =>
      sockets.handleUpgrade(request, socket, head, (connection) => {
        connection.on('error', () => connection.terminate()) // too big a message, or a broken one
        routing.take(connection)
      }),
    )
  })
  const isProof = (offer: string): boolean => challenges.isAnswered(offer, here(), token)
  const refusalOf = (request: IncomingMessage): string | undefined =>
    request.url === '/api' ? refuseSocket(request, here(), token, isProof) : 'nothing is here'

  await (port === 0 && last ? listen(server, last.port).catch(() => listen(server, 0)) : listen(server, port))
  token = here() === last?.port ? last.token : newToken()
  return {
    url: `http://127.0.0.1:${here()}/#token=${token}`,
    address: { port: here(), token },
    exchange: routing.exchange,
    close: async () => {
      for (const connection of sockets.clients) connection.terminate()
      sockets.close()
      await new Promise<void>((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      })
    },
  }
}

/** Connections and the router that answers them, which another may take the place of. */
function createRouting(make: MakeRouter, platform: Platform, sockets: WebSocketServer) {
  const messages = createPageMessages()
  let rpc = new RPCHandler(make(platform), messages.options)
  let ready: Promise<void> = Promise.resolve()
  return {
    ready: () => ready,
    take: (connection: WebSocket): void => void rpc.upgrade(gated(connection, messages), { context: {} }),
    exchange: async (work: () => Promise<MakeRouter>): Promise<void> => {
      const exchanged = Promise.withResolvers<void>()
      ready = exchanged.promise
      try {
        const leaving = [...sockets.clients]
        for (const connection of leaving) connection.close(1012, 'Basil opens its history anew')
        setTimeout(() => leaving.map((connection) => connection.terminate()), farewell).unref()
        const next = await work()
        rpc = new RPCHandler(next(platform), messages.options)
      } finally {
        exchanged.resolve()
      }
    },
  }
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject).listen({ port, host: '127.0.0.1', exclusive: true }, () => {
      server.off('error', reject)
      resolve()
    })
  })
}

/** The connection as oRPC sees it: what is no message is answered here. */
function gated(connection: WebSocket, messages: PageMessages): Pick<WebSocket, 'addEventListener' | 'send'> {
  const addEventListener = (type: 'message' | 'close', listener: (event: object) => void): void => {
    if (type === 'close') return void connection.addEventListener(type, listener)
    const { hear, end } = inTurn((event: MessageEvent) => {
      const refusal = messages.refusal(event.data)
      if (refusal === null) listener(event)
      else connection.send(refusal)
    })
    connection.addEventListener(type, hear)
    connection.addEventListener('close', end)
  }
  return {
    addEventListener: addEventListener as WebSocket['addEventListener'],
    send: connection.send.bind(connection) as WebSocket['send'],
  }
}

const forbidden = (why: string): string =>
  `HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Type: text/plain\r\n\r\n${why}\n`

const headersOf = (port: number): [string, string][] =>
  Object.entries(pageHeaders(`ws://127.0.0.1:${port} http://127.0.0.1:${port}/challenge`))

function fail(response: ServerResponse, status: number, why: string): void {
  say(response, status, `${why}\n`)
}

function say(response: ServerResponse, status: number, text: string): void {
  if (response.headersSent) return void response.destroy()
  response.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8' }).end(text)
}
