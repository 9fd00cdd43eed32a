// The twenty points of Electron's own list (electron/docs/tutorial/security.md), by their numbers and names (R13):
// what each asks is asked of the program as far as Electron's double can tell; guards.test.ts, connect.test.ts and the
// window of window.heavy.test.ts go further. The nine fuses of point 19 are read from a packed program in
// package.heavy.test.ts.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

import { afterAll, beforeEach, expect, it, vi } from 'vitest'

import { pageHeaders } from '../../src-main/workbench/page-headers.ts'
import { tell } from '../faults/promises.ts'
import { testsSeen } from '../faults/tests-seen.ts'
import * as electron from './electron-double.ts'

vi.mock('electron', () => import('./electron-double.ts'))

const { guardContents, guardSession } = await import('../../src-main/desktop/guard.ts')
const { serveWindow } = await import('../../src-main/desktop/connect.ts')
const { hearDrops } = await import('../../src-main/desktop/drops.ts')
const { registerScheme } = await import('../../src-main/desktop/pages.ts')
const { openWindow } = await import('../../src-main/desktop/window.ts')

const began = performance.now()
const seen = testsSeen()
afterAll(() => tell('R13', began, { ...seen(), besides: 'points on the double' }))

const root = join(import.meta.dirname, '..', '..')
const folder = join(root, 'src-main', 'desktop')
const sources = ['../main.ts', ...readdirSync(folder)].map((name) => readFileSync(join(folder, name), 'utf8'))
const others = [
  'https://example.org/',
  'http://127.0.0.1/',
  'ws://127.0.0.1:1/api',
  'file:///etc/passwd',
  'app://evil/',
]

const contents = new electron.WebContents()
const session = electron.session.defaultSession
let preferences: object = {}
beforeEach(() => {
  vi.clearAllMocks()
  for (const emitter of [electron.app, electron.ipcMain, contents, session]) emitter.removeAllListeners()
  guardContents(electron.app as never)
  guardSession(session as never)
  electron.app.emit('web-contents-created', {}, contents)
  const window: unknown = openWindow('/opt/basil/out/main')
  preferences = (window as electron.BrowserWindow).options.webPreferences ?? {}
})

/** Whether a request of the page for an address goes out. */
function isLoaded(url: string): boolean {
  const answer = vi.fn()
  session.webRequest.onBeforeRequest.mock.calls[0]?.[0]({ url, webContentsId: 1 }, answer)
  return answer.mock.calls[0]?.[0].cancel === false
}

/** Whether the page goes there when it is told to by an event of navigation. */
function isLeft(event: string, url: string): boolean {
  const preventDefault = vi.fn()
  contents.emit(event, { url, preventDefault })
  return preventDefault.mock.calls.length === 0
}

it('1 only secure content is loaded', () => {
  expect(others.filter(isLoaded)).toEqual([])
  expect(isLoaded('app://basil/assets/app.js')).toBe(true)
})

it('2 no Node in what is shown', () => {
  expect(preferences).toMatchObject({
    ...{ nodeIntegration: false, nodeIntegrationInWorker: false, nodeIntegrationInSubFrames: false },
  })
})

it('3 the context is isolated', () => expect(preferences).toMatchObject({ contextIsolation: true }))

it('4 processes are sandboxed, all of them', () => {
  expect(preferences).toMatchObject({ sandbox: true })
  expect(sources.join('\n')).toContain('app.enableSandbox()')
  expect(sources.join('\n')).not.toMatch(/no-sandbox|disableSandbox/)
})

it('5 permissions are answered, and refused but for copying', () => {
  const granted = [
    'media',
    'geolocation',
    'notifications',
    'clipboard-read',
    'fileSystem',
    'usb',
    'openExternal',
  ].filter((permission) => {
    const answer = vi.fn()
    const [request] = session.setPermissionRequestHandler.mock.calls[0] ?? []
    const [check] = session.setPermissionCheckHandler.mock.calls[0] ?? []
    request?.(contents as never, permission as never, answer, {} as never)
    return answer.mock.calls[0]?.[0] || check?.(contents as never, permission as never, 'app://basil', {} as never)
  })
  expect(granted).toEqual([])
  expect(session.setDevicePermissionHandler.mock.calls[0]?.[0]?.({} as never)).toBe(false)
})

it('6 web security is on', () => expect(preferences).toMatchObject({ webSecurity: true }))

