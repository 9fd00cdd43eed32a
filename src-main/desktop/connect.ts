// The page's one way in: it makes a message channel and hands over a port; the contract's router is served on it, and
// nothing else is listened to.
import type { AnyRouter } from '@orpc/server'
import { RPCHandler } from '@orpc/server/message-port'
import { ipcMain } from 'electron'

import { errorsAsRecords } from '../runner/errors-over-rpc.ts'
import { isOurFrame } from './origin.ts'

const portChannel = 'basil-port' // the same word is in preload.ts and in the renderer's bridge.ts

/** Serves `router` on every port that a page of ours sends; a port from anywhere else is closed. */
export function serveWindow(router: AnyRouter): void {
  const handler = new RPCHandler(router, { clientInterceptors: [errorsAsRecords] })
  ipcMain.on(portChannel, (event) => {
    const [port, ...others] = event.ports
    if (!isOurFrame(event.senderFrame) || !port || others.length > 0) return void event.ports.map((sent) => sent.close())
    handler.upgrade(port, { context: {} })
    port.start()
  })
}
