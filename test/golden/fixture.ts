// The oracle's numbers (test/golden/math, computed by an independent PyTorch program in float64) as the tests read
// them.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

import { resolveConfig } from '../../src-main/contract/run/resolve.ts'
import { toFloat32 } from '../../src-main/engine/formats/dtype.ts'
import { openTensorFile } from '../../src-main/engine/formats/open.ts'
import { openSource } from '../../src-main/files/source.ts'

export const folder = join(import.meta.dirname, 'math')
export const expected = JSON.parse(readFileSync(join(folder, 'expected.json'), 'utf8'))
export const tasks = ['alpha', 'beta', 'gamma']

/** A tensor of expected.safetensors as numbers, row after row. */
export async function expectedTensor(name: string): Promise<Float32Array> {
  const source = await openSource(join(folder, 'expected.safetensors'))
  const file = await openTensorFile(source)
  const values = toFloat32(await file.read(name), 'F32')
  await source.close()
  return values
}

/** The configuration whose trajectories the oracle recorded, as a person writes it. */
export const goldenExample = {
  method: 'dv-basi',
  pretrained: 'pretrained.safetensors',
  vectors: tasks.map((t) => `finetuned-${t}.safetensors`),
  tasks: tasks.map((name) => ({ name, data: `tasks.safetensors#${name}`, head: `tasks.safetensors#head.${name}` })),
  objective: 'cross-entropy',
  blocks: 'tensor',
  select: 'training-loss',
  batch: 'all',
  seed: 0,
  start: { method: 'atlas', initialCoefficient: 0, steps: 20 },
  iterations: 3,
  steps: 15,
  initialCoefficient: 0.1,
  learningRate: 0.01,
  weightDecay: 0.5,
  clipNorm: 1,
}

export function goldenConfig(objective: 'cross-entropy' | 'entropy', change: Record<string, unknown> = {}) {
  return resolveConfig({ ...goldenExample, objective, ...change }, (path) => join(folder, path))
}

/** Largest |a - b| over the largest |b|; NaN anywhere gives NaN, which no bar admits. */
export function relativeError(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Number.NaN
  let error = 0
  let largest = 0
  for (let i = 0; i < b.length; i++) {
    const e = Math.abs((a[i] as number) - (b[i] as number))
    if (!(e <= error)) error = e
    largest = Math.max(largest, Math.abs(b[i] as number))
  }
  return error / largest
}
