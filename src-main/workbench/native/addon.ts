// The Node-API addons: the one between TensorFlow.js and the library, and kernels of merges, which need none. They are
// those a release brings, or compiled here from our sources (resources/engine), the first against the headers of the
// fetched wheel. It finds the library by its own place: binding/ lies beside tensorflow/.
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { copyFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { basename, dirname, join } from 'node:path'

import { reported } from '../../contract/errors.ts'
import { addonPath, doublesPath } from '../../files/engine-folder.ts'
import { makeFolder } from '../../files/made-folder.ts'
import { installFailed, runChild } from './child.ts'

const require = createRequire(import.meta.url)
const compiler = 'g++'

interface Addon {
  name: string // of the file, beside others in binding/
  sources: readonly string[] // folders of resources/engine, or files in them
  flags: readonly string[]
  libraries: readonly string[]
}

// Without the first two square roots and choices between two numbers are not done a vector at a time; the last keeps a
// product and a sum rounded apart.
const addons: readonly Addon[] = [
  {
    name: basename(addonPath),
    sources: ['addon'],
    flags: ['-fno-math-errno', '-fno-trapping-math'],
    libraries: ['tensorflow_cc', 'tensorflow_framework'],
  },
  {
    name: basename(doublesPath),
    sources: ['doubles', join('addon', 'baseline.cc')],
    flags: ['-fno-math-errno', '-fno-trapping-math', '-ffp-contract=off'],
    libraries: [],
  },
]

export type AddonSource =
  | { ready: string[] } // files
  | { folder: string; includes: string[] }

/** Of what the addons are made in this Basil: a hash that another version's have not. */
export function madeOf(resources: string): string {
  const engine = join(resources, 'engine')
  const ready = readyIn(engine)
  const hash = createHash('sha256')
  for (const file of ready.length > 0 ? ready : ['addon', 'doubles'].flatMap((name) => filesIn(join(engine, name))))
    hash.update(file.slice(resources.length)).update(readFileSync(file))
  return hash.digest('hex').slice(0, 16)
}

const filesIn = (folder: string): string[] =>
  readdirSync(folder)
    .sort()
    .map((name) => join(folder, name))

/** Those that a release brings, if it brings the one that cannot be done without. */
function readyIn(engine: string): string[] {
  const ready = addons.map(({ name }) => join(engine, name)).filter((file) => existsSync(file))
  return ready[0] === join(engine, basename(addonPath)) ? ready : []
}

/** Where the addons will come from. Throws install-failed when there is neither one nor a way to make one. */
export async function findAddon(resources: string, signal: AbortSignal): Promise<AddonSource> {
  const folder = join(resources, 'engine')
  const ready = readyIn(folder)
  if (ready.length > 0) return { ready }
  const node = join(packageFolder(`node-${process.platform}-${process.arch}`), 'include', 'node')
  const { code, missing, said } = await runChild(compiler, ['--version'], { signal })
  if (code !== 0)
    throw installFailed(
      'The addon cannot be compiled',
      compiler,
      missing ? 'there is no C++ compiler, and no addon came with Basil' : said.slice(0, 300),
      'install a C++ compiler (the system package g++), then install the engine again',
    )
  return { folder, includes: [join(folder, 'addon'), node] }
}

/** Puts the addons into an installation that holds the libraries, and the headers where they are compiled. */
export async function putAddon(source: AddonSource, folder: string, signal: AbortSignal): Promise<void> {
  const binding = dirname(join(folder, addonPath))
  makeFolder(binding)
  if ('ready' in source) for (const file of source.ready) await copyFile(file, join(binding, basename(file)))
  else for (const addon of addons) await compiled(addon, source, folder, signal)
}

async function compiled(
  { name, sources, flags, libraries }: Addon,
  { folder: from, includes }: Exclude<AddonSource, { ready: string[] }>,
  folder: string,
  signal: AbortSignal,
): Promise<void> {
  const files = sources.flatMap((place) =>
    place.endsWith('.cc') ? join(from, place) : filesIn(join(from, place)).filter((file) => file.endsWith('.cc')),
  )
  const { code, said } = await runChild(
    compiler,
    [
      ...['-std=gnu++17', '-O3', '-fPIC', '-shared', '-s', '-w', '-DNAPI_VERSION=8', ...flags],
      ...[...includes, join(folder, 'headers')].flatMap((path) => ['-I', path]),
      ...[...files, '-o', join(dirname(join(folder, addonPath)), name)],
      ...['-L', join(folder, 'tensorflow'), ...libraries.map((library) => `-l:lib${library}.so.2`)],
      '-Wl,--enable-new-dtags,-rpath,$ORIGIN/../tensorflow',
    ],
    { signal },
  )
  if (code === 0) return
  const line = said.split('\n').find((line) => /error/i.test(line)) ?? said
  throw installFailed(
    'The addon could not be compiled',
    compiler,
    line.trim().slice(0, 300),
    reported('say which version of g++ this is, and'),
  )
}

function packageFolder(name: string): string {
  try {
    return dirname(require.resolve(`${name}/package.json`))
  } catch {
    throw installFailed(
      'The addon cannot be compiled',
      name,
      'this package is not installed, and no addon came with Basil',
      'install Basil again with its optional packages, then this engine',
    )
  }
}
