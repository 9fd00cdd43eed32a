// What a file manager, a command line, a link and a second start ask the program to open, and where it leads.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

import { afterAll, beforeEach, describe, expect, it, test, vi } from 'vitest'

import type { ErrorRecord } from '../../src-main/contract/errors.ts'
import { recognise } from '../../src-main/workbench/recognise.ts'
import * as electron from './electron-double.ts'

vi.mock('electron', () => import('./electron-double.ts'))

const { addressOfLink, askedBy, createOpening } = await import('../../src-main/desktop/opened.ts')
const { hearStarts, ownStart } = await import('../../src-main/desktop/starts.ts')

const folder = mkdtempSync(join(tmpdir(), 'basil-opened-'))
afterAll(() => rmSync(folder, { recursive: true }))

beforeEach(() => {
  vi.clearAllMocks()
  electron.app.removeAllListeners()
  electron.app.isPackaged = false
})

describe('a link', () => {
  it('opens a run, and nothing else', () => {
    expect([addressOfLink('basil://run/12'), addressOfLink('basil://run/3/')]).toEqual(['#/run/12', '#/run/3'])
  })
  it.each([
    'basil://run/0',
    'basil://run/-1',
    'basil://run/1e3',
    'basil://run/1234567890123',
    'basil://run/3/mix',
    'basil://run/3?engine=cpu',
    'basil://run/3#/settings',
    'basil://run/../settings',
    'basil://settings',
    'basil://run@evil.com/3',
    'basil:run/3',
    'app://basil/#/run/3',
    'https://basil/run/3',
    'basil://run/3\n--inspect',
  ])('that says %j opens nothing', (link) => {
    expect(addressOfLink(link)).toBeNull()
    expect(askedBy({ args: [link], folder }).paths).toEqual([])
  })
})

test('arguments are paths from where the person stands, addresses of files, links, and options that are Electron’s', () => {
  const args = ['--no-sandbox', 'a.pt', '/models/b.safetensors', pathToFileURL('/models/ü c.npz').href, '', '-x']
  expect(askedBy({ args: [...args, 'basil://run/7', 'file://%zz', 'mailto:me'], folder: '/home/me' })).toEqual({
    paths: ['/home/me/a.pt', '/models/b.safetensors', '/models/ü c.npz'],
    address: '#/run/7',
  })
  expect(ownStart(['electron', '--no-sandbox', '/project', 'a.pt']).args).toEqual(['a.pt'])
  electron.app.isPackaged = true
  expect(ownStart(['/opt/Basil/basil', '--no-sandbox', 'a.pt']).args).toEqual(['a.pt'])
})

const refusal: ErrorRecord = { code: 'file-damaged', what: 'Cut', where: '/a', why: 'it ends early', next: 'fetch it' }

/** Ways to open, that tell what was asked of them. */
function ways(added = { added: [5], known: [] as number[], refused: [] as ErrorRecord[] }) {
  const library = { add: vi.fn(async () => added) }
  const parts = { library, dropped: vi.fn(async () => ({ refused: added.refused })), go: vi.fn(), refuse: vi.fn() }
  return { ...parts, open: createOpening({ ...parts, recognise }) }
}

describe('opening', () => {
  const header = Buffer.from('{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}')
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(header.length))
  const checkpoint = join(folder, 'vit.safetensors')
  writeFileSync(checkpoint, Buffer.concat([length, header, Buffer.alloc(4)]))

  it('a checkpoint shows its page, one that is known too', async () => {
    const fresh = ways()
    await fresh.open({ paths: [checkpoint], address: null })
    expect(fresh.library.add).toHaveBeenCalledExactlyOnceWith([checkpoint])
    expect(fresh.go).toHaveBeenCalledExactlyOnceWith('#/library/5')
    const known = ways({ added: [], known: [9], refused: [] })
    await known.open({ paths: [checkpoint], address: null })
    expect([known.go.mock.calls, known.refuse.mock.calls]).toEqual([[['#/library/9']], []])
  })
  it('a folder is added to the library and shows it; several files as well', async () => {
    for (const paths of [[folder], [checkpoint, folder]]) {
      const { open, go, dropped } = ways()
      await open({ paths, address: null })
      expect([dropped.mock.calls, go.mock.calls]).toEqual([[[paths]], [['#/library']]])
    }
  })
  it('what is refused, or is not there, is told and leads nowhere', async () => {
    const damaged = ways({ added: [], known: [], refused: [refusal] })
    await damaged.open({ paths: [checkpoint], address: null })
    expect([damaged.go.mock.calls, damaged.refuse.mock.calls]).toEqual([[], [[[refusal]]]])
    const missing = ways()
    await missing.open({ paths: [join(folder, 'nothing.pt')], address: null })
    expect(missing.refuse.mock.calls[0]?.[0]).toMatchObject([{ code: 'file-missing' }])
  })
  it('a run of a link is shown, and adds nothing', async () => {
    const { open, go, library, dropped } = ways()
    await open({ paths: [], address: '#/run/3' })
    expect([go.mock.calls, library.add.mock.calls, dropped.mock.calls]).toEqual([[['#/run/3']], [], []])
  })
})

describe('a second start', () => {
  it('gives what it was asked to open to the first, which comes to the front; what came before waits', () => {
    const again = vi.fn()
    const openFrom = hearStarts(again)
    expect(electron.app.requestSingleInstanceLock.mock.calls[0]?.[0]).toMatchObject({ folder: process.cwd() })
    const heard: unknown[] = []
    const sent = { args: ['b.pt'], folder: '/home/me' }
    electron.app.emit('second-instance', {}, ['basil', '--flag', 'b.pt'], '/', sent)
    openFrom?.((asked) => heard.push(asked))
    electron.app.emit('second-instance', {}, [], '/', { args: ['basil://run/4'], folder: '/' })
    expect(again).toHaveBeenCalledTimes(2)
    expect(heard.slice(1)).toEqual([
      { paths: ['/home/me/b.pt'], address: null },
      { paths: [], address: '#/run/4' },
    ])
  })
  it('ends where another has the data folder', () => {
    electron.app.requestSingleInstanceLock.mockReturnValueOnce(false)
    expect(hearStarts(vi.fn())).toBeNull()
    expect(electron.app.listenerCount('second-instance')).toBe(0)
  })
  it.each([[null], ['b.pt'], [{ args: 'b.pt', folder: '/' }], [{ args: [1], folder: '/' }], [{ args: ['b.pt'] }]])(
    'that sends %j is not listened to',
    (sent) => {
      const heard: unknown[] = []
      hearStarts(vi.fn())?.((asked) => heard.push(asked))
      heard.length = 0
      electron.app.emit('second-instance', {}, [], '/', sent)
      expect(heard).toEqual([])
    },
  )
  it('of macOS comes as events for files and links', () => {
    const heard: unknown[] = []
    hearStarts(vi.fn())?.((asked) => heard.push(asked))
    heard.length = 0
    const event = { preventDefault: vi.fn() }
    electron.app.emit('open-file', event, '/a.pt')
    electron.app.emit('open-url', event, 'basil://run/2')
    expect(event.preventDefault).toHaveBeenCalledTimes(2)
    expect(heard).toEqual([
      { paths: ['/a.pt'], address: null },
      { paths: [], address: '#/run/2' },
    ])
  })
})
