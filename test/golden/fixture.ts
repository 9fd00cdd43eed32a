// The oracle's numbers (test/golden/math, computed by an independent PyTorch program in float64) as the tests read
// them.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

import { resolveConfig } from '../../src-main/contract/run/resolve.ts'
import { toFloat32 } from '../../src-main/engine/formats/dtype.ts'
import { openTensorFile } from '../../src-main/engine/formats/open.ts'
import { openSource } from '../../src-main/files/source.ts'
import { written } from '../engine/formats/bytes.ts'

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
  return resolveConfig({ ...goldenExample, objective, ...change }, (path) => resolve(folder, path))
}

/**
 * The tasks with the first of their images alone, in a file of their own: for runs that are held against each other and
 * not against the oracle, whose numbers are of all 96.
 */
export async function firstImages(count: number): Promise<typeof goldenExample.tasks> {
  const source = await openSource(join(folder, 'tasks.safetensors'))
  const file = await openTensorFile(source)
  const tensors = await Promise.all(
    [...file.tensors].map(async ([name, { dtype, shape }]) => {
      const bytes = await file.read(name)
      const [rows = 0, ...row] = shape
      const kept = name.startsWith('head.') ? rows : count
      return { name, dtype, shape: [kept, ...row], bytes: bytes.slice(0, (bytes.length / rows) * kept) }
    }),
  )
  await source.close()
  const made = mkdtempSync(join(tmpdir(), 'basil-first-images-'))
  process.once('exit', () => rmSync(made, { recursive: true, force: true }))
  const few = join(made, 'tasks.safetensors')
  writeFileSync(few, await written(tensors))
  return tasks.map((name) => ({ name, data: `${few}#${name}`, head: `${few}#head.${name}` }))
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
