// Runs before the page, in a world of its own, and passes on one thing: the message port that the page made. Nothing is put
// on the page's window. Built into one CommonJS file, as a sandboxed window wants it.
import { ipcRenderer } from 'electron'

type Ports = NonNullable<Parameters<typeof ipcRenderer.postMessage>[2]>

interface PageMessage {
  source: unknown
  data: unknown
  ports: Ports
}

declare const window: { addEventListener(type: 'message', listener: (message: PageMessage) => void): void }

window.addEventListener('message', ({ source, data, ports }) => {
  const [port] = ports
  if (source === window && data === 'basil-port' && ports.length === 1 && port) ipcRenderer.postMessage('basil-port', null, [port])
})
