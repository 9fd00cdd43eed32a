// Native TensorFlow: TensorFlow.js' NodeJSKernelBackend (of @tensorflow/tfjs-node-gpu) on our own addon
// (resources/engine/addon), compiled against the library of a current TensorFlow wheel (`basil engine install` builds or
// fetches both). The addon is loaded from its path, so that neither the package's own download nor its index.js, which
// wants the download, is needed. An older installation has tfjs-node's own addon, which serves too, slower. Any failure
// to load is an answer, not an error: one line that says why.
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import util from 'node:util'

import { tf } from '../tf.ts'
import { type NativeBackend, type Own, ownAddon } from './tensorflow.ts'

const require = createRequire(import.meta.url)
const packageName = '@tensorflow/tfjs-node-gpu'

export interface Native {
  backend: NativeBackend
  own: Own | undefined // what our addon offers; an older installation has another
  kernels: string // the vectors its kernels use; empty without them
  versions: Record<string, string>
}

/**
 * Native TensorFlow as tfjs' current backend, or the reason why there is none. `addon`: the path of tfjs_binding.node.
 */
export async function openNative(addon: string | undefined, threads: number): Promise<Native | string> {
  if (!addon) return 'native TensorFlow is not installed'
  try {
    return await load(addon, threads)
  } catch (error) {
    return firstLine(error)
  }
}

async function load(addon: string, threads: number): Promise<Native> {
  if (!existsSync(addon)) throw new Error(`${addon} is missing`)
  restoreUtil()
  // Read once, when the library is loaded. Without the second TensorFlow takes the whole card; without the third,
  // float32 products have 10 bits, which our addon sees to by itself.
  process.env['TF_CPP_MIN_LOG_LEVEL'] ??= '3'
  process.env['TF_FORCE_GPU_ALLOW_GROWTH'] ??= 'true'
  if (!readFileSync(addon).includes('openKernels')) process.env['NVIDIA_TF32_OVERRIDE'] ??= '0'
  process.env['TF_NUM_INTRAOP_THREADS'] ??= String(threads)
  const binding = require(addon) as NativeBackend['binding']
  if (!tf.findBackendFactory('tensorflow')) {
    require(`${packageName}/dist/register_all_kernels`)
    const { NodeJSKernelBackend } = require(`${packageName}/dist/nodejs_kernel_backend`) as {
      NodeJSKernelBackend: new (binding: unknown, packageName: string) => InstanceType<typeof tf.KernelBackend>
    }
    tf.registerBackend('tensorflow', () => new NodeJSKernelBackend(binding, packageName))
  }
  if (!(await tf.setBackend('tensorflow'))) throw new Error('TensorFlow.js refused the backend')
  const { version } = require(`${packageName}/package.json`) as { version: string }
  const backend = tf.backend() as unknown as NativeBackend
  const own = ownAddon(backend)
  if (own)
    backend.read = async (dataId) => {
      const { id, values } = backend.tensorMap.get(dataId)
      return values ?? own.tensorData(id)
    }
  return {
    backend,
    own,
    kernels: own ? own.openKernels(threads) : '',
    versions: {
      [packageName]: version,
      tensorflow: binding.TF_Version,
      ...(own && { 'basil-addon': own.version }),
    },
  }
}

// tfjs-node 4.22 calls functions that Node 23 removed from `util`.
function restoreUtil(): void {
  const removed: Record<string, unknown> = util
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
