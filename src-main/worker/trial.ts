// How fast an engine is on this machine: one coefficient step (one vector, AdamW left out) of a small fixed tower, two
// layers of ViT-B/32's sizes, on 16 random images, again and again for two seconds after one that nobody counts.
// Nothing is read from a disk: its checkpoints are made here, and read as any other.
import type { Trial } from '../contract/api/engines.ts'
import { resolveConfig } from '../contract/run/resolve.ts'
import type { ByteSource } from '../engine/formats/source.ts'
import {
  type Backend,
  clipProblem,
  groupsOf,
  infoOf,
  microBatchFor,
  objectiveNamed,
  openParents,
  openStore,
  readTasks,
  type TensorToWrite,
  writeSafetensors,
} from '../engine/index.ts'
import { type TowerShape, towerParameters, towerPrefix } from '../engine/layouts/clip-names.ts'
import { filled } from '../numbers/table.ts'
import { product } from '../numbers/vectors.ts'

const limit = 2000 // milliseconds of steps
const images = 16
const classes = 100
const shape: TowerShape = { imageSize: 224, patchSize: 32, width: 768, layers: 2, embed: 512, mlp: 3072, tokens: 50 }

export async function trialOf(
  backend: Backend,
  how: { shape: TowerShape; limit: number } = { shape, limit },
): Promise<Trial> {
  const step = await steps(backend, how.shape)
  await step() // kernels are compiled, and caches filled
  const times: number[] = []
  const began = performance.now()
  do {
    const start = performance.now()
    await step()
    times.push(performance.now() - start)
  } while (performance.now() - began < how.limit)
  times.sort((a, b) => a - b)
  return { engine: infoOf(backend), milliseconds: times[times.length >> 1] ?? Number.NaN, steps: times.length }
}

async function steps(backend: Backend, tower: TowerShape): Promise<() => Promise<unknown>> {
  const files = await filesOf(tower)
  const open = async (path: string): Promise<ByteSource> => memorySource(path, files)
  const config = resolveConfig(
    {
      method: 'atlas',
      pretrained: 'pretrained.safetensors',
      vectors: ['finetuned.safetensors'],
      tasks: [{ name: 'trial', data: 'images.safetensors#trial', head: 'images.safetensors#head.trial' }],
      batch: 'all',
    },
    (path) => path,
  )
  const parents = await openParents(config.pretrained, config.vectors, open)
  const problem = clipProblem(
    {
      tower: { architecture: parents.architecture, ops: backend.ops },
      tasks: await readTasks(config, parents.architecture, open),
      objective: objectiveNamed(config.objective),
      microBatch: microBatchFor(config.microBatch, backend, parents.architecture),
      signal: new AbortController().signal,
    },
    await openStore(backend, parents, config.vectorPrecision),
    groupsOf(parents, 'tensor'),
  )
  const coefficients = filled(problem.vectors.length, problem.groups.length, 0.3)
  const batch = [Int32Array.from({ length: images }, (_, i) => i)]
  return () => problem.lossAndGradient(coefficients, batch)
}

async function filesOf(tower: TowerShape): Promise<Map<string, Uint8Array>> {
  const scale = Math.sqrt(3 / tower.width)
  const weights = [...towerParameters(tower)].map(
    ([name, shape]): TensorToWrite => ({ name: towerPrefix + name, dtype: 'F32', shape }),
  )
  const data: TensorToWrite[] = [
    { name: 'images.trial', dtype: 'F32', shape: [images, 3, tower.imageSize, tower.imageSize] },
    { name: 'labels.trial', dtype: 'I32', shape: [images] },
    { name: 'head.trial', dtype: 'F32', shape: [classes, tower.embed] },
  ]
  const labels = new Uint8Array(Int32Array.from({ length: images }, (_, i) => i % classes).buffer)
  const head = new Float32Array(classes * tower.embed) // unit rows
  for (let row = 0; row < classes; row++) head[row * tower.embed + (row % tower.embed)] = 1
  const values = ({ name, shape }: TensorToWrite, seed: number): Uint8Array => {
    if (name.startsWith('labels')) return labels
    if (name.startsWith('head')) return new Uint8Array(head.buffer)
    return uniform(product(shape), scale, seed, /ln_.*weight$/.test(name) ? 1 : 0)
  }
  return new Map([
    ['pretrained.safetensors', await written(weights, (tensor, i) => values(tensor, i))],
    ['finetuned.safetensors', await written(weights, (tensor, i) => values(tensor, i + 1000))],
    ['images.safetensors', await written(data, (tensor, i) => values(tensor, i + 2000))],
  ])
}

async function written(
  tensors: readonly TensorToWrite[],
  values: (tensor: TensorToWrite, index: number) => Uint8Array,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  const bytes = (name: string): Uint8Array => {
    const index = tensors.findIndex((tensor) => tensor.name === name)
    return values(tensors[index] as TensorToWrite, index)
  }
  for await (const chunk of writeSafetensors(tensors, {}, bytes)) chunks.push(chunk)
  return Buffer.concat(chunks)
}

/** middle + U(-a, a), by a linear congruential generator: good enough for load. */
function uniform(count: number, a: number, seed: number, middle: number): Uint8Array {
  const values = new Float32Array(count)
  let state = Math.imul(seed + 1, 0x9e3779b1) >>> 0
  for (let i = 0; i < count; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    values[i] = middle + (state / 2147483648 - 1) * a
  }
  return new Uint8Array(values.buffer)
}

function memorySource(path: string, files: Map<string, Uint8Array>): ByteSource {
  const bytes = files.get(path)
  if (!bytes) throw new Error(`the trial has no file ${path}`)
  return {
    path,
    name: path,
    size: bytes.length,
    read: async (offset, length, into) => {
      const part = bytes.subarray(offset, offset + length)
      if (!into) return part.slice()
      into.set(part)
      return into.subarray(0, length)
    },
    beside: async (name) => memorySource(name, files),
    close: async () => undefined,
  }
}
