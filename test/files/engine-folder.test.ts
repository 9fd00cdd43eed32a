// Which engine is in use, read from a folder that anything may have happened to: never half of one, and never an
// exception.
import { mkdirSync, mkdtempSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { expect, onTestFinished, test } from 'vitest'

import {
  currentEngine,
  forgetEngine,
  sweepEngines,
  switchEngine,
  writeManifest,
} from '../../src-main/files/engine-folder.ts'

const id = 'cpu-1'
const libraries = [
  'tensorflow/libtensorflow_cc.so.2',
  'tensorflow/libtensorflow_framework.so.2',
  'binding/tfjs_binding.node',
]

async function installed(): Promise<string> {
  const home = mkdtempSync(join(tmpdir(), 'basil-engine-'))
  onTestFinished(() => rmSync(home, { recursive: true }))
  for (const file of libraries) {
    mkdirSync(join(home, 'engine', id, file, '..'), { recursive: true })
    writeFileSync(join(home, 'engine', id, file), 'x'.repeat(100))
  }
  const files = libraries.map((path) => ({ path, bytes: 100 }))
  await writeManifest(home, id, { kind: 'cpu', tensorflow: '2.0', installed: '2026-01-01T00:00:00.000Z', files })
  await switchEngine(home, id)
  return home
}

test('an installation is found with what it is, and a folder without one has none', async () => {
  const home = await installed()
  const folder = join(home, 'engine', id)
  expect(currentEngine(home)).toEqual({
    installed: {
      kind: 'cpu',
      tensorflow: '2.0',
      folder,
      addon: join(folder, 'binding', 'tfjs_binding.node'),
      bytes: 300,
      installed: '2026-01-01T00:00:00.000Z',
      made: '', // of before that was kept
    },
    damaged: '',
  })
  expect(currentEngine(join(home, 'elsewhere'))).toEqual({ installed: null, damaged: '' })
})

test.each([
  [
    'a library is missing',
    (at: (path: string) => string) => rmSync(at(libraries[0] as string)),
    /libtensorflow_cc.so.2 is missing/,
  ],
  ['a library is cut', (at: (path: string) => string) => truncateSync(at(libraries[1] as string), 99), /not whole/],
  ['the addon is gone', (at: (path: string) => string) => rmSync(at(libraries[2] as string)), /tfjs_binding.node/],
  [
    'the manifest is no JSON',
    (at: (path: string) => string) => truncateSync(at('manifest.json'), 20),
    /manifest.json is damaged/,
  ],
  ['the manifest is gone', (at: (path: string) => string) => rmSync(at('manifest.json')), /manifest.json is missing/],
  [
    'the pointer is empty',
    (at: (path: string) => string) => truncateSync(at('../current.json'), 0),
    /current.json is damaged/,
  ],
  [
    'the pointer leaves the folder',
    (at: (path: string) => string) => writeFileSync(at('../current.json'), '{"id":"../x"}'),
    /current.json/,
  ],
])('where %s nothing is in use, and why is said', async (_, damage, why) => {
  const home = await installed()
  damage((path) => join(home, 'engine', id, path))
  expect(currentEngine(home)).toEqual({ installed: null, damaged: expect.stringMatching(why) })
})

test('sweeping keeps the engine in use, downloads unless asked, and whatever is not an installation', async () => {
  const home = await installed()
  for (const name of ['cpu-0', 'cuda-2', 'downloads', 'notes']) mkdirSync(join(home, 'engine', name))
  writeFileSync(join(home, 'engine', 'device.json'), '{}')
  await sweepEngines(home, { downloads: false })
  expect(readdirSync(join(home, 'engine')).sort()).toEqual([id, 'current.json', 'device.json', 'downloads', 'notes'])
  expect(await forgetEngine(home)).toBe(true)
  await sweepEngines(home, { downloads: true })
  expect(readdirSync(join(home, 'engine')).sort()).toEqual(['device.json', 'notes'])
  expect(await forgetEngine(home)).toBe(false)
})
