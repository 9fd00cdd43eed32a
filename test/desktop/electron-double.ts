// Electron as far as src-main/desktop uses it: what was set is kept, so that a test can ask it. There is no window
// here; the real one is opened by window.test.ts where Electron's binary is installed.
import { EventEmitter } from 'node:events'

import { vi } from 'vitest'

export const app = Object.assign(new EventEmitter(), {
  isPackaged: false,
  setPath: vi.fn(),
  requestSingleInstanceLock: vi.fn(() => true),
  enableSandbox: vi.fn(),
  whenReady: vi.fn(async () => undefined),
  quit: vi.fn(),
  exit: vi.fn(),
  getAppMetrics: vi.fn(() => [{ pid: 42, memory: { workingSetSize: 1000 } }]),
})
export const ipcMain = new EventEmitter()
export const protocol = { registerSchemesAsPrivileged: vi.fn(), handle: vi.fn() }
export const net = { fetch: vi.fn() }
export const dialog = {
  showOpenDialog: vi.fn(),
  showSaveDialog: vi.fn(),
  showErrorBox: vi.fn(),
  showMessageBoxSync: vi.fn(() => 0),
}

export class Notification extends EventEmitter {
  static readonly isSupported = () => true
  static shown: Notification[] = []
  readonly options: object

  constructor(options: object) {
    super()
    this.options = options
  }
  show(): void {
    Notification.shown.push(this)
  }
}
export const shell = { openPath: vi.fn() }
export const Menu = { setApplicationMenu: vi.fn(), buildFromTemplate: vi.fn((template: unknown) => template) }
export const utilityProcess = { fork: vi.fn() }
export const ipcRenderer = { postMessage: vi.fn(), send: vi.fn() }
export const webUtils = { getPathForFile: vi.fn((file: { path?: string }) => file.path ?? '') }

class Session extends EventEmitter {
  setPermissionRequestHandler = vi.fn()
  setPermissionCheckHandler = vi.fn()
  setDevicePermissionHandler = vi.fn()
  webRequest = { onBeforeRequest: vi.fn() }
}
export const session = { defaultSession: new Session() }

export class WebContents extends EventEmitter {
  setWindowOpenHandler = vi.fn()
}

export class BrowserWindow extends EventEmitter {
  static opened: BrowserWindow[] = []
  readonly options: { webPreferences: Record<string, unknown> }
  loadURL = vi.fn(async () => undefined)
  show = vi.fn()
  focus = vi.fn()
  restore = vi.fn()
  isMinimized = vi.fn(() => true)
  isFocused = vi.fn(() => false)
  setProgressBar = vi.fn()

  constructor(options: { webPreferences: Record<string, unknown> }) {
    super()
    this.options = options
    BrowserWindow.opened.push(this)
  }
}
