// The way between page and program: preload passes one port on, main serves it for our page alone, and what a window's
// platform and engine do.
import { EventEmitter } from 'node:events'
import { MessageChannel } from 'node:worker_threads'

import { createORPCClient } from '@orpc/client'
import { RPCLink } from '@orpc/client/message-port'
import { os, type RouterClient } from '@orpc/server'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'

import { BasilError, errorSchema } from '../../src-main/contract/errors.ts'
import { basilErrorOf } from '../../src-main/contract/wire/errors-over-rpc.ts'
import { badMessages } from '../server/bad-messages.ts'
import * as electron from './electron-double.ts'
import { asMainPort } from './main-port.ts'

vi.mock('electron', () => import('./electron-double.ts'))

const { serveWindow } = await import('../../src-main/desktop/connect.ts')
const { windowPlatform } = await import('../../src-main/desktop/dialogs.ts')
const { hearDrops } = await import('../../src-main/desktop/drops.ts')
const { setMenu } = await import('../../src-main/desktop/menu.ts')
const { utilityEngine } = await import('../../src-main/desktop/utility-engine.ts')

beforeEach(() => vi.clearAllMocks())

const gone = {
  code: 'run-missing',
  what: 'There is no such run',
  where: 'run 7',
  why: 'it was never made',
  next: 'choose another',
} as const
const router = {
  double: os.handler(({ input }) => Number(input) * 2),
  fail: os.handler((): number => {
    throw new BasilError(gone)
  }),
}

describe('the port', () => {
  const { port1, port2 } = new MessageChannel()
  const ours = { url: 'app://basil/', parent: null }
  afterEach(() => electron.ipcMain.removeAllListeners())

  it('of our page carries calls, and errors as records', async () => {
    serveWindow(() => router)
    const port = asMainPort(port2)
    electron.ipcMain.emit('basil-port', { senderFrame: ours, ports: [port] })
    expect(port.start).toHaveBeenCalledOnce()
    const client: RouterClient<typeof router> = createORPCClient(new RPCLink({ port: port1 as never }))
    expect(await client.double(21 as never)).toBe(42)
    const error = await client.fail().catch((caught: unknown) => basilErrorOf(caught))
    expect(error).toMatchObject({ record: gone })
    port1.close()
  })
  it.each([
    ['another page', { url: 'https://evil.com/', parent: null }],
    ['a page that begins like ours', { url: 'app://basil.evil.com/', parent: null }],
    ['a frame inside ours', { url: 'app://basil/', parent: {} }],
    ['a blank page', { url: 'about:blank', parent: null }],
    ['a frame that has gone', null],
  ])('of %s is closed unheard', (_name, senderFrame) => {
    serveWindow(() => router)
    const port = asMainPort(new MessageChannel().port1)
    electron.ipcMain.emit('basil-port', { senderFrame, ports: [port] })
    expect(port.close).toHaveBeenCalledOnce()
    expect(port.listenerCount('message')).toBe(0)
  })
  it('answers what is no message, or of no form of ours, with a record, counts it, and goes on', async () => {
    const said = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
    serveWindow(() => router)
    const { port1: page, port2: main } = new MessageChannel()
    electron.ipcMain.emit('basil-port', { senderFrame: ours, ports: [asMainPort(main)] })
    const wanted = 3000
    const answers: { i: string; p: { s: number; b: { json: { data: unknown } } } }[] = []
    const all = new Promise<void>((resolve) => {
      page.on('message', (answer: string) => answers.push(JSON.parse(answer)) === wanted && resolve())
    })
    const next = badMessages(5)
    const objects = [
      null,
      7,
      {},
      { i: 'a', p: { u: '/double' } },
      new Map(),
      ['x'],
      {
        get i() {
          return 1
        },
      },
    ] // structured clones, which no page of ours sends
    for (let sent = 0; sent < wanted; sent++)
      page.postMessage(sent % 4 === 0 ? objects[(sent / 4) % objects.length] : next().message)
    await all
    expect(
      answers.filter(({ p }) => p.s !== 400 || errorSchema.safeParse(p.b.json.data).data?.code !== 'message-invalid'),
    ).toEqual([])
    expect(said.mock.calls.map(([line]) => line)).toHaveLength(4) // at 1, 10, 100 and 1000
    const client: RouterClient<typeof router> = createORPCClient(new RPCLink({ port: page as never }))
    expect(await client.double(21 as never)).toBe(42)
    page.close()
    said.mockRestore()
  })
  it('comes alone, or not at all', () => {
    serveWindow(() => router)
    const two = [asMainPort(new MessageChannel().port1), asMainPort(new MessageChannel().port1)]
    electron.ipcMain.emit('basil-port', { senderFrame: ours, ports: two })
    expect(two.every((port) => port.close.mock.calls.length === 1)).toBe(true)
    electron.ipcMain.emit('basil-port', { senderFrame: ours, ports: [] })
  })
  it('is the only thing main listens to', () => {
    serveWindow(() => router)
    expect(electron.ipcMain.eventNames()).toEqual(['basil-port'])
  })
})

