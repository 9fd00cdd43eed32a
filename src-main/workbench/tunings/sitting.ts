// One fine-tuning at work in the engine: what is told is kept first, then given to whoever watches; how it ends is kept
// too, and told last. Once its model is written, its states have served, and the library has what came of it.
import { type Circumstances, inContext } from '../../contract/device-faults.ts'
import { type ErrorRecord, recordOf } from '../../contract/errors.ts'
import { resolvedTuningSchema } from '../../contract/tuning/config.ts'
import { tuningOutputSchema } from '../../contract/tuning/output.ts'
import type { TuningEngineEvent, TuningEvent } from '../../contract/tuning/tuning.ts'
import { removeTuningStates, tuningFolder } from '../../files/tuning-folders.ts'
import type { History } from '../../history/statement.ts'
import { endTuning, enginesOf, parentsIn, reviveTuning, tuningRow } from '../../history/tunings/tunings.ts'
import { filesHere } from '../library/whereabouts.ts'
import type { Supervisor } from '../link/supervisor.ts'
import { requireDevice } from '../native/devices.ts'
import { endAfter } from '../runs/refusals.ts'
import { createWatchers, type Watchers } from '../runs/watchers.ts'
import { createKeeper, type Keeper } from './keep.ts'
import { lastTuningEvent } from './last-event.ts'
import { targetOf } from './place.ts'
import { shelveTuned } from './shelve.ts'

/** What whoever has begun one hears of it. */
export interface TuningHears {
  /** After an event was kept. */
  kept?(event: TuningEvent): void
  /** State of one that was ended before its time. */
  left?(): 'cancelled' | 'interrupted'
}

export interface LiveTuning {
  readonly tuning: number
  readonly watchers: Watchers<TuningEvent>
  /** Never rejects. Its last event, which is for who waits here to tell. */
  readonly over: Promise<TuningEvent>
}

export interface TuningSittingsOptions {
  history: History
  home: string // the data folder
  supervisor: Supervisor
  device: () => string
  slept: () => number // for how many seconds the machine slept just now
  /** Files and folders that were written become rows of the library. Never rejects. */
  shelve(path: string): Promise<void>
  /** One has ended, and the engine is free. */
  ended: () => void
}

export interface TuningSittings {
  live(tuning: number): LiveTuning | null
  sit(tuning: number, resumed: boolean, hears?: TuningHears): LiveTuning
  /** What is at work is left as interrupted from now on. */
  closing(): void
}

export function createTuningSittings(options: TuningSittingsOptions): TuningSittings {
  const { history, slept, ended } = options
  let present: LiveTuning | null = null
  let isClosing = false

  function circumstances(tuning: number): Circumstances {
    const row = tuningRow(history, tuning)
    const on = enginesOf(row).at(-1)?.kind
    return { sleptSeconds: slept(), hasFitted: (on === 'native-gpu' || on === 'webgpu') && row.steps > 0 }
  }

  function failed(tuning: number, error: ErrorRecord, left: TuningHears['left']): TuningEvent {
    const end = endAfter(error, isClosing, left)
    try {
      endTuning(history, tuning, end.state, new Date(), end.error)
    } catch {
      // The disk takes nothing more: the row says running, and is shown as interrupted because nobody works on it.
    }
    return { type: 'ended', tuning, ...end }
  }

  return {
    live: (tuning) => (present?.tuning === tuning ? present : null),
    sit: (tuning, resumed, hears = {}) => {
      const { name } = tuningRow(history, tuning)
      const watchers = createWatchers<TuningEvent>({ type: 'started', tuning, name, resumed })
      const tell = (event: TuningEvent): void => {
        watchers.tell(event)
        hears.kept?.(event)
      }
      const over = workOn(options, tuning, tell)
        .catch((thrown: unknown) => failed(tuning, inContext(recordOf(thrown), circumstances(tuning)), hears.left))
        .then((last) => {
          present = null
          if (!isClosing) ended()
          return last
        })
      present = { tuning, watchers, over }
      return present
    },
    closing: () => {
      isClosing = true
    },
  }
}

/** None where the disk takes nothing more. */
function restOf(keeper: Keeper): TuningEvent[] {
  try {
    return keeper.rest()
  } catch {
    return []
  }
}

/** Gives the event that closes it. */
async function workOn(
  options: TuningSittingsOptions,
  tuning: number,
  tell: (event: TuningEvent) => void,
): Promise<TuningEvent> {
  const { history, home, supervisor, device } = options
  const row = tuningRow(history, tuning)
  const config = resolvedTuningSchema.parse(JSON.parse(row.config))
  const output = tuningOutputSchema.parse(JSON.parse(row.output))
  const out = await targetOf(options, tuning, config, output)
  const here = filesHere(history, parentsIn(row))
  let keeper = createKeeper(history, tuning, row.seconds)
  let last: TuningEvent | null = null
  const keep = (event: TuningEngineEvent): boolean => {
    if (event.type === 'opened') requireDevice(device(), event.engine) // a new engine may have come up without it
    for (const told of keeper.keep(event))
      if (told.type === 'done') last = told
      else tell(told)
    return event.type === 'state'
  }
  try {
    await supervisor.work({
      begin: (client) =>
        client.tune({
          config: here.config(config),
          states: tuningFolder(tuning, home),
          parents: here.parents(parentsIn(tuningRow(history, tuning))),
          output: { ...output, out },
        }),
      last: 'written',
      goesOnAfter: 'the last kept state',
      keep,
      lost: (error, restarting) => {
        for (const told of keeper.rest()) tell(told)
        if (restarting) reviveTuning(history, tuning)
        keeper = createKeeper(history, tuning, tuningRow(history, tuning).seconds)
        tell({ type: 'engine-lost', tuning, error, restarting })
      },
      silent: (error) => tell({ type: 'engine-silent', tuning, error }),
    })
  } catch (thrown) {
    if (!last) {
      restOf(keeper).forEach(tell)
      throw thrown
    }
  }
  await removeTuningStates(tuning, home)
  await shelveTuned(options, tuning, config, output)
  return last ?? lastTuningEvent(history, tuning)
}
