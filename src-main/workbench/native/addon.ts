// The Node-API addon between TensorFlow.js and the library: the one a release brings, or compiled here from our sources
// (resources/engine/addon) against the headers of the fetched wheel. It finds the library by its own place: binding/
// lies beside tensorflow/.
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { copyFile, readdir } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

import { reported } from '../../contract/errors.ts'
import { addonPath } from '../../files/engine-folder.ts'
import { makeFolder } from '../../files/made-folder.ts'
import { installFailed, runChild } from './child.ts'

const require = createRequire(import.meta.url)
const compiler = 'g++'

// Without them square roots and choices between two numbers are not done a vector at a time.
const vectorising = ['-fno-math-errno', '-fno-trapping-math']

export type AddonSource =
  | { ready: string } // a file
  | { sources: string[]; includes: string[] }

/** Of what the addon is made in this Basil: a hash that another version's has not. */
export function madeOf(resources: string): string {
  const [ready, folder] = ['tfjs_binding.node', 'addon'].map((name) => join(resources, 'engine', name)) as [
    string,
    string,
  ]
  const files = existsSync(ready)
    ? [ready]
    : readdirSync(folder)
        .sort()
        .map((name) => join(folder, name))
  const hash = createHash('sha256')
  for (const file of files) hash.update(file.slice(resources.length)).update(readFileSync(file))
  return hash.digest('hex').slice(0, 16)
}

/** Where the addon will come from. Throws install-failed when there is neither one nor a way to make one. */
export async function findAddon(resources: string, signal: AbortSignal): Promise<AddonSource> {
  const ready = join(resources, 'engine', 'tfjs_binding.node')
  if (existsSync(ready)) return { ready }
  const folder = join(resources, 'engine', 'addon')
  const node = join(packageFolder(`node-${process.platform}-${process.arch}`), 'include', 'node')
  const { code, missing, said } = await runChild(compiler, ['--version'], { signal })
  if (code !== 0)
    throw installFailed(
      'The addon cannot be compiled',
      compiler,
      missing ? 'there is no C++ compiler, and no addon came with Basil' : said.slice(0, 300),
      'install a C++ compiler (the system package g++), then install the engine again',
    )
  return {
    sources: (await readdir(folder)).filter((file) => file.endsWith('.cc')).map((file) => join(folder, file)),
    includes: [folder, node],
  }
}

/** Puts the addon into an installation that holds the libraries, and the headers where it is compiled. */
export async function putAddon(source: AddonSource, folder: string, signal: AbortSignal): Promise<void> {
  const target = join(folder, addonPath)
  makeFolder(dirname(target))
  if ('ready' in source) return copyFile(source.ready, target)
  const includes = [...source.includes, join(folder, 'headers')].flatMap((path) => ['-I', path])
  const libraries = ['-L', join(folder, 'tensorflow'), '-l:libtensorflow_cc.so.2', '-l:libtensorflow_framework.so.2']
  const flags = ['-std=gnu++17', '-O3', '-fPIC', '-shared', '-s', '-w', '-DNAPI_VERSION=8', ...vectorising]
  const linking = ['-Wl,--enable-new-dtags,-rpath,$ORIGIN/../tensorflow']
  const { code, said } = await runChild(
    compiler,
    [...flags, ...includes, ...source.sources, '-o', target, ...libraries, ...linking],
    {
      signal,
    },
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
