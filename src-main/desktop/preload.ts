// Runs before the page, in a world of its own, and passes on two things: the message port that the page made, and the
// paths of files that the person drops on it, which a page cannot see. Nothing is put on the page's window. Built into
// one CommonJS file, as a sandboxed window wants it.
import { ipcRenderer, webUtils } from 'electron'

type Ports = NonNullable<Parameters<typeof ipcRenderer.postMessage>[2]>

interface PageMessage {
  source: unknown
  data: unknown
  ports: Ports
}

interface Drop {
  isTrusted: boolean // the person's own, not one that a script made
  dataTransfer: { files: Iterable<File> } | null
}

declare const window: {
  addEventListener(type: 'message', listener: (message: PageMessage) => void): void
  addEventListener(type: 'drop', listener: (drop: Drop) => void, capture: boolean): void
}

window.addEventListener('message', ({ source, data, ports }) => {
  const [port] = ports
  if (source === window && data === 'basil-port' && ports.length === 1 && port)
    ipcRenderer.postMessage('basil-port', null, [port])
})

const capture = true // the page's own listeners may stop it
window.addEventListener(
  'drop',
  ({ isTrusted, dataTransfer }) => {
    const paths = [...(dataTransfer?.files ?? [])]
      .map((file) => webUtils.getPathForFile(file))
      .filter((path) => path !== '')
    if (isTrusted && paths.length) ipcRenderer.send('basil-drop', paths)
  },
  capture,
)