describe('preload', () => {
  const listeners = new Map<string, (event: unknown) => void>()
  const window = {
    addEventListener: (type: string, listener: (event: unknown) => void) => listeners.set(type, listener),
  }
  beforeAll(async () => {
    vi.stubGlobal('window', window)
    await import('../../src-main/desktop/preload.ts')
  })
  afterAll(() => void vi.unstubAllGlobals())

  it('passes on the port of its own page and nothing else', () => {
    expect(Object.keys(window)).toEqual(['addEventListener'])
    const hear = listeners.get('message')
    const port = {}
    for (const message of [
      { source: {}, data: 'basil-port', ports: [port] },
      { source: window, data: 'other', ports: [port] },
      { source: window, data: 'basil-port', ports: [] },
      { source: window, data: 'basil-port', ports: [port, port] },
      { source: window, data: { toString: () => 'basil-port' }, ports: [port] },
    ])
      hear?.(message)
    expect(electron.ipcRenderer.postMessage).not.toHaveBeenCalled()
    hear?.({ source: window, data: 'basil-port', ports: [port] })
    expect(electron.ipcRenderer.postMessage).toHaveBeenCalledExactlyOnceWith('basil-port', null, [port])
  })
  it('sends the paths of what the person drops, and of nothing that a script made up or that lies on no disk', () => {
    const drop = listeners.get('drop')
    const files = [{ path: '/models/ViT-B-32' }, { path: '/models/head.pt' }, {}]
    drop?.({ isTrusted: false, dataTransfer: { files } })
    drop?.({ isTrusted: true, dataTransfer: { files: [{}] } })
    drop?.({ isTrusted: true, dataTransfer: null })
    expect(electron.ipcRenderer.send).not.toHaveBeenCalled()
    drop?.({ isTrusted: true, dataTransfer: { files } })
    expect(electron.ipcRenderer.send).toHaveBeenCalledExactlyOnceWith('basil-drop', [
      '/models/ViT-B-32',
      '/models/head.pt',
    ])
  })
})

describe('a drop', () => {
  const ours = { url: 'app://basil/', parent: null }
  const refusal = {
    code: 'file-missing',
    what: 'A file is missing',
    where: '/b',
    why: 'it is not there',
    next: 'look',
  } as const
  afterEach(() => electron.ipcMain.removeAllListeners())

  it('on our page is added to the library; one from elsewhere, or of something else, is not', async () => {
    const add = vi.fn(async () => ({ refused: [] }))
    hearDrops(add)
    electron.ipcMain.emit('basil-drop', { senderFrame: { url: 'https://evil.com/', parent: null } }, ['/a'])
    electron.ipcMain.emit('basil-drop', { senderFrame: null }, ['/a'])
    for (const paths of ['/a', [], [1], [''], null, { 0: '/a' }])
      electron.ipcMain.emit('basil-drop', { senderFrame: ours }, paths)
    expect(add).not.toHaveBeenCalled()
    electron.ipcMain.emit('basil-drop', { senderFrame: ours }, ['/a', '/b'])
    expect(add).toHaveBeenCalledExactlyOnceWith(['/a', '/b'])
  })
  it('says what was refused', async () => {
    hearDrops(async () => ({ refused: [refusal] }))
    electron.ipcMain.emit('basil-drop', { senderFrame: ours }, ['/b'])
    await expect.poll(() => electron.dialog.showErrorBox.mock.calls[0]?.[1]).toContain('/b')
  })
})

