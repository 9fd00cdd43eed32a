// Makes the sample project (resources/sample): a small CLIP-style image tower pre-trained briefly on all tasks
// together, one model fine-tuned on each, heads, and the images that coefficients are learned, selected and tested on.
//   npm run sample:build -- --data FOLDER [--out FOLDER]
// FOLDER holds one .npz a task (sample-data.ts). Seeds are fixed and the wasm engine does not depend on the number of
// threads: the same data on the same SIMD gives the same files. Heads are random unit rows, one a class, where a text
// tower's class embeddings would stand; they are frozen from the start.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

import { openBackend } from '../../src-main/engine/devices/backend.ts'
import { disposeAll, type Tensor } from '../../src-main/engine/devices/tensor.ts'
import { toFloat16, toFloat32 } from '../../src-main/engine/formats/dtype.ts'
import { type TensorToWrite, writeSafetensors } from '../../src-main/engine/formats/safetensors-writer.ts'
import { type Architecture, towerParameters, towerPrefix } from '../../src-main/engine/layouts/clip-names.ts'
import { crossEntropy } from '../../src-main/engine/learning/losses/cross-entropy.ts'
import type { Tower } from '../../src-main/engine/models/clip-vit.ts'
import { towerModel } from '../../src-main/engine/models/model.ts'
import { applyHead, type Head, logitScale } from '../../src-main/engine/problems/head.ts'
import { featuresOf } from '../../src-main/engine/problems/patches.ts'
import { openCheckpoint } from '../../src-main/engine/weights/checkpoint.ts'
import { readParameter } from '../../src-main/engine/weights/slices.ts'
import { openSource } from '../../src-main/files/source.ts'
import { normal, philox } from '../../src-main/numbers/random.ts'
import { picture, pictures, readSource, type Source, size } from './sample-data.ts'
import { initialWeights, onDevice, type TrainingTask, train, type Weights } from './train.ts'

const { values: options } = parseArgs({
  options: {
    data: { type: 'string', default: '../shared/data' },
    out: { type: 'string', default: 'resources/sample' },
    tasks: { type: 'string', default: 'mnist,fashion,digits,emoji,glyphs' },
    also: { type: 'string', default: 'clipart' }, // joins the pre-training, is no task

    pretrain: { type: 'string', default: '1000' },
    finetune: { type: 'string', default: '500' },
    rate: { type: 'string', default: '0.0001' },
    width: { type: 'string', default: '128' },
    layers: { type: 'string', default: '4' },
    pretrained: { type: 'string' }, // goes on from this file instead of pre-training
  },
})
const names = options.tasks.split(',')
const seed = 1
const width = Number(options.width)
const architecture: Architecture = {
  imageSize: size,
  patchSize: 7,
  width,
  layers: Number(options.layers),
  mlp: 4 * width,
  heads: width / 64,
  activation: 'quick-gelu',
  layerNormEps: 1e-5,
  embed: 64,
  tokens: 17,
}

function randomHead(classes: number, stream: number): Head {
  const weights = new Float32Array(classes * architecture.embed)
  for (let c = 0; c < classes; c++) {
    const row = Float64Array.from({ length: architecture.embed }, (_, e) => normal(seed, stream, c, e))
    const norm = Math.hypot(...row)
    weights.set(
      row.map((v) => v / norm),
      c * architecture.embed,
    )
  }
  return { weights, bias: null, classes, embed: architecture.embed, scale: logitScale, normalised: true }
}

function trainingTask(source: Source, head: Head): TrainingTask {
  const { pixels, labels } = source.splits.train
  const shifted = (index: number, draw: number): Uint8Array => {
    const [a, b] = philox([draw, 0, 0, 0], [7, 7])
    return picture(pixels, index, (a % 9) - 4, (b % 9) - 4)
  }
  return { head, labels, picture: shifted }
}

