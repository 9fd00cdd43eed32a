// What a format of checkpoints takes, its page and a line in each of two lists; and what a kind of data takes, its page
// and a line. A toy of each is added from here alone: all else follows, since no other page has a list of its own.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

import { extensions } from '../../src-main/contract/file-names.ts'
import type { FormatCard } from '../../src-main/contract/formats.ts'
import type { DataSource } from '../../src-main/engine/datasets/raw.ts'
import type { PlainFormat } from '../../src-main/engine/formats/format.ts'
import type { TensorInfo } from '../../src-main/engine/formats/tensor-file.ts'
import { sourceOf } from '../engine/formats/bytes.ts'

vi.mock('electron', () => import('../desktop/electron-double.ts'))

const cards = '../../src-main/contract/formats.ts'
const formats = '../../src-main/engine/formats/index.ts'
const sources = '../../src-main/engine/datasets/sources/index.ts'
const root = join(import.meta.dirname, '../..')

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'basil-adding-'))
  vi.resetModules()
})
afterEach(() => {
  rmSync(folder, { recursive: true })
  for (const page of [cards, formats, sources]) vi.doUnmock(page)
})

function made(name: string, text: string): string {
  writeFileSync(join(folder, name), text)
  return join(folder, name)
}

/** What is in a page's list, and one more. */
function alsoIn(page: string, list: string, more: (of: object) => object): void {
  vi.doMock(page, async (original) => {
    const real = await original<Record<string, object>>()
    return { ...real, [list]: more(real[list] as object) }
  })
}

describe('a format of checkpoints', () => {
  const card: FormatCard = { title: 'Toy', extensions: ['toy', 'log'] } // the library would pass over a .log
  const page: PlainFormat = {
    matches: (head) => Buffer.from(head).toString('latin1', 0, 4) === 'TOY!',
    open: async (source) => {
      const info: TensorInfo = { name: 'weight', dtype: 'U8', shape: [source.size - 4], bytes: source.size - 4 }
      const readRange = (_: string, offset: number, length: number) => source.read(4 + offset, length)
      const read = (name: string) => readRange(name, 0, info.bytes)
      return { source, format: 'toy', tensors: new Map([[info.name, info]]), metadata: {}, read, readRange }
    },
  }
  beforeEach(() => {
    alsoIn(cards, 'formatCards', (of) => ({ ...of, toy: card }))
    alsoIn(formats, 'formats', (of) => ({ ...of, toy: page }))
  })

  it('is recognised, alone and as a shard, and is among what Basil says it reads', async () => {
    const { openTensorFile } = await import('../../src-main/engine/formats/open.ts')
    const file = await openTensorFile(sourceOf(Buffer.from('TOY!abc'), 'a.toy'))
    expect(file.format).toBe('toy')
    expect([...(await file.read('weight'))]).toEqual([97, 98, 99])
    const index = sourceOf(Buffer.from('{"weight_map":{"weight":"a.toy"}}'), 'a.toy.index.json')
    const beside = async (name: string) => sourceOf(Buffer.from('TOY!abc'), name)
    expect((await openTensorFile({ ...index, beside })).format).toBe('toy-sharded')
    await expect(openTensorFile(sourceOf(Buffer.from([1, 2, 3]), 'a.dat'))).rejects.toMatchObject({
      record: { code: 'format-unknown', why: expect.stringMatching(/known format \(.*npz, Toy, an index of shards\)/) },
    })
  })

  it('is taken by the library, from a folder and as a file that is dropped or named', async () => {
    const { scan } = await import('../../src-main/workbench/library/scan.ts')
    const [a, b] = [made('a.toy', 'TOY!'), made('b.log', 'TOY!')]
    made('c.txt', 'TOY!')
    expect((await scan([folder])).files).toEqual([a, b])
    expect(await scan([b])).toMatchObject({ files: [b], refused: [] })
  })

  it('is offered by the dialogs, and holds images as other tensor files do', async () => {
    const { dialog } = await import('../desktop/electron-double.ts')
    const { windowPlatform } = await import('../../src-main/desktop/dialogs.ts')
    dialog.showOpenDialog.mockResolvedValue({ filePaths: [] })
    await windowPlatform(() => undefined).pickCheckpoints('files')
    const [offered] = dialog.showOpenDialog.mock.lastCall?.[0].filters ?? []
    expect(offered?.extensions).toEqual([...extensions, 'toy', 'log', 'index.json'])
    const { tensorFile } = await import('../../src-main/engine/datasets/sources/tensor-file.ts')
    const { openFiles } = await import('../../src-main/files/folder.ts')
    expect(
      tensorFile.matches({ path: made('i.toy', ''), name: 'i.toy', entries: null, head: null, size: 0 }, openFiles),
    ).toBe(true)
  })

  it('leaves a vector the name that people call it by', async () => {
    const { withoutExtension } = await import('../../src-main/contract/file-names.ts')
    expect(['cars.toy', 'cars.toy,sun.npz', 'cars.dat'].map(withoutExtension)).toEqual([
      'cars',
      'cars,sun.npz',
      'cars.dat',
    ])
  })
})

it('a kind of data is a page and a line: it is found by the list, and is among what Basil says it reads', async () => {
  const toy: DataSource = {
    name: 'toy folder',
    matches: ({ entries }) => entries?.some(({ name }) => name === 'toy.marker') ?? false,
    splits: async () => ['all'],
    open: () => Promise.reject(new Error('nobody asks for its images here')),
  }
  alsoIn(sources, 'sources', (of) => [toy, ...(of as DataSource[])])
  const { findSource, recognise } = await import('../../src-main/engine/datasets/sources/find.ts')
  const { findData } = await import('../../src-main/worker/data/find-data.ts')
  const { openFiles } = await import('../../src-main/files/folder.ts')
  mkdirSync(join(folder, 'inner'))
  made('inner/toy.marker', '')
  expect(await recognise(join(folder, 'inner'), openFiles)).toEqual({
    source: 'toy folder',
    splits: ['all'],
    known: null,
  })
  const told: unknown[] = []
  for await (const event of findData(folder)) told.push(event)
  expect(told.at(-1)).toEqual({ type: 'result', result: { paths: [join(folder, 'inner')], refused: [] } })
  await expect(findSource(made('x.dat', 'x'), openFiles)).rejects.toMatchObject({
    record: { code: 'data-invalid', why: expect.stringMatching(/it reads: toy folder; /) },
  })
})

/** Sources, without their comments. */
const pages = ['src-main', 'src-renderer'].flatMap((room) =>
  readdirSync(join(root, room), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(ts|svelte)$/.test(name))
    .map((name) => ({
      page: `${room}/${name}`,
      text: readFileSync(join(root, room, name), 'utf8').replace(/\/\*[\s\S]*?\*\/|(?<=^|\s)\/\/.*$/gm, ''),
    })),
)

// Words that are also something else: a container, transformers' word for who wrote a file, the folder of programs.
const otherWords = ['safetensors', 'pt', 'bin']

it.each(extensions)('.%s stands in the list of formats, and on the pages of formats, alone', (extension) => {
  const quoted = new RegExp(`(['"\`])\\.${otherWords.includes(extension) ? '' : '?'}${extension}\\1`)
  const amongOthers = new RegExp(`[(|]${extension}\\||\\|${extension}[)|]`)
  const found = pages.filter(({ text }) => quoted.test(text) || amongOthers.test(text)).map(({ page }) => page)
  expect(found.filter((page) => !page.startsWith('src-main/engine/formats/'))).toEqual(
    otherWords.includes(extension) ? [] : ['src-main/contract/formats.ts'],
  )
})
