// The page's one way in: it makes a message channel and hands over a port; the contract's router is served on it, and
// nothing else is listened to.
import type { AnyRouter } from '@orpc/server'
import { RPCHandler } from '@orpc/server/message-port'
import { ipcMain, type MessagePortMain } from 'electron'

import { createPageMessages, inTurn, type PageMessages } from '../workbench/page-messages.ts'
import { isOurFrame } from './origin.ts'

const portChannel = 'basil-port' // the same word is in preload.ts and in the renderer's bridge.ts

/** Serves the router of now on every port that a page of ours sends; a port from anywhere else is closed. */
export function serveWindow(router: () => AnyRouter): void {
  const messages = createPageMessages()
  ipcMain.on(portChannel, (event) => {
    const [port, ...others] = event.ports
    if (!isOurFrame(event.senderFrame) || !port || others.length > 0)
      return void event.ports.map((sent) => sent.close())
    new RPCHandler(router(), messages.options).upgrade(gated(port, messages), { context: {} })
    port.start()
  })
}

/** The port as oRPC sees it: what is no message is answered here. */
function gated(
  port: MessagePortMain,
  messages: PageMessages,
): Parameters<RPCHandler<Record<never, never>>['upgrade']>[0] {
  return {
    on: (event: string, listener: (event?: { data: unknown }) => void) => {
      if (event !== 'message') return void port.on('close', () => listener())
      const { hear, end } = inTurn((data: unknown) => {
        const refusal = messages.refusal(data)
        if (refusal === null) listener({ data })
        else port.postMessage(refusal)
      })
      port.on('message', ({ data }) => hear(data)).on('close', end)
    },
    postMessage: (data: unknown) => port.postMessage(data),
  }
}
