// A fine-tuning in the engine's process: the engine learns, its states go to their folder, and at the end the model is
// written in the form asked for, read back, before it is told as written.
import type { Tune } from '../../contract/tuning/output.ts'
import type { TuningEngineEvent } from '../../contract/tuning/tuning.ts'
import type { ImageHost } from '../../engine/datasets/prepared.ts'
import type { Backend } from '../../engine/devices/backend.ts'
import type { TunedModel, TuningHost } from '../../engine/tuning/host.ts'
import { hashCheckpoint, openSource } from '../../files/source.ts'
import { tuningStates } from '../../files/tuning-states.ts'
import { targetExists } from '../../files/write-atomic.ts'
import { memoryNow, withPulse } from '../pulse.ts'
import { folderOf } from './convention.ts'
import { createRecorder, isOf } from './record.ts'
import { tellingAgain } from './told-again.ts'
import { occupied, writeTuned } from './write.ts'

export interface TuningSitting {
  stopping: () => boolean // what there is by now is to be the model
  signal: AbortSignal
}

export interface TuningParts {
  tune(config: Tune['config'], host: TuningHost): AsyncGenerator<TuningEngineEvent, TunedModel>
  backend: Backend
  images?: ImageHost
}

/** With the memory it takes, four times a second. Throws target-exists before any work where the model has no place. */
export function tuning(asked: Tune, sitting: TuningSitting, parts: TuningParts): AsyncGenerator<TuningEngineEvent> {
  return withPulse(work(asked, sitting, parts), () => ({ type: 'memory', memory: memoryNow(parts.backend) }))
}

async function* work(
  { config, states: folder, parents, output }: Tune,
  sitting: TuningSitting,
  { tune, ...parts }: TuningParts,
): AsyncGenerator<TuningEngineEvent> {
  const place = await folderOf(config, output)
  const there = await occupied(place)
  const isOurs = there !== null && parents.length > 0 && (await isOf(place.file, config))
  if (there !== null && !isOurs) throw targetExists(there)
  const told = tellingAgain(await tuningStates(folder))
  const recorder = createRecorder(config)
  const host: TuningHost = {
    ...sitting,
    ...parts,
    parents,
    open: openSource,
    hash: hashCheckpoint,
    states: told.states,
  }
  const events = tune(config, host)
  let model: TunedModel | undefined
  try {
    while (!model) {
      const next = await events.next()
      if (next.done) {
        model = next.value
        break
      }
      const event = next.value
      recorder.hear(event)
      told.hear(event)
      yield event
      if (event.type === 'opened' && event.from > 0) for (const again of told.again()) yield again
    }
    yield { type: 'progress', what: 'Writing the model', done: 0, total: 0 }
    yield* writeTuned({ config, place, model, recorder, overwrite: isOurs })
  } finally {
    if (model) await model.close()
    else await events.return?.(undefined as never)
  }
}
