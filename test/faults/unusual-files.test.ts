// Named pipes, sockets, devices and folders in every place where a file is read: nobody waits for them, and each is
// refused by its name. A process of its own does it all, which is ended, and the test with it, when it hangs.
import { execFile, execFileSync } from 'node:child_process'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'

import sharp from 'sharp'
import { describe, expect, onTestFinished, test } from 'vitest'

import { started } from '../bundles.ts'
import { temporaryFolder, toyFile } from '../workbench/toy.ts'

const patience = 5 * 60_000 // against hanging

type Kind = 'pipe' | 'socket' | 'zero' | 'null' | 'folder'
const words: Record<Kind, string> = {
  pipe: 'it is a named pipe',
  socket: 'it is a socket',
  zero: 'it is a device',
  null: 'it is a device',
  folder: 'it is a folder',
}

async function make(kind: Kind, path: string): Promise<void> {
  if (kind === 'folder') mkdirSync(path)
  if (kind === 'pipe') execFileSync('mkfifo', [path])
  if (kind === 'zero' || kind === 'null') symlinkSync(`/dev/${kind}`, path)
  if (kind !== 'socket') return
  const server = createServer()
  onTestFinished(() => void server.close())
  await new Promise<void>((resolve) => server.listen(path, resolve))
}

/** A folder with one of the kind under every name that somebody would open. */
async function folderOf(kind: Kind): Promise<string> {
  const folder = temporaryFolder()
  const at = (name: string): string => join(folder, name)
  for (const inner of [
    'lists',
    'shards',
    'tables',
    'idx',
    'cifar',
    'images',
    'images/cat',
    'models',
    'sharded',
    'cache',
    'data folder',
    'data folder/engine',
  ])
    mkdirSync(at(inner))
  const endings = [
    'safetensors',
    'pt',
    'npz',
    'safetensors.index.json',
    'csv',
    'tar',
    'parquet',
    'mat',
    'jsonl',
    'json',
    'md',
  ]
  for (const ending of endings) await make(kind, at(`unusual.${ending}`))
  const inside = [
    'lists/train.csv',
    'shards/train-0000.tar',
    'tables/train-00000.parquet',
    'idx/train-images-idx3-ubyte',
    'idx/train-labels-idx1-ubyte',
  ]
  const others = [
    'cifar/data_batch_1.bin',
    'images/cat/b.png',
    'models/a.pt',
    'sharded/one.safetensors',
    'ft_accuracies.json',
  ]
  for (const name of [...inside, ...others, 'data folder/engine/current.json', 'data folder/engine/device.json'])
    await make(kind, at(name))
  writeFileSync(
    at('images/cat/a.png'),
    await sharp({ create: { width: 9, height: 9, channels: 3, background: 'red' } })
      .png()
      .toBuffer(),
  )
  writeFileSync(at('sharded/model.safetensors.index.json'), JSON.stringify({ weight_map: { a: 'one.safetensors' } }))
  writeFileSync(at('sound.json'), JSON.stringify(toyFile))
  return folder
}

/** What the process prints. Rejects when it hangs. */
function printed(
  folder: string,
  home: string,
): Promise<Record<string, { came?: unknown; code?: string; why?: string }>> {
  return new Promise((resolve, reject) => {
    const main = started('test/faults/unusual-main.ts')
    execFile(
      process.execPath,
      [main, folder, home],
      { timeout: patience, killSignal: 'SIGKILL' },
      (error, out, err) => {
        if (error) reject(new Error(`${error.signal ?? error.code}: ${out.slice(-2000)} ${err.slice(-2000)}`))
        else resolve(JSON.parse(out).told)
      },
    )
  })
}

describe.runIf(process.platform === 'linux')('what is no file', () => {
  test.for(['pipe', 'socket', 'zero', 'null', 'folder'] as const)(
    'a %s is refused wherever a file is read, at once',
    { timeout: patience + 10_000 },
    async (kind) => {
      const told = await printed(await folderOf(kind), temporaryFolder())
      const why = words[kind]
      const refused = { code: 'file-unreadable', why }
      const asData = kind === 'folder' ? undefined : `file-unreadable: ${why}`
      const expected: Record<string, unknown> = {}
      for (const name of ['safetensors', 'pt', 'npz', 'safetensors.index.json'])
        expected[`inspect unusual.${name}`] = refused
      for (const name of [
        'projects.open',
        'run',
        'run models',
        'study run',
        'hash',
        'hash in a thread',
        'download',
        'heads import',
        'history restore',
      ])
        expected[name] = refused
      expect(told).toMatchObject(expected)
      if (asData)
        for (const name of ['csv', 'tar', 'parquet', 'mat', 'jsonl'])
          expect([name, told[`data add unusual.${name}`]]).toEqual([name, { came: [asData] }])
      if (asData)
        for (const name of ['lists', 'shards', 'tables', 'idx'])
          expect([name, told[`data add ${name}`]]).toEqual([name, { came: [asData] }])
      expect(told['data add and prepare images']).toEqual({
        came: kind === 'folder' ? [[1, []]] : [[1, [{ name: 'cat/b.png', reason: why }]]],
      })
      expect(told['projects.open beside it']).toEqual({ came: 0 })
      expect(told['library add']).toEqual({ came: kind === 'folder' ? [] : [why] })
      expect(told['library add folder']).toEqual({ came: [0, 0] })
      expect(told['library index']).toEqual({ came: [why] })
      expect(told['eval model']).toEqual({ came: `file-unreadable: ${why}` })
      expect(told['eval head']).toEqual({ came: `file-unreadable: ${why}` })
      if (asData) expect(told['eval data']).toEqual({ came: asData })
      expect(told['eval references']).toMatchObject({ code: 'data-invalid', why })
      expect(told['heads make']).toMatchObject({ code: 'file-missing' })
      expect(told['card']).toEqual({ came: false })
      expect(told['device choice']).toEqual({ came: 'auto' })
      expect(told['engine in use']).toEqual({ came: 'current.json is damaged' })
      expect(told['four at a time']).toEqual({ came: ['file-unreadable'] })
      expect(JSON.stringify(told)).not.toContain('internal')
    },
  )
})
