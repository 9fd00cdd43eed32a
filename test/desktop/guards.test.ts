// Electron's security list, as far as it can be asked without a window: where messages may come from, what a page may
// do, and what it is served.
import { pathToFileURL } from 'node:url'

import { beforeEach, describe, expect, it, vi } from 'vitest'

import * as electron from './electron-double.ts'

vi.mock('electron', () => import('./electron-double.ts'))

const { isOurFrame, isOurs } = await import('../../src-main/desktop/origin.ts')
const { guardContents, guardSession } = await import('../../src-main/desktop/guard.ts')
const { fileOf, registerScheme, servePages } = await import('../../src-main/desktop/pages.ts')
const { openWindow, showWindow } = await import('../../src-main/desktop/window.ts')

beforeEach(() => vi.clearAllMocks())

const theirs = [
  '',
  'about:blank',
  'null',
  'https://basil/',
  'http://127.0.0.1:4000/',
  'file:///index.html',
  'app://basil.evil.com/',
  'app://evil/',
  'app://basil:80/',
  'app://user@basil/',
  'app://basil@evil/',
  'apps://basil/',
  'xapp://basil/',
  'data:text/html,app://basil/',
  'blob:app://basil/1',
  'javascript:app://basil/',
]

describe('our place', () => {
  it('is app://basil and what lies under it', () => {
    for (const address of ['app://basil/', 'app://basil/index.html', 'app://basil/#/runs/3', 'app://basil'])
      expect(isOurs(address)).toBe(true)
  })
  it.each(theirs)('is not %s', (address) => expect(isOurs(address)).toBe(false))
  it('speaks from its top frame alone', () => {
    const url = 'app://basil/'
    expect(isOurFrame({ url, parent: null })).toBe(true)
    expect(isOurFrame({ url, parent: {} as never })).toBe(false)
    expect(isOurFrame({ url: 'about:blank', parent: null })).toBe(false)
    expect(isOurFrame(null)).toBe(false)
  })
})

describe('a page', () => {
  const contents = new electron.WebContents()
  const session = electron.session.defaultSession
  beforeEach(() => {
    electron.app.removeAllListeners()
    contents.removeAllListeners()
    guardContents(electron.app as never)
    electron.app.emit('web-contents-created', {}, contents)
    guardSession(session as never)
  })
  it.each(['will-navigate', 'will-frame-navigate', 'will-redirect'])('cannot leave by %s', (event) => {
    const go = (url: string) => {
      const details = { url, preventDefault: vi.fn() }
      contents.emit(event, details)
      return details.preventDefault.mock.calls.length === 0
    }
    expect(go('app://basil/#/runs')).toBe(true)
    expect(theirs.filter(go)).toEqual([])
  })
  it('cannot open a window or embed a webview', () => {
    const opening = { url: 'app://basil/', frameName: '', features: '', disposition: 'default' } as const
    const referrer = { url: '', policy: 'default' } as const
    expect(contents.setWindowOpenHandler.mock.calls[0]?.[0]({ ...opening, referrer })).toEqual({ action: 'deny' })
    const event = { preventDefault: vi.fn() }
    contents.emit('will-attach-webview', event)
    expect(event.preventDefault).toHaveBeenCalled()
  })
  it('gets no permission but to copy its own text', () => {
    const asked = { requestingUrl: 'app://basil/', isMainFrame: true }
    const [request] = session.setPermissionRequestHandler.mock.calls[0] ?? []
    const [check] = session.setPermissionCheckHandler.mock.calls[0] ?? []
    const granted = (permission: string) => {
      const answer = vi.fn()
      request?.(contents as never, permission as never, answer, asked)
      return [answer.mock.calls[0]?.[0], check?.(contents as never, permission as never, 'app://basil', asked)]
    }
    for (const permission of [
      'media',
      'geolocation',
      'notifications',
      'clipboard-read',
      'openExternal',
      'fileSystem',
      'hid',
      'pointerLock',
    ])
      expect(granted(permission)).toEqual([false, false])
    expect(granted('clipboard-sanitized-write')).toEqual([true, true])
    const device = { deviceType: 'hid', origin: 'app://basil', device: {} } as never
    expect(session.setDevicePermissionHandler.mock.calls[0]?.[0]?.(device)).toBe(false)
  })
  it('loads nothing from elsewhere', () => {
    const loads = (url: string, webContentsId: number | undefined) => {
      const answer = vi.fn()
      session.webRequest.onBeforeRequest.mock.calls[0]?.[0]({ url, webContentsId }, answer)
      return !answer.mock.calls[0]?.[0].cancel
    }
    expect(loads('app://basil/assets/app.js', 1)).toBe(true)
    expect(loads('blob:app://basil/1', 1)).toBe(true)
    for (const url of [
      'https://example.org/',
      'http://127.0.0.1/',
      'ws://127.0.0.1:1/api',
      'file:///etc/passwd',
      'app://evil/',
    ])
      expect(loads(url, 1)).toBe(false)
    expect(loads('file:///opt/basil/out/renderer/index.html', undefined)).toBe(true)
    expect(loads('https://example.org/', undefined)).toBe(false)
  })
  it('downloads only what it made', () => {
    const downloads = (url: string) => {
      const event = { preventDefault: vi.fn() }
      session.emit('will-download', event, { getURL: () => url })
      return event.preventDefault.mock.calls.length === 0
    }
    session.removeAllListeners()
    guardSession(session as never)
    expect(downloads('blob:app://basil/1')).toBe(true)
    expect(downloads('https://example.org/a.exe')).toBe(false)
  })
})

