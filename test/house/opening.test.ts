// Files of the person's are opened by src-main/files/open.ts and nowhere else: whatever else of the program opens a
// file is named here, with what it opens, and that is the program's own.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

import { expect, it } from 'vitest'

const root = join(import.meta.dirname, '..', '..', 'src-main')

/** What can open a file that is there. */
const opening = [
  ...[
    'open',
    'openSync',
    'openAsBlob',
    'readFile',
    'readFileSync',
    'createReadStream',
    'FileReadStream',
    'ReadStream',
    'promises',
  ],
  ...[
    'copyFile',
    'copyFileSync',
    'cp',
    'cpSync',
    'appendFile',
    'appendFileSync',
    'truncate',
    'truncateSync',
    'openPromise',
  ],
]

const own: Record<string, string> = {
  'bench/merge-speed.ts: open': "the benchmark's own random checkpoints",
  'bench/side.ts: readFileSync': '/proc',
  'engine/devices/native/backend.ts: readFileSync': 'the addon that is about to be loaded',
  'engine/devices/native/card.ts: readFileSync': '/proc',
  'engine/devices/webgpu/engine.ts: readFileSync': '/sys',
  'engine/devices/webgpu/opening.ts: readFileSync': "the binding's package",
  'engine/devices/card-file.ts: readFileSync': 'what it measured of a card itself, in the data folder',
  'files/log.ts: appendFileSync': "this process' log, in the data folder",
  'files/known-hashes.ts: readFile': 'a cache in the data folder',
  'files/merge-rate.ts: readFile': 'a cache in the data folder',
  'engine/devices/wasm/kernel-files.ts: readFileSync': 'compiled kernels',
  'engine/devices/wasm/module.ts: readFileSync': 'compiled kernels',
  'files/made-folder.ts: openSync': 'folders, to sync them',
  'files/packed.ts: createReadStream': 'the newer version that it fetched, before its signature is checked',
  'files/packed.ts: readFileSync': 'the key that it was packed with',
  'files/open.ts: open': 'the door itself',
  'files/open.ts: openSync': 'the door itself',
  'files/scratch.ts: open': 'a temporary file that it makes',
  'files/write-atomic.ts: open': 'temporary files that it makes, and folders, to sync them',
  'history/backups.ts: copyFileSync': 'a backup; one that is named has come through the door',
  'history/migrate.ts: readFileSync': 'its migrations',
  'history/names.ts: copyFileSync': 'the history',
  'history/on-disk.ts: openSync': 'copies of the history and folders, to sync them',
  'history/writer-lock.ts: truncateSync': 'a lock of the data folder that a loss of power left in pieces',
  'history/read-only.ts: copyFileSync': 'the history',
  'history/salvage.ts: copyFileSync':
    'histories and backups of the data folder; one that is named has come through the door',
  'history/soundness.ts: openSync': 'the history',
  'history/soundness.ts: truncateSync': 'a copy of a damaged history, made as long as it was',
  'workbench/clusters/pool.ts: openSync': 'the log of a task that it starts, in a folder of its own',
  'workbench/clusters/program.ts: readFileSync': "manifests of the program's packages",
  'remote/logs.ts: openSync': 'a log of a task, which it makes',
  'workbench/runs/journal.ts: appendFileSync': 'the log of a run, in the data folder',
  'workbench/runs/journal.ts: readFileSync': 'the log of a run, in the data folder',
  'workbench/link/engine-process.ts: readFileSync': '/proc',
  'worker/heads/make.ts: readFileSync': "resources: the tokenizer's merges",
  'workbench/heads/prompts.ts: readFileSync': 'resources: classes and templates of known data sets',
  'workbench/reading/own-time.ts: readFileSync': '/proc',
  'workbench/merges/typed.ts: readFile': 'what a merge that was typed left in the data folder',
  'workbench/native/addon.ts: copyFile': "the addon's package",
  'workbench/native/addon.ts: readFileSync': "resources: the addon's sources",
  'workbench/native/self-test.ts: readFileSync': 'resources: recorded numbers',
  'workbench/native/unpack.ts: openPromise': 'wheels that it downloaded and whose SHA-256 it compared',
  'workbench/native/wheels.ts: readFileSync': 'resources: pinned wheels',
  'workbench/studies/presets/files.ts: readFileSync': "resources: the papers' tables",
  'workbench/export/with-card.ts: readFileSync': "resources: the card's template",
  'server/pages.ts: createReadStream': 'the built pages, listed before',
}

/**
 * "place: function" for each that a source takes from node:fs, or from a reader of zips. Throws where it takes all of
 * it.
 */
function openings(place: string, text: string): string[] {
  const taken: string[] = []
  for (const [, names = '', from = ''] of text.matchAll(/import\s+([^'"]*?)\s+from\s+'([^']+)'/g)) {
    if (!/^(node:)?fs(\/promises)?$|^yauzl$/.test(from) || /^type\b/.test(names)) continue
    const [, inner] = /^\{([\s\S]*)\}$/.exec(names) ?? []
    if (inner === undefined) taken.push(`all of ${from}`)
    for (const name of (inner ?? '').split(',')) taken.push(name.trim().split(/\s+as\s+/)[0] ?? '')
  }
  if (/(require|import)\(\s*['"](node:)?fs/.test(text)) {
    const [, inner = 'all of fs'] = /const \{([^}]*)\} = require\(['"]node:fs/.exec(text) ?? []
    taken.push(...inner.split(',').map((name) => name.trim()))
  }
  return taken.filter((name) => opening.includes(name) || name.startsWith('all of')).map((name) => `${place}: ${name}`)
}

it('opens files by one door', () => {
  const sources = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'))
  const found = sources.flatMap((name) => openings(name, readFileSync(join(root, name), 'utf8')))
  expect(sources.length).toBeGreaterThan(200)
  expect([...new Set(found)].sort()).toEqual(Object.keys(own).sort())
})

it('makes folders with what is above them by one hand, which says what the disk said', () => {
  const sources = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'))
  const found = sources.filter((name) => /mkdir(Sync)?\([^\n]*recursive/.test(readFileSync(join(root, name), 'utf8')))
  const cache = 'engine/devices/card-file.ts' // what it measured itself, and measures again
  expect(found.filter((name) => !name.startsWith('bench/'))).toEqual([cache])
})

it.each([
  ["import { mkdir, open as o } from 'node:fs/promises'", ['a.ts: open']],
  ["import {\n  readFileSync,\n  type Stats,\n} from 'node:fs'", ['a.ts: readFileSync']],
  ["import * as fs from 'node:fs'", ['a.ts: all of node:fs']],
  ["import fs from 'fs'", ['a.ts: all of fs']],
  ["const { openSync, readSync } = require('node:fs') as typeof import('node:fs')", ['a.ts: openSync']],
  ["const fs = await import('node:fs')", ['a.ts: all of fs']],
  ["import { stat } from 'node:fs/promises'\nimport type { Stats } from 'node:fs'", []],
])('would see %j', (text, expected) => {
  expect(openings('a.ts', text)).toEqual(expected)
})
