// How many connections there may be. Any process of this machine may connect; only the page that was opened with the
// token is known by what it asks for. So those of strangers are few, short and replaceable: when one more comes than
// are let in, the oldest goes; a thousand that say nothing cannot keep the page's own next request out. Those that
// showed the token, or a ticket for a download, are counted apart and never give way.
import type { Server } from 'node:http'
import type { Duplex } from 'node:stream'

const mostStrangers = 256
const mostKnown = 64

export interface Admission {
  /**
   * The connection showed that it may be here. False when there are too many of those; it then goes like a stranger's.
   */
  accept(socket: Duplex): boolean
}

export function admitTo(server: Server): Admission {
  const strangers = new Set<Duplex>() // the oldest first
  const known = new Set<Duplex>()
  server.on('connection', (socket) => {
    strangers.add(socket)
    socket.once('close', () => {
      strangers.delete(socket)
      known.delete(socket)
    })
    const [oldest] = strangers
    if (strangers.size > mostStrangers) oldest?.destroy()
  })
  return {
    accept: (socket) => {
      if (known.size >= mostKnown) return false
      strangers.delete(socket)
      known.add(socket)
      return true
    },
  }
}

/**
 * Of a server for strangers: a request is there in a moment or not at all, and each connection is for one.
 * Milliseconds.
 */
export const shortPatience = { headersTimeout: 5000, requestTimeout: 5000, connectionsCheckingInterval: 1000 }
