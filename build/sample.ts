// Makes the sample project (resources/sample): a small CLIP-style image tower pre-trained briefly on all tasks together,
// one model fine-tuned on each, heads, and the images that coefficients are learned, selected and tested on.
//   npm run sample:build -- --data FOLDER [--out FOLDER]
// FOLDER holds one .npz a task (x_train, x_vtr, x_ves, x_test: uint8 (n, 56, 56, 3); y_*: int64; classes). Seeds are fixed,
// the wasm engine does not depend on the number of threads: the same data gives the same files.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

import { unzipSync } from 'fflate'

import { openBackend } from '../src-main/engine/backend.ts'
import { toFloat16, toFloat32 } from '../src-main/engine/formats/dtype.ts'
import { type TensorToWrite, writeSafetensors } from '../src-main/engine/formats/safetensors-writer.ts'
import { type Architecture, towerParameters } from '../src-main/engine/models/clip-names.ts'
import { forward, type Tower } from '../src-main/engine/models/clip-vit.ts'
import { applyHead, type Head } from '../src-main/engine/models/head.ts'
import { patchesOf } from '../src-main/engine/models/patches.ts'
import { crossEntropy } from '../src-main/engine/objectives/cross-entropy.ts'
import { normal, philox } from '../src-main/engine/random.ts'
import { type Tensor, tf } from '../src-main/engine/tf.ts'
import { initialWeights, type TrainingTask, train, type Weights } from './train.ts'

const { values: options } = parseArgs({
  options: {
    data: { type: 'string', default: '../shared/data' },
    out: { type: 'string', default: 'resources/sample' },
    tasks: { type: 'string', default: 'mnist,fashion,digits,emoji,glyphs' },
    also: { type: 'string', default: 'clipart' }, // joins the pre-training, is no task
    pretrain: { type: 'string', default: '600' },
    finetune: { type: 'string', default: '600' },
    rate: { type: 'string', default: '0.0003' },
    shots: { type: 'string', default: '2' },
    layers: { type: 'string', default: '4' },
  },
})
const names = options.tasks.split(',')
const size = 28
const seed = 1
const layers = Number(options.layers)
const architecture: Architecture = { prefix: 'visual.', imageSize: size, patchSize: 7, width: 128, layers, heads: 2, embed: 64, tokens: 17 }

interface Source {
  images: Record<string, { pixels: Uint8Array; labels: Int32Array; count: number }> // (n, 56, 56, 3)
  classes: number
  classNames: string[]
}

function readNpz(path: string): Source {
  const files = unzipSync(readFileSync(path))
  const read = (name: string) => {
    const bytes = files[`${name}.npy`]
    if (!bytes) throw new Error(`${path} has no ${name}`)
    const length = new DataView(bytes.buffer, bytes.byteOffset).getUint16(8, true)
    const header = new TextDecoder('latin1').decode(bytes.subarray(10, 10 + length))
    const shape = (/'shape': \(([^)]*)\)/.exec(header)?.[1] ?? '')
      .split(',')
      .filter((s) => s.trim())
      .map(Number)
    return { data: bytes.slice(10 + length), shape, descr: /'descr': '([^']*)'/.exec(header)?.[1] ?? '' }
  }
  const images: Source['images'] = {}
  for (const split of ['train', 'vtr', 'ves', 'test']) {
    const x = read(`x_${split}`)
    const y = read(`y_${split}`)
    images[split] = { pixels: x.data, labels: Int32Array.from(new BigInt64Array(y.data.buffer), Number), count: x.shape[0] ?? 0 }
  }
  const c = read('classes')
  const wide = Number(/\d+/.exec(c.descr)?.[0])
  const points = new Uint32Array(c.data.buffer)
  const classNames = Array.from({ length: c.shape[0] ?? 0 }, (_, i) =>
    String.fromCodePoint(...points.subarray(i * wide, (i + 1) * wide)).replaceAll('\0', ''),
  )
  return { images, classes: classNames.length, classNames }
}

/** (56, 56, 3) to (3, 28, 28): the mean of 2 x 2 pixels, shifted by whole source pixels; what lies outside repeats the border. */
function shrink(source: Uint8Array, index: number, dx: number, dy: number): Uint8Array {
  const out = new Uint8Array(3 * size * size)
  const at = (y: number, x: number, c: number): number => source[((index * 56 + clamp(y)) * 56 + clamp(x)) * 3 + c] as number
  for (let c = 0; c < 3; c++)
    for (let y = 0; y < size; y++)
      for (let x = 0; x < size; x++) {
        const sy = 2 * y + dy
        const sx = 2 * x + dx
        out[(c * size + y) * size + x] = Math.round((at(sy, sx, c) + at(sy, sx + 1, c) + at(sy + 1, sx, c) + at(sy + 1, sx + 1, c)) / 4)
      }
  return out
}
const clamp = (v: number): number => Math.max(0, Math.min(55, v))

