// What a fine-tuned model says of itself ("basil.tuning" in its metadata): how it came about, so that it can be done
// again elsewhere. Files are named, never placed, and no clock is in it: the same fine-tuning gives the same bytes.
import type { Sha256 } from '../../contract/branded.ts'
import { cardOf, type ResolvedTuning } from '../../contract/tuning/config.ts'
import type { TuningEngineEvent } from '../../contract/tuning/tuning.ts'
import { openTensorFile } from '../../engine/formats/open.ts'
import { openSource } from '../../files/source.ts'

const key = 'basil.tuning'

type Told<T extends TuningEngineEvent['type']> = Extract<TuningEngineEvent, { type: T }>

/** Gathers what is told until the model is there. */
export interface Recorder {
  hear(event: TuningEngineEvent): void
  readonly finished: Told<'finished'>
  readonly looked: Told<'look'> | null // the last look at validation data
  metadata(): Record<string, string>
}

export function createRecorder(config: ResolvedTuning): Recorder {
  const splits = new Map<string, Told<'data'>['data']>()
  let opened: Told<'opened'> | undefined
  let finished: Told<'finished'> | undefined
  let looked: Told<'look'> | null = null
  const heard = <T>(value: T | undefined): T => {
    if (value === undefined) throw new Error('the engine gave a model without saying what it is')
    return value
  }
  return {
    hear: (event) => {
      if (event.type === 'opened') opened = event
      if (event.type === 'data') splits.set(`${event.data.task} ${event.data.split}`, event.data)
      if (event.type === 'look' && event.accuracy !== null && (config.keep === 'last' || event.best)) looked = event
      if (event.type === 'finished') finished = event
    },
    get finished() {
      return heard(finished)
    },
    get looked() {
      return looked
    },
    metadata: () => {
      const { parents, engine } = heard(opened)
      const { type: _, seconds: _seconds, dataWaitSeconds: _wait, ...came } = heard(finished)
      const pretrained = parents.find(({ role }) => role === 'pretrained')
      const told = {
        basil: '1',
        ...came,
        config: nameless(config),
        parents: parents.map(({ role, name, sha256 }) => ({ role, name, sha256 })),
        data: [...splits.values()].map(({ task, split, count, indices, names, pixels }) => {
          return { task, split, count, indices, names, pixels }
        }),
        engine: { name: engine.name, kind: engine.kind, versions: engine.versions },
      }
      return {
        role: 'fine-tuned',
        [key]: JSON.stringify(told),
        ...(pretrained && { 'basil.pretrained.sha256': pretrained.sha256 satisfies Sha256 }),
        ...(isLinear(config) && {
          'basil.linearised': 'features are f(x; pre-trained) + J(x; pre-trained) (weights - pre-trained)',
        }),
      }
    },
  }
}

/** Whether its vector is one of the tangent space. */
export function isLinear(config: ResolvedTuning): boolean {
  const { linear } = cardOf(config.kind)
  return linear === true || (linear === 'where asked' && 'linearised' in config && config.linearised)
}

/** Whether a file says that it came of this very configuration, as one does that was written just before an end. */
export async function isOf(file: string, config: ResolvedTuning): Promise<boolean> {
  try {
    const source = await openSource(file)
    try {
      const { metadata } = await openTensorFile(source)
      const told = JSON.parse(metadata[key] ?? '') as { config?: unknown }
      return JSON.stringify(told.config) === JSON.stringify(nameless(config))
    } finally {
      await source.close()
    }
  } catch {
    return false
  }
}

/** Without a path of this machine. */
function nameless(config: ResolvedTuning): unknown {
  const { name, validation, test } = config.task
  const task = { name, data: '', head: '', ...(validation && { validation: '' }), ...(test && { test: '' }) }
  const { $schema: _, ...rest } = config
  return { ...rest, pretrained: '', task, others: config.others.map(() => '') }
}
