// What a folder holds of a model and of what its own program computes with it (test/interop/cases/towers.py), beside
// what Basil computes.
import { join } from 'node:path'

import type { Backend } from '../../src-main/engine/devices/backend.ts'
import type { Tensor2D, Weights } from '../../src-main/engine/devices/tensor.ts'
import { toFloat32 } from '../../src-main/engine/formats/dtype.ts'
import { openTensorFile } from '../../src-main/engine/formats/open.ts'
import { canonical } from '../../src-main/engine/layouts/index.ts'
import { disposeTape, forward, type Tape, type Tower } from '../../src-main/engine/models/clip-vit.ts'
import { loadTextTower } from '../../src-main/engine/models/text/text-tower.ts'
import { patchesOf } from '../../src-main/engine/problems/patches.ts'
import { openCheckpoint } from '../../src-main/engine/weights/checkpoint.ts'
import { loadCheckpoint } from '../../src-main/engine/weights/device.ts'
import { openSource } from '../../src-main/files/source.ts'

export interface Numbers {
  shape: number[]
  values: Float32Array
}

export async function expectedOf(folder: string): Promise<Map<string, Numbers>> {
  const source = await openSource(join(folder, 'expected.safetensors'))
  const file = await openTensorFile(source)
  const found = new Map<string, Numbers>()
  for (const { name, dtype, shape } of file.tensors.values()) {
    const bytes = await file.read(name)
    found.set(name, {
      shape,
      values: dtype === 'F32' ? toFloat32(bytes, dtype) : Float32Array.from(new Int32Array(bytes.slice().buffer)),
    })
  }
  await source.close()
  return found
}

/** With its weights on the device and what a full tape keeps of its pass over the expected pixels. */
export async function passed<T>(
  backend: Backend,
  path: string,
  { shape: [images = 0], values }: Numbers,
  use: (pass: { tower: Tower; weights: Weights; features: Tensor2D; tape: Tape }) => T | Promise<T>,
): Promise<T> {
  const checkpoint = await openCheckpoint(path, openSource)
  const { weights, dispose } = await loadCheckpoint(backend.ops, checkpoint)
  await checkpoint.file.source.close()
  const tower = { architecture: checkpoint.architecture, ops: backend.ops }
  const size = values.length / images
  const pictures = Array.from({ length: images }, (_, n) => ({
    channels: 3 as const,
    pixels: values.subarray(n * size, (n + 1) * size),
  }))
  const patches = patchesOf(tower, pictures)
  const { features, tape } = forward(tower, weights, patches, 'full tape')
  try {
    return await use({ tower, weights, features, tape: tape as Tape })
  } finally {
    features.dispose()
    patches.dispose()
    dispose()
  }
}

export async function imageFeatures(backend: Backend, path: string, pixels: Numbers): Promise<Float32Array> {
  return passed(backend, path, pixels, ({ features, tape }) => {
    disposeTape(tape)
    return backend.ops.read(features)
  })
}

/** ids (texts, tokens), each with whatever stands behind its end. */
export async function textFeatures(
  backend: Backend,
  path: string,
  { shape: [texts = 0], values }: Numbers,
): Promise<Float32Array> {
  const source = await openSource(path)
  const tower = await loadTextTower(backend.ops, canonical(await openTensorFile(source)))
  const length = values.length / texts
  const found = await tower.encode(
    Array.from({ length: texts }, (_, t) => [...values.subarray(t * length, (t + 1) * length)]),
  )
  tower.dispose()
  await source.close()
  return found
}
