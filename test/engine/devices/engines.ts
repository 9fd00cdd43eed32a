// The engines an operation is tested on: our kernels as the machine runs them, our plain kernels, native TensorFlow
// where it is installed, as the processor has it and as a card has it, and WebGPU where it has a driver. The plain
// ones are made by a folder in which both builds are the plain one.
import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, beforeAll } from 'vitest'

import type { BackendOptions } from '../../../src-main/engine/devices/backend.ts'
import type { Ops } from '../../../src-main/engine/devices/ops.ts'
import type { Tensor1D, Tensor2D } from '../../../src-main/engine/devices/tensor.ts'
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
  const here = await backendsHere()
  return [
    { name: 'relaxed kernels', options: { prefer: 'wasm', threads: 2, kernels: built } },
    { name: 'plain kernels', options: { prefer: 'wasm', threads: 2, kernels: plain } },
    ...(here.includes('native')
      ? ([
          { name: 'native TensorFlow', options: { prefer: 'native', threads: 2 } },
          { name: 'native TensorFlow by functions', options: { prefer: 'native', threads: 2, how: 'functions' } },
        ] as const)
      : []),
    ...(here.includes('webgpu') ? [{ name: 'WebGPU', options: { prefer: 'webgpu', threads: 1 } } as const] : []),
  ]
}

/** Numbers as tensors of the engine that is open when they are asked for. */
export function uploads(ops: () => Ops) {
  return {
    matrix: (values: Numbers, size: [number, number]): Tensor2D => ops().upload(Float32Array.from(values), size),
    vector: (values: Numbers): Tensor1D => ops().upload(Float32Array.from(values), [values.length]),
  }
}

/** One behind the other. */
export function side(vectors: readonly (Numbers | Float32Array)[]): Float32Array {
  return Float32Array.from(vectors.flatMap((v) => [...v]))
}
