// A LoRA taken out of a fine-tuned model, as a folder that peft loads: adapter_model.safetensors, adapter_config.json
// and a card. Matrices are read, decomposed and put aside one at a time, as their ranks, and so the file's header, are
// known at the end alone; then the file is written of them and read back, and the folder takes its name.
import { rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'

import type { Told } from '../contract/engine-api.ts'
import { BasilError } from '../contract/errors.ts'
import type { Extracted, ExtractedLayer, ExtractedRest, Extraction } from '../contract/extraction.ts'
import { adapterSettingsName } from '../contract/file-names.ts'
import type { Progress } from '../contract/run/run.ts'
import { telling } from '../contract/wire/telling.ts'
import { infoOf, type TensorFile, type TensorInfo } from '../engine/formats/tensor-file.ts'
import { dtypeOf, inDtype } from '../engine/formats/writing/in-dtype.ts'
import { openAs } from '../engine/weights/checkpoint.ts'
import { extractedMatrix, movedBy } from '../engine/weights/low-rank/extracted.ts'
import { peftPage } from '../engine/weights/low-rank/page.ts'
import { inBoth, type Sides, sidesOf } from '../engine/weights/low-rank/sides.ts'
import { type Target, targetsOf, type Whole, wholeOf } from '../engine/weights/low-rank/targets.ts'
import { requireStamps, stampsOf } from '../files/checkpoint-stamps.ts'
import { hashInThread } from '../files/hash-thread.ts'
import { modelAt } from '../files/model-in-folder.ts'
import { openScratch } from '../files/scratch.ts'
import { hashCheckpoint, openSource } from '../files/source.ts'
import { disk, requireNothing } from '../files/write-atomic.ts'
import { wholeFolder, writeSynced } from '../files/written-folder.ts'
import { writeModel } from '../files/written-model.ts'
import { sum } from '../numbers/vectors.ts'
import { adapterCard } from './adapter-card.ts'

type Tell = (progress: Progress) => void

/** Throws what reading and writing throw, target-exists, and not-supported where there is nothing to extract. */
export function extractLora(extraction: Extraction): AsyncGenerator<Told<Extracted>> {
  return telling('The extraction', (tell) => work(extraction, tell))
}

async function work(asked: Extraction, tell: Tell): Promise<Extracted> {
  const out = resolve(asked.out)
  await requireNothing(out)
  const models = await Promise.all([modelAt(asked.pretrained), modelAt(asked.finetuned)])
  const files = models.map(({ file }) => file) as [string, string]
  const stamps = await stampsOf(files)
  const hashing = hashInThread(files)
  const close: (() => Promise<void>)[] = [() => hashing.stop()]
  try {
    const base = await openAs(files[0], openSource, (file) => ({ file, prefix: '' }))
    close.push(() => base.file.source.close())
    const tuned = await openAs(files[1], openSource, (file) => ({ file, prefix: '' }), base.file)
    close.push(() => tuned.file.source.close())
    const sides = sidesOf(base.file, tuned.file, asked.layout)
    const parents = async (): Promise<Parents> => {
      const hashes = await hashing.hashes
      await requireStamps(stamps)
      const [pretrained, finetuned] = models.map(({ name }, i) => ({ name, sha256: hashes[i] })) as [Parent, Parent]
      return { pretrained, finetuned }
    }
    return await wholeFolder(out, disk, (temporary) => filled({ asked, out, temporary, sides, parents, tell }))
  } finally {
    await Promise.all(close.map((end) => end()))
  }
}

type Parent = Extracted['pretrained']
type Parents = Pick<Extracted, 'pretrained' | 'finetuned'>

interface Work {
  asked: Extraction
  out: string
  temporary: string
  sides: Sides
  parents: () => Promise<Parents>
  tell: Tell
}

const modelName = 'adapter_model.safetensors'

async function filled({ asked, out, temporary, sides, parents, tell }: Work): Promise<Extracted> {
  const aside = join(temporary, 'factors')
  const scratch = await openScratch(aside)
  try {
    const found = await decomposed(asked, sides, tell, scratch.put)
    const view = viewOf(found, sides, asked, scratch.read)
    const known = await parents()
    const said = { ...known, rank: asked.rank, dtype: asked.dtype, layout: asked.layout, modules: asked.modules }
    const metadata = { 'basil.extracted': JSON.stringify(said) }
    const target = { out: join(temporary, modelName), overwrite: false, container: 'safetensors' as const, metadata }
    const written = await writeModel(view, target)
    const modules = found.targets.map(({ module }, i) => ({ module, rank: found.layers[i]?.rank ?? 0 }))
    const { modules: whole, isBiased } = found.whole
    const page = peftPage({ modules, whole, isBiased, turned: found.targets.some(({ turned }) => turned) })
    await writeSynced(join(temporary, adapterSettingsName), Buffer.from(`${JSON.stringify(page, null, 2)}\n`))
    const { sha256 } = await hashCheckpoint(join(temporary, modelName)) // of both files
    const { layers, rest } = found
    const place = { file: join(out, modelName), card: join(out, 'README.md') }
    const extracted: Extracted = { ...written, ...place, sha256, ...known, layers, rest, ...errorsOf(layers, rest) }
    await writeSynced(join(temporary, 'README.md'), Buffer.from(adapterCard(extracted, asked)))
    return extracted
  } finally {
    await scratch.close()
    await rm(aside, { force: true })
  }
}

interface Found {
  targets: Target[]
  layers: ExtractedLayer[] // one for each
  rest: ExtractedRest[]
  whole: Whole
  factors: (TensorInfo & { at: number })[]
}

async function decomposed(
  asked: Extraction,
  sides: Sides,
  tell: Tell,
  put: (bytes: Uint8Array) => Promise<number>,
): Promise<Found> {
  const common = inBoth(sides)
  const fates = targetsOf(new Map(common.map((info) => [info.name, info])), asked.modules)
  const total = sum(common.map(({ bytes }) => bytes))
  const [targets, layers, factors]: [Target[], ExtractedLayer[], Found['factors']] = [[], [], []]
  const moved: { info: TensorInfo; norm: number; why: string }[] = []
  let done = 0
  for (const info of common) {
    tell({ type: 'progress', what: 'Extracting', done, total })
    const fate = fates.get(info.name) as Target | string
    if (typeof fate === 'string') moved.push({ info, norm: await movedBy(sides, info.name), why: fate })
    else {
      const found = await extractedMatrix(sides, fate, asked)
      if (found) {
        targets.push(fate)
        layers.push(found.layer)
        for (const { name, shape, bytes } of found.factors)
          factors.push({ name, shape, dtype: dtypeOf[asked.dtype], bytes: bytes.length, at: await put(bytes) })
      }
    }
    done += info.bytes
  }
  if (layers.length === 0) throw nothing(sides, moved.filter(({ norm }) => norm > 0).length)
  const differing = moved.filter(({ norm }) => norm > 0)
  const whole = asked.saveRest
    ? wholeOf(
        differing.map(({ info }) => info.name),
        new Map(common.map((info) => [info.name, info])),
        targets,
      )
    : { modules: [], tensors: new Map<string, string>(), isBiased: false }
  const saved = new Set(whole.tensors.values())
  const all = Math.hypot(...layers.map(({ norm }) => norm), ...differing.map(({ norm }) => norm))
  const rest = differing.map(({ info: { name, shape }, norm, why }): ExtractedRest => {
    const fate = saved.has(name) ? 'saved' : 'lost'
    return { tensor: name, shape, norm, share: norm / all, fate, why }
  })
  return { targets, layers, rest: [...rest, ...inOne(sides)], whole, factors }
}

/** Tensors of the fine-tuned model that the pre-trained one has not, or in another shape. */
function inOne({ base, tuned }: Sides): ExtractedRest[] {
  return [...tuned.tensors.values()].flatMap(({ name, shape }): ExtractedRest[] => {
    const own = base.tensors.get(name)
    if (own?.shape.join() === shape.join()) return []
    const why = own ? `[${own.shape}] in the pre-trained model` : 'the pre-trained model lacks it'
    return [{ tensor: name, shape, norm: null, share: null, fate: 'lost', why }]
  })
}

function errorsOf(
  layers: readonly ExtractedLayer[],
  rest: readonly ExtractedRest[],
): Pick<Extracted, 'norm' | 'layerError' | 'error'> {
  const left = Math.hypot(...layers.map(({ norm, error }) => norm * error))
  const lost = Math.hypot(...rest.map(({ norm, fate }) => (fate === 'lost' ? (norm ?? 0) : 0)))
  const held = Math.hypot(...layers.map(({ norm }) => norm))
  const norm = Math.hypot(held, ...rest.map((one) => one.norm ?? 0))
  return { norm, layerError: left / held, error: Math.hypot(left, lost) / norm }
}

/** The factors that were put aside, and what is saved whole, as the file to be written. */
function viewOf(
  { factors, whole }: Found,
  { tuned }: Sides,
  { dtype }: Extraction,
  read: (offset: number, length: number, into?: Uint8Array) => Promise<Uint8Array>,
): TensorFile {
  const wide = inDtype(tuned, dtype)
  const places = new Map(factors.map((info) => [info.name, info.at]))
  const names = new Map([...whole.tensors].map(([name, own]) => [`base_model.model.${name}`, own]))
  const tensors = new Map<string, TensorInfo>(
    factors.map(({ at: _, ...info }): [string, TensorInfo] => [info.name, info]),
  )
  for (const [name, own] of names) tensors.set(name, { ...infoOf(wide.tensors, own, tuned.source), name })
  const readRange: TensorFile['readRange'] = (name, offset, length, into) => {
    const place = places.get(name)
    if (place !== undefined) return read(place + offset, length, into)
    return wide.readRange(names.get(name) ?? name, offset, length, into)
  }
  const bytes = (name: string): number => infoOf(tensors, name, tuned.source).bytes
  return { ...wide, tensors, metadata: {}, readRange, read: (name, into) => readRange(name, 0, bytes(name), into) }
}

function nothing({ base, tuned }: Sides, others: number): BasilError {
  return new BasilError({
    code: 'not-supported',
    what: 'There is nothing that a LoRA could hold',
    where: `${tuned.source.name} and ${base.source.name}`,
    why: others
      ? `of linear modules, or of those asked for, no weight differs, and ${others} other tensors do`
      : 'no tensor that both have differs',
    next: 'name the pre-trained model first and the fine-tuned one second, and no modules that did not move',
  })
}