/** Random unit rows: they stand where a text tower's class embeddings would. */
function randomHead(classes: number, stream: number): Head {
  const weights = new Float32Array(classes * architecture.embed)
  for (let c = 0; c < classes; c++) {
    const row = Float64Array.from({ length: architecture.embed }, (_, e) => normal(seed, stream, c, e))
    const norm = Math.hypot(...row)
    row.forEach((v, e) => {
      weights[c * architecture.embed + e] = v / norm
    })
  }
  return { weights, classes, embed: architecture.embed }
}

/** The field's few-shot head: per class, the mean of normalised features of its first training images, normalised. */
function prototypes(tower: Tower, weights: Weights, source: Source, shots: number): Head {
  const { pixels, labels } = source.images.train as Source['images'][string]
  const device = onDevice(weights)
  const head = new Float32Array(source.classes * architecture.embed)
  for (let c = 0; c < source.classes; c++) {
    const chosen = [...labels.keys()].filter((i) => labels[i] === c).slice(0, shots)
    const patches = patchesOf(
      chosen.map((i) => ({ index: 0, images: { where: '', count: 1, size, pixels: shrink(pixels, i, 0, 0), labels: new Int32Array(1) } })),
      size,
      architecture.patchSize,
    )
    const { features } = forward(tower, (name) => device.get(name) as Tensor, patches, false)
    const z = tower.ops.read(features)
    const row = new Float64Array(architecture.embed)
    for (let n = 0; n < chosen.length; n++) {
      const one = z.subarray(n * architecture.embed, (n + 1) * architecture.embed)
      const norm = Math.hypot(...one)
      one.forEach((v, e) => {
        row[e] = (row[e] as number) + v / norm
      })
    }
    const norm = Math.hypot(...row)
    head.set(
      row.map((v) => v / norm),
      c * architecture.embed,
    )
    tf.dispose([patches, features])
  }
  tf.dispose([...device.values()])
  return { weights: head, classes: source.classes, embed: architecture.embed }
}

function onDevice(weights: Weights): Map<string, Tensor> {
  const shapes = towerParameters(architecture)
  return new Map(
    [...weights].map(([name, values]) => {
      const shape = shapes.get(name) as number[]
      return [
        name,
        tf.tensor(Float32Array.from(values), shape.length > 2 ? [shape[0] as number, shape.slice(1).reduce((a, b) => a * b, 1)] : shape),
      ]
    }),
  )
}

function trainingTask(source: Source, head: Head): TrainingTask {
  const { pixels, labels } = source.images.train as Source['images'][string]
  return {
    head,
    labels,
    picture: (index, draw) => {
      const [a, b] = philox([draw, 0, 0, 0], [7, 7])
      return shrink(pixels, index, (a % 9) - 4, (b % 9) - 4)
    },
  }
}

function accuracy(tower: Tower, weights: Weights, source: Source, head: Head, split: string): number {
  const { pixels, labels, count } = source.images[split] as Source['images'][string]
  const device = onDevice(weights)
  let correct = 0
  for (let first = 0; first < count; first += 100) {
    const n = Math.min(100, count - first)
    const picked = Array.from({ length: n }, (_, i) => ({
      index: 0,
      images: { where: '', count: 1, size, pixels: shrink(pixels, first + i, 0, 0), labels: new Int32Array(1) },
    }))
    const patches = patchesOf(picked, size, architecture.patchSize)
    const { features } = forward(tower, (name) => device.get(name) as Tensor, patches, false)
    correct += applyHead(head, crossEntropy, tower.ops.read(features), 0, labels.slice(first, first + n), 1).correct
    tf.dispose([patches, features])
  }
  tf.dispose([...device.values()])
  return correct / count
}

async function save(
  name: string,
  tensors: TensorToWrite[],
  bytes: (name: string) => Uint8Array,
  metadata: Record<string, string>,
): Promise<void> {
  const chunks: Uint8Array[] = []
  for await (const chunk of writeSafetensors(tensors, metadata, bytes)) chunks.push(chunk)
  const all = Buffer.concat(chunks)
  writeFileSync(join(options.out, name), all)
  console.log(`${name}: ${(all.length / 1e6).toFixed(2)} MB`)
}

