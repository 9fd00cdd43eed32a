// Who may talk to the server. Loopback is not a boundary: any page in the person's browser can reach 127.0.0.1, and a
// rebound name makes Host and Origin agree with each other. So both are compared with the one exact value (never a
// prefix, never with one another), a missing one is refused, and the WebSocket carries a 256-bit token that only the
// printed address holds, in its fragment, which browsers do not send, or the proof (proof.ts) that its page has it.
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'

type Request = Pick<IncomingMessage, 'headers' | 'rawHeaders'>

/** 256 random bits, in letters that a WebSocket subprotocol may have. */
export const newToken = (): string => randomBytes(32).toString('base64url')

/**
 * Why a request for a file is refused; undefined when it is not. Browsers send Origin only where a page asks across.
 */
export function refuseRequest({ headers, rawHeaders }: Request, port: number): string | undefined {
  // of two, Node reads the first and a proxy may read the second
  if (timesOf('host', rawHeaders) !== 1) return 'Host is not there once'
  if (headers.host !== `127.0.0.1:${port}`) return 'Host is not this server'
  if (headers.origin !== undefined && headers.origin !== `http://127.0.0.1:${port}`) return 'Origin is not this server'
  const site = headers['sec-fetch-site']
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return 'asked for by another site'
  // Basil has none; one that another program left at this address finds no newer script of its own here
  if (headers['service-worker'] !== undefined) return 'no page here has a service worker'
  return undefined
}

/**
 * Why a WebSocket is refused; undefined when it is not. Browsers always send Origin here, so it must be there. proven:
 * whether what it offers is proof enough in place of the token.
 */
export function refuseSocket(
  request: Request,
  port: number,
  token: string,
  proven: (offer: string) => boolean = () => false,
): string | undefined {
  const { headers } = request
  if (headers.origin === undefined) return 'Origin is missing'
  const offered = headers['sec-websocket-protocol']
  const isKnown = () => offersToken(offered, token) || (offered !== undefined && proven(offered))
  return refuseRequest(request, port) ?? (isKnown() ? undefined : 'the token is wrong')
}

/** rawHeaders: names and values in turn, as they came. */
function timesOf(name: string, rawHeaders: readonly string[]): number {
  return rawHeaders.filter((text, i) => i % 2 === 0 && text.toLowerCase() === name).length
}

/** The subprotocol a client with the token offers, and the one the server answers with. */
const protocolOf = (token: string): string => `basil.${token}`

function offersToken(offered: string | undefined, token: string): boolean {
  return offered !== undefined && sameText(offered.trim(), protocolOf(token))
}

/** In a time that does not depend on where the texts differ. */
export function sameText(a: string, b: string): boolean {
  const hash = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(hash(a), hash(b))
}