describe('the window', () => {
  it('is sandboxed, isolated and without Node', () => {
    const window = openWindow('/opt/basil/out/main') as unknown as electron.BrowserWindow
    expect(window.options.webPreferences).toMatchObject({
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      nodeIntegrationInWorker: false,
      nodeIntegrationInSubFrames: false,
      webSecurity: true,
      allowRunningInsecureContent: false,
      experimentalFeatures: false,
      webviewTag: false,
      preload: '/opt/basil/out/preload/preload.cjs',
    })
    expect(window.loadURL).toHaveBeenCalledWith('app://basil/')
    expect(window.show).not.toHaveBeenCalled()
    window.emit('ready-to-show')
    expect(window.show).toHaveBeenCalledOnce()
    showWindow(window as never)
    expect(window.restore).toHaveBeenCalledOnce()
  })
})

describe('app://', () => {
  const folder = '/opt/basil/out/renderer'
  const ask = async (address: string, method = 'GET'): Promise<Response> =>
    (await electron.protocol.handle.mock.calls[0]?.[1](new Request(address, { method }))) ?? Response.error()

  it('is standard and secure, without rights beyond', () => {
    registerScheme()
    const privileges = { standard: true, secure: true, supportFetchAPI: true }
    expect(electron.protocol.registerSchemesAsPrivileged).toHaveBeenCalledWith([{ scheme: 'app', privileges }])
  })
  it('serves the built pages with a strict policy', async () => {
    servePages(folder)
    electron.net.fetch.mockImplementation(
      async () => new Response('<!doctype html>', { headers: { 'Content-Type': 'text/html' } }),
    )
    const page = await ask('app://basil/')
    expect(electron.net.fetch.mock.calls[0]?.[0]).toBe(pathToFileURL(`${folder}/index.html`).href)
    expect([page.status, await page.text(), page.headers.get('content-type')]).toEqual([
      200,
      '<!doctype html>',
      'text/html',
    ])
    expect(page.headers.get('content-security-policy')).toContain("connect-src 'none'")
    expect((await ask('app://basil/assets/a.js')).headers.get('content-type')).toContain('text/javascript')
  })
  it('answers neither another host, nor another method, nor a file that is not there', async () => {
    servePages(folder)
    expect((await ask('app://evil/')).status).toBe(403)
    expect((await ask('app://basil/', 'POST')).status).toBe(403)
    electron.net.fetch.mockRejectedValueOnce(new Error('net::ERR_FILE_NOT_FOUND'))
    expect((await ask('app://basil/nothing.js')).status).toBe(404)
  })
  it.each([
    '/..%2f..%2fmain/main.js',
    '/%2e%2e%2f%2e%2e%2fsecret',
    '/..%5c..%5csecret',
    '/a%00.js',
    '/%ff',
    '/..',
    '/..%2frenderer-too%2fa.js',
  ])('gives no file outside its folder for %s', (path) => {
    const file = fileOf(folder, `app://basil${path}`)
    expect(file === undefined || file === `${folder}/index.html`).toBe(true)
  })
})