describe('dialogs', () => {
  const platform = windowPlatform(() => undefined)
  it('give the chosen path, or null when closed', async () => {
    electron.dialog.showOpenDialog
      .mockResolvedValueOnce({ filePaths: ['/a/dv-basi.json'] })
      .mockResolvedValueOnce({ filePaths: [] })
    expect([await platform.pickConfig(), await platform.pickConfig()]).toEqual(['/a/dv-basi.json', null])
    electron.dialog.showOpenDialog
      .mockResolvedValueOnce({ filePaths: ['/a/base.pt', '/a/cars.pt'] })
      .mockResolvedValueOnce({ filePaths: [] })
    expect([await platform.pickCheckpoints('files'), await platform.pickCheckpoints('folder')]).toEqual([
      ['/a/base.pt', '/a/cars.pt'],
      null,
    ])
    const asked = electron.dialog.showOpenDialog.mock.calls.slice(-2).map(([options]) => options.properties)
    expect(asked).toEqual([['openFile', 'multiSelections'], ['openDirectory']])
    electron.dialog.showSaveDialog
      .mockResolvedValueOnce({ filePath: '/a/m.safetensors' })
      .mockResolvedValueOnce({ canceled: true, filePath: '' })
    expect([await platform.pickTarget('m.safetensors'), await platform.pickTarget('m')]).toEqual([
      '/a/m.safetensors',
      null,
    ])
    expect(platform.window).toBe(true)
    expect(platform.download('/a/m.safetensors')).toBeNull()
  })
  it('the menu shows the data folder and has no developer tools', () => {
    setMenu('/home/x/basil')
    const menu = electron.Menu.buildFromTemplate.mock.calls[0]?.[0] as {
      submenu?: { label?: string; click?: () => void }[]
    }[]
    expect(JSON.stringify(menu)).not.toContain('toggleDevTools')
    for (const { submenu } of menu)
      for (const item of submenu ?? []) if (item.label === 'Show data folder') item.click?.()
    expect(electron.shell.openPath).toHaveBeenCalledWith('/home/x/basil')
  })
})

describe('the engine as a utility process', () => {
  it('carries messages, tells its memory and how it ended', async () => {
    const streams = { stdout: new EventEmitter(), stderr: new EventEmitter() }
    const child = Object.assign(new EventEmitter(), {
      pid: 42 as number | undefined,
      postMessage: vi.fn(),
      kill: vi.fn(),
      ...streams,
    })
    electron.utilityProcess.fork.mockReturnValue(child)
    const engine = utilityEngine('/opt/basil/out/main/engine.js', {
      NODE_OPTIONS: '--inspect',
      CUDA_VISIBLE_DEVICES: '1',
    })
    const [entry, args, options] = electron.utilityProcess.fork.mock.calls[0] ?? []
    expect([entry, args, options.execArgv, options.env]).toEqual([
      '/opt/basil/out/main/engine.js',
      [],
      [],
      { CUDA_VISIBLE_DEVICES: '1' },
    ])
    expect(engine.memory()).toBe(1_024_000)

    const heard: unknown[] = []
    const port = engine.port as unknown as {
      on(event: string, listener: (event?: { data: unknown }) => void): void
      postMessage(data: unknown): void
    }
    port.on('message', (event) => heard.push(event?.data))
    port.on('close', () => heard.push('closed'))
    child.emit('message', 'hello')
    port.postMessage('ask')
    expect(child.postMessage).toHaveBeenCalledWith('ask')
    child.stderr.emit('data', Buffer.from('out of memory\n'))
    child.pid = undefined
    child.emit('exit', 134)
    expect(await engine.exited).toEqual({ code: 134, signal: null, stderr: 'out of memory' })
    expect(heard).toEqual(['hello', 'closed'])
    expect(engine.memory()).toBeNull()
    engine.kill()
    expect(child.kill).toHaveBeenCalledOnce()
  })
})
