// Node's port with the face of Electron's MessagePortMain.
import { EventEmitter } from 'node:events'
import type { MessagePort } from 'node:worker_threads'

import { vi } from 'vitest'

export function asMainPort(port: MessagePort) {
  const face = new EventEmitter()
  port.on('message', (data) => face.emit('message', { data }))
  port.on('close', () => face.emit('close'))
  return Object.assign(face, {
    postMessage: (data: unknown) => port.postMessage(data),
    start: vi.fn(),
    close: vi.fn(() => port.close()),
  })
}
