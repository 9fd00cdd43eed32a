// The plain Node in which the WebGPU engine runs, under Electron too: Dawn's binding maps its buffers into JavaScript,
// which Electron's memory cage forbids in all of its processes. It is the package node-<platform>-<arch>, or, where this
// program runs in a plain Node itself, that one.
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, sep } from 'node:path'

const require = createRequire(import.meta.url)

/** Of a process that may come to open WebGPU. */
export function needsPlainNode({ BASIL_BACKEND, BASIL_ENGINES }: NodeJS.ProcessEnv): boolean {
  return BASIL_BACKEND ? BASIL_BACKEND === 'webgpu' : (BASIL_ENGINES ?? '').split(',').includes('webgpu')
}

/** The program; null where there is none. */
export function plainNode(): string | null {
  if (!process.versions['electron']) return process.execPath
  try {
    const folder = dirname(require.resolve(`node-${process.platform}-${process.arch}/package.json`))
    const program = unpacked(join(folder, 'bin', process.platform === 'win32' ? 'node.exe' : 'node'))
    return existsSync(program) ? program : null
  } catch {
    return null
  }
}

/** The same file outside of the packed program's archive, which a plain Node cannot read. */
export function unpacked(path: string): string {
  return path.replace(`app.asar${sep}`, `app.asar.unpacked${sep}`)
}
