// The fine-tuned model as a file: canonical tensors in the layout and type asked for, with what it says of itself; of
// LoRA the adapter in a folder beside, as peft has it; of the field's convention all that belongs to it. The model
// itself is written last: where it is, everything is.
import { dirname, extname, join } from 'node:path'

import { type Form, type WrittenLayout, writtenLayouts } from '../../contract/checkpoint.ts'
import { adapterSettingsName } from '../../contract/file-names.ts'
import { parseJson } from '../../contract/json.ts'
import type { Exported } from '../../contract/run/recipe.ts'
import { type ResolvedTuning, saidOf } from '../../contract/tuning/config.ts'
import type { TuningEngineEvent } from '../../contract/tuning/tuning.ts'
import { ownMetadata } from '../../engine/architecture/own.ts'
import { openTensorFile } from '../../engine/formats/open.ts'
import type { TensorFile } from '../../engine/formats/tensor-file.ts'
import { inDtype } from '../../engine/formats/writing/in-dtype.ts'
import { readHead } from '../../engine/heads/head-file.ts'
import { canonical, inLayout } from '../../engine/layouts/index.ts'
import { towersOf } from '../../engine/models/towers.ts'
import type { Head } from '../../engine/problems/head.ts'
import type { Adapter, TunedModel } from '../../engine/tuning/host.ts'
import { useOf } from '../../engine/weights/checkpoint.ts'
import { peftPage } from '../../engine/weights/low-rank/page.ts'
import { makeFolder } from '../../files/made-folder.ts'
import { readStart } from '../../files/open.ts'
import { openSource } from '../../files/source.ts'
import { disk, exists, onDisk, writeAtomic } from '../../files/write-atomic.ts'
import { wholeFolder, writeSynced } from '../../files/written-folder.ts'
import { writeModel } from '../../files/written-model.ts'
import type { Place } from './convention.ts'
import { inMemory } from './in-memory.ts'
import type { Recorder } from './record.ts'

interface Tuned {
  config: ResolvedTuning
  place: Place
  model: TunedModel
  recorder: Recorder
  overwrite: boolean // what stands there is the same model, written just before an end
}

/** The folder of the adapter beside a model. */
const adapterOf = (file: string): string => `${file.slice(0, file.length - extname(file).length)}-adapter`

/** What stands in the way of a model; null: nothing. */
export async function occupied({ file }: Place): Promise<string | null> {
  return (await exists(file)) ? file : null
}

export async function* writeTuned(tuned: Tuned): AsyncGenerator<TuningEngineEvent> {
  const { config, place, model, recorder, overwrite } = tuned
  await onDisk(place.file, async () => makeFolder(dirname(place.file)))
  const { towers, layout } = await parentOf(config)
  const form = { ...place.form, layout: place.form.layout ?? layout }
  const metadata = { ...recorder.metadata(), ...towers }
  if (place.beside) yield* writeBeside(tuned, place.beside)
  const adapter = model.adapter && (await writeAdapter(model.adapter, place.file))
  const written = await inForm(model.file, form, { out: place.file, overwrite, metadata })
  yield { type: 'written', ...written, adapter }
}

interface Target {
  out: string
  overwrite: boolean
  metadata: Record<string, string>
}

function inForm(file: TensorFile, form: Form, target: Target): Promise<Exported> {
  const laidOut = form.layout === null ? file : inLayout(canonical(file), form.layout)
  return writeModel(inDtype(laidOut, form.dtype), { ...target, container: form.container })
}

/**
 * How the tower is computed, as the pre-trained model's files or the configuration say, and its layout, where Basil
 * writes that; null for a model of no known layout, which keeps its names.
 */
async function parentOf(
  config: ResolvedTuning,
): Promise<{ towers: Record<string, string>; layout: WrittenLayout | null }> {
  return withFile(config.pretrained, async (file) => {
    const seen = canonical(file)
    const { towers } = await towersOf(seen, useOf(saidOf(config)).given ?? {})
    const isKnown = seen.layout !== 'unknown' && seen.layout !== 'tensors'
    const layout = writtenLayouts.find((written) => written === seen.layout) ?? 'open_clip'
    return { towers: ownMetadata(towers), layout: isKnown ? layout : null }
  })
}

