// The engines an operation is tested on: our kernels as the machine runs them, our plain kernels, and native TensorFlow
// where it is installed, as the processor has it and as a card has it. The plain ones are made by a folder in which both builds are the plain one.
import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, beforeAll } from 'vitest'

import type { BackendOptions } from '../../../src-main/engine/devices/backend.ts'
import { type Tensor1D, type Tensor2D, tf } from '../../../src-main/engine/devices/tf.ts'
import { backendsHere } from '../../golden/backends.ts'
import type { Numbers } from './reference.ts'

const root = join(import.meta.dirname, '../../..')
const built = join(root, 'out/kernels')

/** [name, what openBackend takes]. To be called once, on top of a test file. */
export async function kernelEngines(): Promise<{ name: string; options: BackendOptions }[]> {
  const plain = mkdtempSync(join(tmpdir(), 'basil-plain-'))
  beforeAll(() => {
    delete process.env['BASIL_BACKEND']
    execFileSync(process.execPath, [join(root, 'build/kernels.mjs')])
    for (const name of ['relaxed.wasm', 'plain.wasm']) copyFileSync(join(built, 'plain.wasm'), join(plain, name))
  })
  afterAll(() => rmSync(plain, { recursive: true }))
  const native = (await backendsHere()).includes('native')
  return [
    { name: 'relaxed kernels', options: { prefer: 'wasm', threads: 2, kernels: built } },
    { name: 'plain kernels', options: { prefer: 'wasm', threads: 2, kernels: plain } },
    ...(native
      ? ([
          { name: 'native TensorFlow', options: { prefer: 'native', threads: 2 } },
          { name: 'native TensorFlow by functions', options: { prefer: 'native', threads: 2, how: 'functions' } },
        ] as const)
      : []),
  ]
}

export function matrix(values: Numbers, size: [number, number]): Tensor2D {
  return tf.tensor2d(Float32Array.from(values), size)
}

export function vector(values: Numbers): Tensor1D {
  return tf.tensor1d(Float32Array.from(values))
}

/** One behind the other. */
export function side(vectors: readonly (Numbers | Float32Array)[]): Float32Array {
  return Float32Array.from(vectors.flatMap((v) => [...v]))
}