async function saveModel(name: string, weights: Weights, role: string): Promise<void> {
  const tensors = [...towerParameters(architecture)].map(([n, shape]): TensorToWrite => ({ name: `visual.${n}`, dtype: 'F16', shape }))
  await save(
    `${name}.safetensors`,
    tensors,
    (n) => new Uint8Array(toFloat16(Float32Array.from(weights.get(n.slice(7)) as Float64Array)).buffer),
    { role, made_by: 'npm run sample:build' },
  )
}

/** What float16 keeps: later stages start from what is stored. */
function stored(weights: Weights): Weights {
  return new Map(
    [...weights].map(([n, v]) => [n, Float64Array.from(toFloat32(new Uint8Array(toFloat16(Float32Array.from(v)).buffer), 'F16'))]),
  )
}

mkdirSync(options.out, { recursive: true })
const backend = await openBackend({ prefer: 'wasm' })
const tower: Tower = { architecture, activation: 'quick-gelu', ops: backend.ops }
const sources = new Map([...names, ...options.also.split(',').filter(Boolean)].map((n) => [n, readNpz(join(options.data, `${n}.npz`))]))
const heads = new Map([...sources].map(([n, s], i) => [n, randomHead(s.classes, 100 + i)]))
const report = (weights: Weights): string =>
  names.map((n) => `${n} ${(100 * accuracy(tower, weights, sources.get(n) as Source, heads.get(n) as Head, 'test')).toFixed(1)}`).join(', ')

let weights = initialWeights(architecture, seed)
const all = [...sources].map(([n, s]) => trainingTask(s, heads.get(n) as Head))
train(tower, weights, all, {
  steps: Number(options.pretrain),
  batch: 16,
  learningRate: 1e-3,
  weightDecay: 0.1,
  warmUp: 100,
  seed,
  log: (l) => console.log(`pre-training: ${l}`),
})
weights = stored(weights)
for (const [n, s] of sources) heads.set(n, prototypes(tower, weights, s, Number(options.shots)))
console.log(`pre-trained on test: ${report(weights)}`)
await saveModel('pretrained', weights, 'pretrained')
for (const [i, name] of names.entries()) {
  const tuned: Weights = new Map([...weights].map(([n, v]) => [n, v.slice()]))
  const began = Date.now()
  train(tower, tuned, [trainingTask(sources.get(name) as Source, heads.get(name) as Head)], {
    steps: Number(options.finetune),
    batch: 64,
    learningRate: Number(options.rate),
    weightDecay: 0.1,
    warmUp: 50,
    seed: seed + 1 + i,
    log: (l) => console.log(`${name}: ${l}`),
  })
  console.log(`fine-tuned on ${name} in ${((Date.now() - began) / 1000).toFixed(0)} s, on test: ${report(stored(tuned))}`)
  await saveModel(`finetuned-${name}`, tuned, 'finetuned')
}
await saveData()
backend.close()

async function saveData(): Promise<void> {
  const bytes = new Map<string, Uint8Array>()
  const tensors: TensorToWrite[] = []
  const add = (name: string, dtype: TensorToWrite['dtype'], shape: number[], data: Uint8Array): void => {
    tensors.push({ name, dtype, shape })
    bytes.set(name, data)
  }
  for (const name of names) {
    const source = sources.get(name) as Source
    const head = heads.get(name) as Head
    add(`head.${name}`, 'F32', [head.classes, head.embed], new Uint8Array(head.weights.buffer))
    for (const [split, key] of [
      ['vtr', 'learning'],
      ['ves', 'validation'],
      ['test', 'test'],
    ] as const) {
      const { pixels, labels, count } = source.images[split] as Source['images'][string]
      const out = new Uint8Array(count * 3 * size * size)
      for (let i = 0; i < count; i++) out.set(shrink(pixels, i, 0, 0), i * 3 * size * size)
      add(`images.${name}.${key}`, 'U8', [count, 3, size, size], out)
      add(`labels.${name}.${key}`, 'I32', [count], new Uint8Array(labels.buffer))
    }
  }
  // Four-byte tensors first, so that every tensor lies at a multiple of its element's size.
  tensors.sort((a, b) => Number(a.dtype === 'U8') - Number(b.dtype === 'U8'))
  const classes = Object.fromEntries(names.map((n) => [`classes.${n}`, JSON.stringify((sources.get(n) as Source).classNames)]))
  await save('tasks.safetensors', tensors, (n) => bytes.get(n) as Uint8Array, classes)
}
