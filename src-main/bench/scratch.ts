// The files both sides of a comparison read: random checkpoints and images with fixed seeds, so that no download is
// needed and gradients can be compared. What is already there is used again: files appear whole or not at all.
//   theta_pre ~ U(-a, a) of variance 1 / width (gains are 1 + that);  theta_k = theta_pre + 0.05 U(-a, a)
//   pixels ~ U(-2, 2)
import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'

import { type TensorToWrite, writeSafetensors } from '../engine/formats/safetensors-writer.ts'
import { type TowerShape, towerParameters, towerPrefix } from '../engine/layouts/clip-names.ts'
import { writeAtomic } from '../files/write-atomic.ts'
import { product } from '../numbers/vectors.ts'
import type { Opening } from './protocol.ts'

const classes = 100

export type Shape = Pick<TowerShape, 'imageSize' | 'patchSize' | 'width' | 'layers' | 'embed'>

function wholeOf(shape: Shape): TowerShape {
  const tokens = (shape.imageSize / shape.patchSize) ** 2 + 1
  return { ...shape, mlp: 4 * shape.width, tokens }
}

/** Of a tower's parameters, in their order. */
export function parameterShapes(shape: Shape): number[][] {
  return [...towerParameters(wholeOf(shape)).values()]
}

/** Checkpoints and data in `folder`, made where they are missing. */
export async function scratchFiles(
  folder: string,
  name: string,
  shape: Shape,
  vectors: number,
  images: number,
): Promise<Omit<Opening, 'precision'>> {
  mkdirSync(folder, { recursive: true })
  const architecture = wholeOf(shape)
  const parameters = towerParameters(architecture)
  const pretrained = join(folder, `${name}-pretrained.safetensors`)
  const tuned = Array.from({ length: vectors }, (_, k) => join(folder, `${name}-finetuned-${k + 1}.safetensors`))
  for (const [k, path] of [pretrained, ...tuned].entries())
    if (!existsSync(path)) await writeCheckpoint(path, architecture, parameters, k)
  const data = join(folder, `${name}-images-${images}.safetensors`)
  if (images > 0 && !existsSync(data)) await writeImages(data, architecture, images)
  return { pretrained, vectors: tuned, data, parameters: [...parameters.keys()] }
}

/** k = 0: the pre-trained model. */
async function writeCheckpoint(
  path: string,
  { width }: TowerShape,
  parameters: Map<string, number[]>,
  k: number,
): Promise<void> {
  const tensors = [...parameters].map(
    ([name, shape]): TensorToWrite => ({ name: towerPrefix + name, dtype: 'F32', shape }),
  )
  const scale = Math.sqrt(3 / width)
  await writeTensors(path, tensors, (tensor, index) => {
    const values = new Float32Array(product(tensor.shape)).fill(/ln_.*weight$/.test(tensor.name) ? 1 : 0)
    addUniform(values, scale, index)
    if (k > 0) addUniform(values, 0.05 * scale, 1000 * k + index)
    return values
  })
}

async function writeImages(path: string, { imageSize, embed }: TowerShape, images: number): Promise<void> {
  const tensors: TensorToWrite[] = [
    { name: 'images.bench', dtype: 'F32', shape: [images, 3, imageSize, imageSize] },
    { name: 'labels.bench', dtype: 'I32', shape: [images] },
    { name: 'head.bench', dtype: 'F32', shape: [classes, embed] },
  ]
  await writeTensors(path, tensors, ({ name, shape }, index) => {
    if (name === 'labels.bench') return Int32Array.from({ length: images }, (_, i) => i % classes)
    const values = new Float32Array(product(shape))
    addUniform(values, 2, 500_000 + index)
    return name === 'head.bench' ? unitRows(values, embed) : values
  })
}

async function writeTensors(
  path: string,
  tensors: readonly TensorToWrite[],
  valuesOf: (tensor: TensorToWrite, index: number) => Float32Array | Int32Array,
): Promise<void> {
  const bytes = (name: string): Uint8Array => {
    const index = tensors.findIndex((t) => t.name === name)
    return new Uint8Array(valuesOf(tensors[index] as TensorToWrite, index).buffer)
  }
  await writeAtomic(path, writeSafetensors(tensors, {}, bytes), { overwrite: true })
}

/**
 * values += U(-a, a), drawn by a linear congruential generator: good enough for load, and a gigabyte takes a second.
 */
export function addUniform(values: Float32Array, a: number, seed: number): void {
  let state = Math.imul(seed + 1, 0x9e3779b1) >>> 0
  for (let i = 0; i < values.length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    values[i] = (values[i] as number) + (state / 2147483648 - 1) * a
  }
}

function unitRows(values: Float32Array, columns: number): Float32Array {
  for (let at = 0; at < values.length; at += columns) {
    const row = values.subarray(at, at + columns)
    const norm = Math.sqrt(row.reduce((sum, v) => sum + v * v, 0))
    row.forEach((v, i) => {
      row[i] = v / norm
    })
  }
  return values
}
