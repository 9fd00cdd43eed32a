// Electron as far as src-main/desktop uses it: what was set is kept, so that a test can ask it. There is no window
// here; the real one is opened by window.heavy.test.ts where Electron's binary is installed. Every function has the
// type that Electron declares for it, and double.test.ts holds the double as a whole against those declarations.
import { EventEmitter } from 'node:events'

import type * as Electron from 'electron'
import { vi } from 'vitest'

type Like<Owner, Name extends keyof Owner> = Extract<Owner[Name], (...args: never[]) => unknown>

/** A function of Electron's by its owner and name, that answers as told. */
function like<Owner, Name extends keyof Owner>(answer?: Like<Owner, Name>) {
  return vi.fn<Like<Owner, Name>>(answer)
}

export const app = Object.assign(new EventEmitter(), {
  isPackaged: false,
  setPath: like<Electron.App, 'setPath'>(),
  requestSingleInstanceLock: like<Electron.App, 'requestSingleInstanceLock'>(() => true),
  setAsDefaultProtocolClient: like<Electron.App, 'setAsDefaultProtocolClient'>(() => true),
  enableSandbox: like<Electron.App, 'enableSandbox'>(),
  whenReady: like<Electron.App, 'whenReady'>(async () => undefined),
  quit: like<Electron.App, 'quit'>(),
  exit: like<Electron.App, 'exit'>(),
  getAppMetrics: like<Electron.App, 'getAppMetrics'>(() => [metricOf(42, 1000)]),
})

/** kilobytes: of memory. */
function metricOf(pid: number, kilobytes: number): Electron.ProcessMetric {
  const cpu = { percentCPUUsage: 0, idleWakeupsPerSecond: 0 }
  return {
    ...{ pid, type: 'Utility', creationTime: 0, cpu },
    memory: { workingSetSize: kilobytes, peakWorkingSetSize: kilobytes },
  }
}

export const ipcMain = new EventEmitter()
export const protocol = {
  registerSchemesAsPrivileged: like<Electron.Protocol, 'registerSchemesAsPrivileged'>(),
  handle: like<Electron.Protocol, 'handle'>(),
}
export const net = { fetch: like<Electron.Net, 'fetch'>() }
export const dialog = {
  showOpenDialog: vi.fn<(options: Electron.OpenDialogOptions) => Promise<Partial<Electron.OpenDialogReturnValue>>>(),
  showSaveDialog: vi.fn<(options: Electron.SaveDialogOptions) => Promise<Partial<Electron.SaveDialogReturnValue>>>(),
  showErrorBox: like<Electron.Dialog, 'showErrorBox'>(),
  showMessageBoxSync: like<Electron.Dialog, 'showMessageBoxSync'>(() => 0),
}

export class Notification extends EventEmitter {
  static readonly isSupported = () => true
  static shown: Notification[] = []
  readonly options: Electron.NotificationConstructorOptions

  constructor(options: Electron.NotificationConstructorOptions) {
    super()
    this.options = options
  }
  show(): void {
    Notification.shown.push(this)
  }
}
export const shell = {
  openPath: like<Electron.Shell, 'openPath'>(),
  showItemInFolder: like<Electron.Shell, 'showItemInFolder'>(),
}
export const Menu = {
  setApplicationMenu: vi.fn<(menu: unknown) => void>(),
  buildFromTemplate: vi.fn((template: Electron.MenuItemConstructorOptions[]) => template),
}
export const utilityProcess = { fork: vi.fn() }
export const ipcRenderer = {
  postMessage: like<Electron.IpcRenderer, 'postMessage'>(),
  send: like<Electron.IpcRenderer, 'send'>(),
}
export const webUtils = { getPathForFile: vi.fn((file: { path?: string }) => file.path ?? '') }

class Session extends EventEmitter {
  setPermissionRequestHandler = like<Electron.Session, 'setPermissionRequestHandler'>()
  setPermissionCheckHandler = like<Electron.Session, 'setPermissionCheckHandler'>()
  setDevicePermissionHandler = like<Electron.Session, 'setDevicePermissionHandler'>()
  webRequest = { onBeforeRequest: vi.fn() }
}
export const session = { defaultSession: new Session() }

export class WebContents extends EventEmitter {
  setWindowOpenHandler = like<Electron.WebContents, 'setWindowOpenHandler'>()
  reload = like<Electron.WebContents, 'reload'>()
}

export class BrowserWindow extends EventEmitter {
  static opened: BrowserWindow[] = []
  readonly options: Electron.BrowserWindowConstructorOptions
  readonly webContents = new WebContents()
  loadURL = like<Electron.BrowserWindow, 'loadURL'>(async () => undefined)
  show = like<Electron.BrowserWindow, 'show'>()
  focus = like<Electron.BrowserWindow, 'focus'>()
  restore = like<Electron.BrowserWindow, 'restore'>()
  isMinimized = like<Electron.BrowserWindow, 'isMinimized'>(() => true)
  isFocused = like<Electron.BrowserWindow, 'isFocused'>(() => false)
  setProgressBar = like<Electron.BrowserWindow, 'setProgressBar'>()

  constructor(options: Electron.BrowserWindowConstructorOptions) {
    super()
    this.options = options
    BrowserWindow.opened.push(this)
  }
}
