// One run at work in the engine: what is told is kept first, then given to whoever watches; how it ends is kept too,
// and told last. Whoever has it begun (a job, or the study that it is of) says what it is left as when it is ended
// before its time.
import { dirname } from 'node:path'

import type { RunId } from '../../contract/branded.ts'
import { type Circumstances, inContext } from '../../contract/device-faults.ts'
import { type ErrorRecord, recordOf } from '../../contract/errors.ts'
import type { ResolvedConfig } from '../../contract/run/config.ts'
import type { EngineEvent, RunEvent } from '../../contract/run/run.ts'
import { runDetail } from '../../history/detail.ts'
import { parentsOf } from '../../history/parents.ts'
import { resumeOf } from '../../history/resume.ts'
import { endRun, reviveRun } from '../../history/runs.ts'
import type { History } from '../../history/statement.ts'
import { filesHere } from '../library/whereabouts.ts'
import type { Supervisor, Task } from '../link/supervisor.ts'
import { requireDevice } from '../native/devices.ts'
import { openJournal } from './journal.ts'
import { keepEvent } from './keep.ts'
import { lastEvent } from './last-event.ts'
import { endAfter } from './refusals.ts'
import { createWatchers, type Watchers } from './watchers.ts'
import { createWitness, type Witness } from './witness.ts'

export interface Begun {
  run: RunId
  config: ResolvedConfig
  resumed: boolean
}

/** What whoever has begun a run hears of it. */
export interface Hears {
  /** After an event was kept. */
  kept?(event: RunEvent): void
  /** State of a run that was ended before its time. */
  left?(): 'cancelled' | 'interrupted'
}

export interface Live {
  readonly run: RunId
  readonly watchers: Watchers<RunEvent>
  readonly witness: Witness
  /** Never rejects. Its last event, which is for who waits here to tell. */
  readonly over: Promise<RunEvent>
  /** Another machine works on it. */
  readonly elsewhere?: { cancel(): Promise<boolean> }
}

interface Options {
  history: History
  supervisor: Supervisor
  device: () => string
  /** For how many seconds the machine slept just now; 0: it did not. */
  slept: () => number
  /** One has ended, and the engine is free. */
  ended: () => void
}

export interface Sittings {
  live(run: RunId): Live | null
  sit(begun: Begun, hears?: Hears): Live
  /** What is at work is left as interrupted from now on. */
  closing(): void
}

export function createSittings({ history, supervisor, device, slept, ended }: Options): Sittings {
  let present: Live | null = null
  let isClosing = false

  /** Never rejects; gives the event that closes the run. */
  async function work({ run, config }: Begun, by: Pick<Live, 'watchers' | 'witness'>, hears: Hears): Promise<RunEvent> {
    const { kept, left, watchers, witness } = { ...hears, ...by }
    let last: RunEvent | null = null
    const tell = (event: RunEvent): void => {
      witness.told(event)
      watchers.tell(event)
      kept?.(event)
    }
    try {
      let before = runDetail(history, run).seconds
      const keep = (event: EngineEvent): boolean => {
        if (event.type === 'opened') requireDevice(device(), event.engine) // a new engine may have come up without it
        const told = keepEvent(history, run, witness.timed(event), before, new Date())
        if (told.type === 'done' || told.type === 'ended') last = told
        else tell(told)
        return event.type === 'epoch'
      }
      await supervisor.work({
        ...taskOf(history, run, config),
        keep,
        lost: (error, restarting) => {
          if (restarting) reviveRun(history, run)
          before = runDetail(history, run).seconds
          tell({ type: 'engine-lost', run, error, restarting })
        },
        silent: (error) => tell({ type: 'engine-silent', run, error }),
      })
      return last ?? lastEvent(history, run)
    } catch (thrown) {
      return last ?? failed(run, inContext(recordOf(thrown), circumstances(run)), left)
    }
  }

  function circumstances(run: RunId): Circumstances {
    const on = runDetail(history, run).engines.at(-1)?.engine.kind
    const isCard = on === 'native-gpu' || on === 'webgpu'
    return { sleptSeconds: slept(), hasFitted: isCard && resumeOf(history, run) !== null }
  }

  function failed(run: RunId, error: ErrorRecord, left: Hears['left']): RunEvent {
    const end = endAfter(error, isClosing, left)
    try {
      endRun(history, run, end.state, new Date(), end.error)
    } catch {
      // The disk takes nothing more: the row says running, and is shown as interrupted because nobody works on it.
    }
    return { type: 'ended', run, ...end }
  }

  return {
    live: (run) => (present?.run === run ? present : null),
    sit: (begun, hears = {}) => {
      const { run, config, resumed } = begun
      const started: RunEvent = { type: 'started', run, name: config.name, resumed }
      const [watchers, witness] = [createWatchers<RunEvent>(started), witnessOf(history, run)]
      witness.told(started)
      const over = work(begun, { watchers, witness }, hears).then((last) => {
        present = null
        witness.told(last)
        if (!isClosing) ended()
        return last
      })
      present = { run, watchers, witness, over }
      return present
    },
    closing: () => {
      isClosing = true
    },
  }
}

function witnessOf(history: History, run: RunId): Witness {
  const detail = runDetail(history, run)
  return createWitness(detail, openJournal(dirname(history.file), detail))
}

/** How the engine is asked for it, from what is kept by then. */
function taskOf(
  history: History,
  run: RunId,
  config: ResolvedConfig,
): Pick<Task<EngineEvent>, 'begin' | 'last' | 'goesOnAfter'> {
  const here = filesHere(history, parentsOf(history, run))
  return {
    begin: (client) =>
      client.run({
        config: here.config(config),
        resume: resumeOf(history, run),
        parents: here.parents(parentsOf(history, run)),
      }),
    last: 'finished',
    goesOnAfter: 'the last kept epoch',
  }
}

export function tellLast({ watchers }: Live, last: RunEvent): void {
  watchers.tell(last)
  watchers.end()
}
