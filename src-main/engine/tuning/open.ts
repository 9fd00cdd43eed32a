// What a fine-tuning works on, opened and held against each other before anything is computed: the pre-trained tower,
// the head, images of every split and of other tasks, and whether all of it is what an earlier sitting saw.
import type { SplitManifest } from '../../contract/data/manifest.ts'
import { BasilError } from '../../contract/errors.ts'
import type { Parent } from '../../contract/run/run.ts'
import { type ResolvedTuning, saidOf } from '../../contract/tuning/config.ts'
import type { TuningEngineEvent } from '../../contract/tuning/tuning.ts'
import { checkLabels, isLabelled, type LabelledImages } from '../datasets/images.ts'
import type { Identified, SplitFacts } from '../datasets/manifest.ts'
import { openImages, preparedAlready } from '../datasets/open-images.ts'
import { readHead } from '../heads/head-file.ts'
import type { Head } from '../problems/head.ts'
import { filesHashed, type NamedFile } from '../runs/announce.ts'
import { checkHead, checkSize, sharedWith } from '../runs/tasks.ts'
import { openCheckpoint, type TowerCheckpoint, useOf } from '../weights/checkpoint.ts'
import type { TuningHost } from './host.ts'

type Images = LabelledImages & Identified

export interface Opened {
  base: TowerCheckpoint
  head: Head
  training: Images
  validation: Images | null
  others: Images[]
  data: SplitManifest[]
  parents: Parent[]
  notes: string[]
  close(): Promise<void>
}

export async function* openTuning(config: ResolvedTuning, host: TuningHost): AsyncGenerator<TuningEngineEvent, Opened> {
  const closing: (() => Promise<void>)[] = []
  const close = async (): Promise<void> => {
    await Promise.all(closing.splice(0).map((one) => one()))
  }
  try {
    const base = await openCheckpoint(config.pretrained, host.open, undefined, useOf(saidOf(config)))
    closing.push(() => base.file.source.close())
    const head = await readHead(config.task.head, host.open)
    checkHead(config.task, head, base.architecture)
    const data: SplitManifest[] = []
    const notes: string[] = []
    const opened: Partial<Record<SplitManifest['split'], Images>> = {}
    async function* split(as: SplitManifest['split'], path: string): AsyncGenerator<TuningEngineEvent, Images> {
      const { images, facts, note } = yield* openOne(config, path, as === 'training' ? 0 : null, base, host)
      closing.push(() => images.close())
      notes.push(...note)
      checkLabels(images, head)
      const told = manifest(config.task.name, as, facts, sharedWith(images, opened))
      opened[as] = images
      data.push(told)
      yield { type: 'data', data: told }
      return images
    }
    const training = yield* split('training', config.task.data)
    requireSeveralClasses(training)
    const validation = config.task.validation ? yield* split('validation', config.task.validation) : null
    const others: Images[] = []
    for (const [o, path] of config.others.entries()) {
      const { images, facts, note } = yield* openOne(config, path, o + 1, base, host)
      closing.push(() => images.close())
      notes.push(...note)
      others.push(images)
      data.push(manifest(`other ${o + 1}`, 'training', { ...facts, perClass: [] }, []))
    }
    const parents = yield* filesHashed(filesOf(config), host)
    return { base, head, training, validation, others, data, parents, notes: [...new Set(notes)], close }
  } catch (error) {
    await close()
    throw error
  }
}

/** Test images, opened once, at the end. */
export async function* openTest(
  config: ResolvedTuning,
  host: TuningHost,
  { base, head, training, validation }: Opened,
): AsyncGenerator<TuningEngineEvent, Images | null> {
  const { name, test } = config.task
  if (!test) return null
  yield { type: 'opening', task: name, images: test }
  const { images, facts } = yield* openOne(config, test, null, base, host)
  try {
    checkLabels(images, head)
  } catch (error) {
    await images.close()
    throw error
  }
  const shared = sharedWith(images, { training, validation })
  yield { type: 'data', data: manifest(name, 'test', facts, shared) }
  return images
}

/** stream: of its crops and flips; null: as they are. */
async function* openOne(
  config: ResolvedTuning,
  path: string,
  stream: number | null,
  { architecture }: TowerCheckpoint,
  host: TuningHost,
): AsyncGenerator<TuningEngineEvent, { images: Images; facts: SplitFacts; note: string[] }> {
  const wantsAugmented = config.augment && stream !== null
  const isPrepared = wantsAugmented && (await preparedAlready(path, host))
  const { images, facts } = yield* openImages(
    path,
    {
      size: architecture.imageSize,
      augment: wantsAugmented && !isPrepared ? { seed: config.seed, task: stream } : null,
      onUnreadable: config.onUnreadable,
      signal: host.signal,
    },
    host,
  )
  try {
    checkSize(images, architecture)
  } catch (error) {
    await images.close()
    throw error
  }
  const note = isPrepared
    ? [`Images of ${images.where} lie prepared in a tensor file: they are not cropped and flipped.`]
    : []
  return { images, facts, note }
}

function manifest(
  task: string,
  split: SplitManifest['split'],
  facts: SplitFacts,
  shared: NonNullable<SplitManifest['shared']>,
): SplitManifest {
  return { task, split, ...facts, shared }
}

/** One class has nothing to tell it from: the loss is 0, and so would the vector be. */
function requireSeveralClasses({ labels, where, count }: Images): void {
  if (isLabelled({ labels }) && labels.some((label) => label !== labels[0])) return
  throw new BasilError({
    code: 'data-invalid',
    what: 'All learning images are of one class',
    where,
    why: `its ${count} images have the label ${labels[0]}: there is nothing to tell it from`,
    next: 'give images of at least two classes of the head',
  })
}

function filesOf({ pretrained, task, others }: ResolvedTuning): NamedFile[] {
  const { head, data, validation, test } = task
  const images = [head, data, ...(validation ? [validation] : []), ...(test ? [test] : []), ...others]
  const files = [...new Set(images.map((path) => path.replace(/#[^#/\\]*$/, '')))]
  return [{ role: 'pretrained', path: pretrained }, ...files.map((path): NamedFile => ({ role: 'data', path }))]
}
