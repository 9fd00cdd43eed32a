// Native TensorFlow by @tensorflow/tfjs-node-gpu or @tensorflow/tfjs-node, if one is installed with its binary. Any failure
// to load is an answer, not an error: it says why in one line. The binary is looked for before the package is
// imported, as the import takes half a second and prints a page when there is none.
import { existsSync, readdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import util from 'node:util'

import { tf } from '../tf.ts'
import type { NativeBackend } from './tf-ops.ts'

const require = createRequire(import.meta.url)
const packages = ['@tensorflow/tfjs-node-gpu', '@tensorflow/tfjs-node']

export interface Native {
  backend: NativeBackend
  versions: Record<string, string>
}

/** Native TensorFlow as tfjs' current backend, or the reason why there is none. */
export async function openNative(threads: number): Promise<Native | string> {
  const reasons: string[] = []
  for (const name of packages) {
    try {
      return await importPackage(name, threads)
    } catch (error) {
      reasons.push(`${name}: ${firstLine(error)}`)
    }
  }
  return reasons.join('; ')
}

async function importPackage(name: string, threads: number): Promise<Native> {
  requireBinary(folderOf(name))
  restoreUtil()
  // Read once, when the library is loaded. Without the second TensorFlow takes the whole card; without the third,
  // float32 products have 10 bits.
  process.env['TF_CPP_MIN_LOG_LEVEL'] ??= '3'
  process.env['TF_FORCE_GPU_ALLOW_GROWTH'] ??= 'true'
  process.env['NVIDIA_TF32_OVERRIDE'] ??= '0'
  process.env['TF_NUM_INTRAOP_THREADS'] ??= String(threads)
  const { version } = require(name) as { version: Record<string, string> }
  if (!(await tf.setBackend('tensorflow'))) throw new Error('TensorFlow.js refused the backend')
  const backend = tf.backend() as unknown as NativeBackend
  return { backend, versions: { [name]: version['tfjs-node'] ?? '', tensorflow: backend.binding.TF_Version } }
}

function folderOf(name: string): string {
  try {
    return dirname(require.resolve(`${name}/package.json`))
  } catch {
    throw new Error('not installed')
  }
}

function requireBinary(folder: string): void {
  const lib = join(folder, 'lib')
  const built = existsSync(lib) && readdirSync(lib).some((abi) => existsSync(join(lib, abi, 'tfjs_binding.node')))
  if (!built) throw new Error('its binary is not installed')
}

// tfjs-node 4.22 calls functions that Node 23 removed from `util`.
function restoreUtil(): void {
  const removed = util as unknown as Record<string, unknown>
  removed['isArray'] ??= Array.isArray
  removed['isNullOrUndefined'] ??= (value: unknown) => value === null || value === undefined
  removed['isNull'] ??= (value: unknown) => value === null
  removed['isUndefined'] ??= (value: unknown) => value === undefined
  removed['isString'] ??= (value: unknown) => typeof value === 'string'
  removed['isNumber'] ??= (value: unknown) => typeof value === 'number'
  removed['isBoolean'] ??= (value: unknown) => typeof value === 'boolean'
  removed['isObject'] ??= (value: unknown) => typeof value === 'object' && value !== null
  removed['isFunction'] ??= (value: unknown) => typeof value === 'function'
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? ''
}
