// disk.cc as a library, and a process that runs under it.
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'

/** Linux has LD_PRELOAD; where a compiler must be there (NATIVE_REQUIRED), its absence is an error and no skip. */
export const canPreload =
  process.platform === 'linux' &&
  (spawnSync('g++', ['--version']).status === 0 || process.env['NATIVE_REQUIRED'] !== undefined)

/** Compiles it into a folder; gives its path. */
export function preload(folder: string): string {
  const library = join(folder, 'disk.so')
  const flags = ['-O1', '-Wall', '-Wextra', '-Werror', '-shared', '-fPIC', '-o', library]
  execFileSync('g++', [...flags, join(import.meta.dirname, 'disk.cc'), '-ldl', '-lpthread'])
  return library
}

/** Runs a program of this folder to its end under the library; gives what it printed. */
export async function under(
  library: string,
  program: string,
  args: string[],
  disk: NodeJS.ProcessEnv,
): Promise<string> {
  const child = spawn(process.execPath, [join(import.meta.dirname, program), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...disk, LD_PRELOAD: library },
  })
  let out = ''
  child.stdout.on('data', (chunk) => {
    out += chunk
  })
  const [code, signal] = await once(child, 'close')
  if (code !== 0) throw new Error(`${program} ended with ${code ?? signal}: ${out.slice(-2000)}`)
  return out
}
