// Hostile messages (R12) over a message port, as the window's page has one, to the whole router of a workbench: each
// is refused with a record, a good call between them is answered, nothing of a folder beside is told or touched. Ports
// from anywhere but our page are closed all the while. test/server/messages.heavy.test.ts sends the other half over a
// WebSocket.
import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { MessageChannel } from 'node:worker_threads'

import { expect, test, vi } from 'vitest'

import { countOf, seedOf, tell } from '../faults/promises.ts'
import { answered, middleAndP95 } from '../server/answered.ts'
import { channels, hostileCalls } from '../server/hostile-calls.ts'
import { makeOutside, secret } from '../server/outside.ts'
import { temporaryFolder, toyWorkbench } from '../workbench/toy.ts'
import * as electron from './electron-double.ts'
import { asMainPort } from './main-port.ts'

vi.mock('electron', () => import('./electron-double.ts'))

const { serveWindow } = await import('../../src-main/desktop/connect.ts')
const { windowPlatform } = await import('../../src-main/desktop/dialogs.ts')
const { createRouter } = await import('../../src-main/workbench/router.ts')

const [wanted, seed] = [countOf('R12') / 2, seedOf(20_261_130)]
const resources = join(import.meta.dirname, '..', '..', 'resources')
const ours = { url: 'app://basil/', parent: null }
const strangers = [{ url: 'https://evil.com/', parent: null }, { url: 'app://basil/', parent: {} }, null]

/** Structured clones, which no page of ours sends: cycles among them. */
function clones(): unknown[] {
  const circle: unknown[] = []
  circle.push(circle)
  const ring = new Map<string, unknown>()
  ring.set('i', ring)
  return [
    null,
    7,
    {},
    circle,
    ring,
    new Set(['i']),
    { i: 'a', p: { u: '/about' } },
    new Date(0),
    /x/,
    10n,
    new Error('i'),
  ]
}

test('hostile messages are refused, typed and counted; a good call is answered all the time', async () => {
  const began = performance.now()
  const said = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
  electron.dialog.showOpenDialog.mockResolvedValue({ filePaths: [] })
  electron.dialog.showSaveDialog.mockResolvedValue({ canceled: true, filePath: '' })
  const home = temporaryFolder()
  const outside = makeOutside(home)
  const before = outside.state()
  for (const name of ['presets', 'text', 'engine']) cpSync(join(resources, name), join(home, name), { recursive: true })
  const workbench = await toyWorkbench(home)
  serveWindow(() =>
    createRouter(
      workbench,
      windowPlatform(() => undefined),
    ),
  )
  const { port1: page, port2: main } = new MessageChannel()
  electron.ipcMain.emit('basil-port', { senderFrame: ours, ports: [asMainPort(main)] })

  let [sent, letIn] = [0, 0]
  const odd = clones()
  const line = {
    send: (message: string | Uint8Array) => {
      if (++sent % 500 === 0) {
        const port = asMainPort(new MessageChannel().port1)
        electron.ipcMain.emit('basil-port', { senderFrame: strangers[(sent / 500) % strangers.length], ports: [port] })
        if (port.close.mock.calls.length !== 1 || port.listenerCount('message') !== 0) letIn++
      }
      page.postMessage(message)
    },
    hear: (listener: (text: string) => void) => void page.on('message', listener),
    closed: new Promise<never>((_, reject) => page.on('close', () => reject(new Error('closed')))),
  }
  const { port1: otherPage, port2: otherMain } = new MessageChannel()
  electron.ipcMain.emit('basil-port', { senderFrame: ours, ports: [asMainPort(otherMain)] })
  const other = {
    send: (message: string | Uint8Array) => otherPage.postMessage(message),
    hear: (listener: (text: string) => void) => void otherPage.on('message', listener),
  }
  const calls = hostileCalls(seed, { longest: 10 * 2 ** 20, paths: outside.paths })
  let count = 0
  const next: typeof calls = () =>
    ++count % 20 ? calls() : { id: '', message: odd[(count / 20) % odd.length] as string, mayBeGood: false }
  const { codes, good, untyped, leaked, milliseconds, beside } = await answered({ line, other, next, wanted, secret })
  const touched = outside.state() === before ? 0 : 1
  said.mockRestore()
  tell('R12', began, {
    ...{ count: wanted, lost: untyped.length + leaked + touched + letIn, differ: 0, seed },
    besides: `over MessagePort on ${channels.length} channels, ${good} may have been good, the rest ${JSON.stringify(Object.fromEntries(codes))}; a good call behind 50 others: ${middleAndP95(milliseconds)}, of another page meanwhile: ${middleAndP95(beside)}`,
  })
  expect(untyped.slice(0, 5)).toEqual([])
  expect({ leaked, touched, letIn }).toEqual({ leaked: 0, touched: 0, letIn: 0 })
  expect(codes.get('message-invalid')).toBeGreaterThan(wanted / 3)
  page.removeAllListeners('close')
  page.close()
  otherPage.close()
})
