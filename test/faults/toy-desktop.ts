// The window's program without Electron, to be watched from outside: src-main/desktop as it starts, with Node's own
// fork and MessageChannel where Electron's utility process and port are. Its page opens the sample, runs it to the end,
// writes the model, and says so on stdout. Its arguments: where the model goes.
import { fork } from 'node:child_process'
import { EventEmitter } from 'node:events'
import { registerHooks } from 'node:module'
import { join } from 'node:path'
import { MessageChannel, type MessagePort } from 'node:worker_threads'

import { createORPCClient } from '@orpc/client'
import { RPCLink } from '@orpc/client/message-port'
import type { ContractRouterClient } from '@orpc/contract'

import type { api } from '../../src-main/contract/api/api.ts'

const root = join(import.meta.dirname, '..', '..')
const [, target = ''] = process.argv.splice(1) // not what a person wants opened
const ipcMain = new EventEmitter()
const nothing = (): void => undefined

class Window extends EventEmitter {
  webContents = { reload: nothing }
  loadURL = async (): Promise<void> => undefined
  show = nothing
  focus = nothing
  setProgressBar = nothing
  isMinimized = (): boolean => false
  isFocused = (): boolean => true
}

/** Electron as far as src-main/desktop asks it for anything on the way. */
const electron = {
  app: Object.assign(new EventEmitter(), {
    isPackaged: false,
    setPath: nothing,
    requestSingleInstanceLock: () => true,
    enableSandbox: nothing,
    whenReady: async () => undefined,
    quit: () => process.exit(),
    exit: (code: number) => process.exit(code),
    getAppMetrics: () => [],
  }),
  ipcMain,
  protocol: { registerSchemesAsPrivileged: nothing, handle: nothing },
  net: {},
  shell: {},
  dialog: {
    showSaveDialog: async () => ({ filePath: target }),
    showErrorBox: (_: string, text: string) => failed(text),
  },
  Menu: { setApplicationMenu: nothing, buildFromTemplate: nothing },
  Notification: { isSupported: () => false },
  BrowserWindow: Window,
  session: {
    defaultSession: Object.assign(new EventEmitter(), {
      setPermissionRequestHandler: nothing,
      setPermissionCheckHandler: nothing,
      setDevicePermissionHandler: nothing,
      webRequest: { onBeforeRequest: nothing },
    }),
  },
  utilityProcess: { fork: utility },
}

function utility(entry: string, args: string[], { env }: { env: NodeJS.ProcessEnv }) {
  const child = fork(entry, args, { env, serialization: 'advanced', stdio: ['ignore', 'pipe', 'pipe', 'ipc'] })
  const postMessage = (data: object): void => void (child.connected && child.send(data))
  return Object.assign(new EventEmitter(), {
    ...{ pid: child.pid, stdout: child.stdout, stderr: child.stderr, postMessage, kill: () => child.kill() },
    on: (event: string, listener: (...args: unknown[]) => void) => child.on(event, listener),
  })
}

function failed(text: string): never {
  console.error(text)
  process.exit(1)
}

Object.assign(globalThis, { electronOfTest: electron })
const names = Object.keys(electron).join(', ')
registerHooks({
  resolve: (specifier, context, next) =>
    specifier === 'electron' ? { url: 'electron:test', shortCircuit: true } : next(specifier, context),
  load: (url, context, next) =>
    url === 'electron:test'
      ? { format: 'module', source: `export const { ${names} } = globalThis.electronOfTest`, shortCircuit: true }
      : next(url, context),
})

const { startDesktop } = await import('../../src-main/desktop/start.ts')
await startDesktop(join(root, 'out', 'main'))
const { port1: page, port2: main } = new MessageChannel()
ipcMain.emit('basil-port', { senderFrame: { url: 'app://basil/', parent: null }, ports: [mainPort(main)] })
const client: ContractRouterClient<typeof api> = createORPCClient(new RPCLink({ port: page }))
const { grant, config } = await client.projects.sample()
const [vectors, tasks] = [config.vectors.slice(0, 2), config.tasks.slice(0, 2)]
const short = { ...config, vectors, tasks, start: { method: 'atlas', epochs: 1 }, iterations: 1, epochs: 1 }
const { run } = await client.runs.start({ grant, config: short })
let last = ''
for await (const event of await client.runs.watch({ run })) last = event.type
const written = await client.runs.export({ run, iteration: null })
console.log(JSON.stringify({ last, file: written?.file }))
electron.app.quit()

/** Node's port with the face of Electron's. */
function mainPort(port: MessagePort) {
  const face = new EventEmitter()
  port.on('message', (data) => face.emit('message', { data }))
  port.on('close', () => face.emit('close'))
  return Object.assign(face, {
    postMessage: (data: unknown) => port.postMessage(data),
    start: nothing,
    close: () => port.close(),
  })
}