async function withFile<T>(path: string, use: (file: TensorFile) => Promise<T>): Promise<T> {
  const source = await openSource(path)
  try {
    return await use(await openTensorFile(source))
  } finally {
    await source.close()
  }
}

/** As peft has it. One that stands there from an earlier sitting is the same. */
async function writeAdapter({ tensors, modules }: Adapter, beside: string): Promise<string> {
  const out = adapterOf(beside)
  const name = 'adapter_model.safetensors'
  if (await exists(join(out, name))) return out
  const page = peftPage({ modules, whole: [], isBiased: false, turned: false })
  await wholeFolder(out, disk, async (temporary) => {
    const target = { out: join(temporary, name), overwrite: false, container: 'safetensors' as const, metadata: {} }
    await writeModel(inMemory('adapter', tensors), target)
    await writeSynced(join(temporary, adapterSettingsName), Buffer.from(`${JSON.stringify(page, null, 2)}\n`))
  })
  return out
}

type Beside = NonNullable<Place['beside']>

/** What belongs to the convention and stands there already, of another kind of fine-tuning, stays. */
async function* writeBeside(tuned: Tuned, beside: Beside): AsyncGenerator<TuningEngineEvent> {
  const { config, place, recorder } = tuned
  const { finished, looked } = recorder
  if (!(await exists(beside.zeroshot)))
    await withFile(config.pretrained, (file) =>
      inForm(canonical(file), place.form, {
        out: beside.zeroshot,
        overwrite: false,
        metadata: { role: 'pre-trained' },
      }),
    )
  if (!(await exists(beside.head))) {
    const head = await readHead(config.task.head, openSource)
    const metadata = { role: 'head' }
    await writeModel(headFile(head), { out: beside.head, overwrite: false, container: 'state_dict', metadata })
  }
  const ofTuned: Record<string, number> = {
    ...(looked?.accuracy != null && { [`${beside.key}Val`]: looked.accuracy }),
    ...ofSplit(finished.split, beside.key, finished.accuracy),
  }
  const ofPretrained = ofSplit(finished.split, beside.key, finished.pretrained)
  for (const [file, values] of [
    [beside.accuracies, ofTuned] as const,
    [beside.pretrainedAccuracies, ofPretrained] as const,
  ])
    if (Object.keys(values).length > 0 && !(await addAccuracies(file, values)))
      yield { type: 'note', text: `${file} is no file of accuracies, and stays as it is.` }
}

function ofSplit(split: 'training' | 'validation' | 'test', key: string, accuracy: number): Record<string, number> {
  return split === 'training' ? {} : { [split === 'validation' ? `${key}Val` : key]: accuracy }
}

const mostOfAccuracies = 2 ** 20 // bytes

/** False: what stands there cannot be read. */
async function addAccuracies(file: string, values: Record<string, number>): Promise<boolean> {
  try {
    const before = (await exists(file))
      ? parseJson((await readStart(file, mostOfAccuracies)).bytes.toString('utf8'))
      : {}
    if (typeof before !== 'object' || before === null || Array.isArray(before)) return false
    const all = JSON.stringify({ ...before, ...values }, null, 2)
    await writeAtomic(file, [Buffer.from(`${all}\n`)], { overwrite: true })
    return true
  } catch (error) {
    if (error instanceof SyntaxError) return false
    throw error
  }
}

/** As the field's programs keep one: rows times the scale. */
function headFile({ weights, bias, classes, embed, scale }: Head): TensorFile {
  return inMemory('head', [
    { name: 'weight', shape: [classes, embed], values: weights.map((weight) => weight * scale) },
    ...(bias ? [{ name: 'bias', shape: [classes], values: bias }] : []),
  ])
}
