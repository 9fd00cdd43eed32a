// What a fine-tuning is given by whoever starts it, as tests start one: files as they lie on disk, states in memory.
import { resolveTuning, type TuningConfig } from '../../../src-main/contract/tuning/config.ts'
import type { TuningEngineEvent } from '../../../src-main/contract/tuning/tuning.ts'
import type { Backend } from '../../../src-main/engine/devices/backend.ts'
import { openTensorFile } from '../../../src-main/engine/formats/open.ts'
import { writeSafetensors } from '../../../src-main/engine/formats/safetensors-writer.ts'
import type { StateKind, TuningStates } from '../../../src-main/engine/formats/tuning-states.ts'
import type { TunedModel, TuningHost } from '../../../src-main/engine/tuning/host.ts'
import { tune } from '../../../src-main/engine/tuning/tune.ts'
import { hashCheckpoint, openSource } from '../../../src-main/files/source.ts'
import { sourceOf } from '../formats/bytes.ts'

interface Kept {
  record: string
  bytes: Uint8Array
}

/** States as their files would hold them. */
export function statesInMemory(): TuningStates & { kept: Map<StateKind, Kept> } {
  const kept = new Map<StateKind, Kept>()
  return {
    kept,
    async keep(kind, { record, tensors, bytes }) {
      const parts: Uint8Array[] = []
      for await (const part of writeSafetensors(tensors, {}, bytes)) parts.push(part.slice())
      const whole = Buffer.concat(parts)
      kept.set(kind, { record: JSON.stringify(record), bytes: whole })
      return whole.length
    },
    async open(kind) {
      const found = kept.get(kind)
      if (!found) return null
      const file = await openTensorFile(sourceOf(found.bytes, `${kind}.safetensors`))
      return { record: JSON.parse(found.record), file, close: async () => undefined }
    },
    damaged: () => [],
  }
}

export function hostOf(backend: Backend, change: Partial<TuningHost> = {}): TuningHost {
  return {
    backend,
    open: openSource,
    hash: hashCheckpoint,
    states: statesInMemory(),
    parents: [],
    stopping: () => false,
    signal: new AbortController().signal,
    ...change,
  }
}

export const resolved = (config: TuningConfig) => resolveTuning(config, (path) => path)

export interface Followed {
  events: TuningEngineEvent[]
  tensors: Map<string, Uint8Array> // of the model, by canonical name
  adapter: TunedModel['adapter']
}

/** To its end. see: each event as it comes. */
export async function followed(
  config: TuningConfig,
  host: TuningHost,
  see: (event: TuningEngineEvent) => void = () => undefined,
): Promise<Followed> {
  const events: TuningEngineEvent[] = []
  const all = tune(resolved(config), host)
  for (;;) {
    const next = await all.next()
    if (!next.done) {
      events.push(next.value)
      see(next.value)
      continue
    }
    const { file, adapter, close } = next.value
    const tensors = new Map<string, Uint8Array>()
    for (const name of file.tensors.keys()) tensors.set(name, (await file.read(name)).slice())
    await close()
    return { events, tensors, adapter }
  }
}

export const stepsOf = (events: readonly TuningEngineEvent[]) =>
  events.flatMap((event) => (event.type === 'step' ? [event] : []))