it('7 there is a content security policy, which begins with nothing and allows no script from elsewhere', () => {
  const policy = pageHeaders()['Content-Security-Policy'] ?? ''
  expect(policy).toMatch(/^default-src 'none'; script-src 'self';/)
  expect(policy).not.toMatch(/unsafe-eval|script-src[^;]*unsafe|https?:|\*/)
  const page = readFileSync(join(root, 'src-renderer', 'index.html'), 'utf8')
  expect(page).not.toMatch(/<script(?![^>]*\bsrc=)/) // nor one that is written into the page
})

it('8 no insecure content is let in', () => expect(preferences).toMatchObject({ allowRunningInsecureContent: false }))

it('9 no experimental features', () => expect(preferences).toMatchObject({ experimentalFeatures: false }))

it('10 no features of Blink are turned on', () => {
  expect(preferences).not.toHaveProperty('enableBlinkFeatures')
  expect(sources.join('\n')).not.toMatch(/enable-blink-features|commandLine/)
})

it('11 no webview may open windows: there is none', () => {
  expect(preferences).toMatchObject({ webviewTag: false })
  expect(sources.join('\n')).not.toContain('allowpopups')
})

it('12 a webview that is asked for is not made', () => {
  const event = { preventDefault: vi.fn() }
  contents.emit('will-attach-webview', event)
  expect(event.preventDefault).toHaveBeenCalledOnce()
})

it('13 a page does not go elsewhere', () => {
  for (const event of ['will-navigate', 'will-frame-navigate', 'will-redirect']) {
    expect(others.filter((url) => isLeft(event, url))).toEqual([])
    expect(isLeft(event, 'app://basil/#/runs')).toBe(true)
  }
})

it('14 a page opens no window', () => {
  expect(contents.setWindowOpenHandler.mock.calls[0]?.[0]({ url: 'app://basil/' } as never)).toEqual({ action: 'deny' })
})

it('15 nothing is handed to another program to open, but for the data folder', () => {
  expect(sources.join('\n')).not.toContain('openExternal')
})

it('16 the version of Electron is named exactly, and is the one that is here', () => {
  const { devDependencies }: { devDependencies: Record<string, string> } = JSON.parse(
    readFileSync(join(root, 'package.json'), 'utf8'),
  )
  const { version } = JSON.parse(readFileSync(join(root, 'node_modules', 'electron', 'package.json'), 'utf8'))
  expect(devDependencies['electron']).toMatch(/^\d+\.\d+\.\d+$/)
  expect(version).toBe(devDependencies['electron'])
})

it('17 who sends is looked at before what is sent', () => {
  const port = { close: vi.fn(), on: vi.fn(), start: vi.fn() }
  const add = vi.fn(async () => ({ refused: [] }))
  serveWindow(() => ({}))
  hearDrops(add)
  expect(electron.ipcMain.eventNames()).toEqual(['basil-port', 'basil-drop'])
  const strangers = [...others.map((url) => ({ url, parent: null })), { url: 'app://basil/', parent: {} }, null]
  for (const senderFrame of strangers) {
    electron.ipcMain.emit('basil-port', { senderFrame, ports: [port] })
    electron.ipcMain.emit('basil-drop', { senderFrame }, ['/a'])
  }
  expect([port.close.mock.calls.length, port.on.mock.calls.length, add.mock.calls.length]).toEqual([
    strangers.length,
    0,
    0,
  ])
})

it('18 pages come from a scheme of our own, never from file://', () => {
  registerScheme()
  const [[schemes] = []] = electron.protocol.registerSchemesAsPrivileged.mock.calls
  expect(schemes).toEqual([{ scheme: 'app', privileges: { standard: true, secure: true, supportFetchAPI: true } }])
  const [window] = electron.BrowserWindow.opened.slice(-1)
  expect(window?.loadURL.mock.calls).toEqual([['app://basil/']])
  expect(sources.join('\n')).not.toMatch(/loadFile\(|loadURL\([^)]*file:/)
})

it('19 every fuse is decided on, and a later one fails the packaging', async () => {
  const { fuses }: { fuses: unknown } = await import(join(root, 'build', 'fuses.mjs'))
  expect(fuses).toMatchObject({ strictlyRequireAllFuses: true })
  const { afterPack } = JSON.parse(readFileSync(join(root, 'build', 'electron-builder.json'), 'utf8'))
  expect(join(root, afterPack)).toBe(join(root, 'build', 'fuses.mjs'))
})

it('20 nothing of Electron is put where a page could reach it', () => {
  expect(readFileSync(join(folder, 'preload.ts'), 'utf8')).not.toMatch(/contextBridge|exposeInMainWorld|window\.\w+ =/)
})