async function testAccuracy(tower: Tower, weights: Weights, { splits }: Source, head: Head): Promise<number> {
  const { pixels, labels, count } = splits.test
  const device = onDevice(tower, weights)
  const model = towerModel(tower, (name) => device.get(name) as Tensor)
  let correct = 0
  for (let first = 0; first < count; first += 100) {
    const n = Math.min(100, count - first)
    const picked = Array.from({ length: n }, (_, i) => ({ channels: 3 as const, pixels: picture(pixels, first + i) }))
    const features = await featuresOf(tower, model, picked)
    correct += applyHead(head, crossEntropy, features, 0, labels.slice(first, first + n), 1).correct
  }
  disposeAll(device.values())
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

/** What names and shapes do not tell, as open_clip says it. */
function saveConfiguration(): void {
  const { embed, imageSize, patchSize, layers, heads } = architecture
  const vision = { image_size: imageSize, patch_size: patchSize, width, layers, head_width: width / heads }
  const model = { embed_dim: embed, quick_gelu: true, vision_cfg: vision, text_cfg: {} }
  writeFileSync(join(options.out, 'open_clip_config.json'), `${JSON.stringify({ model_cfg: model }, null, 2)}\n`)
}

async function saveModel(name: string, weights: Weights, role: string): Promise<void> {
  const tensors = [...towerParameters(architecture)].map(
    ([n, shape]): TensorToWrite => ({ name: towerPrefix + n, dtype: 'F16', shape }),
  )
  const half = (n: string): Uint8Array =>
    new Uint8Array(toFloat16(Float32Array.from(weights.get(n.slice(towerPrefix.length)) as Float64Array)).buffer)
  await save(`${name}.safetensors`, tensors, half, { role, made_by: 'npm run sample:build' })
}

/** What float16 keeps: fine-tuning starts from what is stored. */
function stored(weights: Weights): Weights {
  return new Map(
    [...weights].map(([n, v]) => [
      n,
      Float64Array.from(toFloat32(new Uint8Array(toFloat16(Float32Array.from(v)).buffer), 'F16')),
    ]),
  )
}

async function saveData(sources: Source[], heads: Map<string, Head>): Promise<void> {
  const bytes = new Map<string, Uint8Array>()
  const tensors: TensorToWrite[] = []
  const add = (name: string, dtype: TensorToWrite['dtype'], shape: number[], data: Uint8Array): void => {
    tensors.push({ name, dtype, shape })
    bytes.set(name, data)
  }
  for (const { name, splits, grey } of sources) {
    const head = heads.get(name) as Head
    const channels = grey ? 1 : 3
    add(`head.${name}`, 'F32', [head.classes, head.embed], new Uint8Array(head.weights.buffer))
    for (const split of ['learning', 'validation', 'test'] as const) {
      const { labels, count } = splits[split]
      add(`images.${name}.${split}`, 'U8', [count, channels, size, size], pictures(splits[split], channels))
      add(`labels.${name}.${split}`, 'I32', [count], new Uint8Array(labels.buffer))
    }
  }
  // Four-byte tensors first, so that every tensor lies at a multiple of its element's size.
  tensors.sort((a, b) => Number(a.dtype === 'U8') - Number(b.dtype === 'U8'))
  const classes = Object.fromEntries(sources.map((s) => [`classes.${s.name}`, JSON.stringify(s.classNames)]))
  await save('tasks.safetensors', tensors, (n) => bytes.get(n) as Uint8Array, classes)
}

mkdirSync(options.out, { recursive: true })
saveConfiguration()
const backend = await openBackend({ prefer: 'wasm' })
const tower: Tower = { architecture, ops: backend.ops }
const sources = names.map((n) => readSource(options.data, n, { learning: 160, validation: 128 }))
const others = options.also
  .split(',')
  .filter(Boolean)
  .map((n) => readSource(options.data, n, { learning: 0, validation: 0 }))
const heads = new Map([...sources, ...others].map((s, i) => [s.name, randomHead(s.classNames.length, 100 + i)]))
const headOf = (s: Source): Head => heads.get(s.name) as Head
const report = async (weights: Weights): Promise<string> => {
  const told: string[] = []
  for (const s of sources)
    told.push(`${s.name} ${(100 * (await testAccuracy(tower, weights, s, headOf(s)))).toFixed(1)}`)
  return told.join(', ')
}
await saveData(sources, heads)
for (const { name, splits } of sources)
  console.log(
    `${name}: ${Object.entries(splits)
      .map(([split, images]) => `${split} ${images.count}`)
      .join(', ')}`,
  )

let weights = initialWeights(architecture, seed)
if (options.pretrained) {
  const checkpoint = await openCheckpoint(options.pretrained, openSource)
  for (const name of weights.keys()) weights.set(name, Float64Array.from(await readParameter(checkpoint, name)))
} else {
  const log = (line: string): void => console.log(`pre-training: ${line}`)
  const tasks = [...sources, ...others].map((s) => trainingTask(s, headOf(s)))
  await train(tower, weights, tasks, {
    steps: Number(options.pretrain),
    batch: 16,
    learningRate: 1e-3,
    weightDecay: 0.1,
    warmUp: 100,
    seed,
    log,
  })
}
weights = stored(weights)
console.log(`pre-trained, on test: ${await report(weights)}`)
await saveModel('pretrained', weights, 'pretrained')
for (const [i, source] of sources.entries()) {
  const tuned: Weights = new Map([...weights].map(([n, v]) => [n, v.slice()]))
  const log = (line: string): void => console.log(`${source.name}: ${line}`)
  const settings = {
    steps: Number(options.finetune),
    batch: 64,
    learningRate: Number(options.rate),
    weightDecay: 0.1,
    warmUp: 50,
    seed: seed + 1 + i,
    log,
  }
  await train(tower, tuned, [trainingTask(source, headOf(source))], settings)
  console.log(`fine-tuned on ${source.name}, on test: ${await report(stored(tuned))}`)
  await saveModel(`finetuned-${source.name}`, tuned, 'finetuned')
}
backend.close()
