// Keeps one engine at work. A run or a fine-tuning whose engine ends under it goes on in a new one after what was kept
// last (an epoch, a state); three new engines in a row without one more, and it is given up. A lost GPU is not tried
// again. Cancelling and closing end the engine's process: nothing in there is worth keeping, and its memory is free at
// once.
import type { ErrorRecord } from '../../contract/errors.ts'
import { basilErrorOf } from '../../contract/wire/errors-over-rpc.ts'
import { cancelled, createEngine, type Engine } from './engine.ts'
import type { EngineClient, EngineLink } from './engine-link.ts'
import type { EngineProcess } from './engine-process.ts'
import { type Patience, patience as usual } from './heartbeat.ts'

export interface Task<Event extends { type: string } = { type: string }> {
  /** From what is kept now. */
  begin(client: EngineClient): Promise<AsyncIterable<Event>>
  last: Event['type'] // nothing is wanted of the engine after an event of this type
  goesOnAfter: string // "the last kept epoch"
  /** Keeps an event; true when it goes on after that. Throws when it cannot be kept, which ends the work. */
  keep(event: Event): boolean
  lost(error: ErrorRecord, restarting: boolean): void
  /** The engine does not answer, or a step does not end; null: it does again, or has ended. */
  silent(error: ErrorRecord | null): void
}

export interface Supervisor extends Pick<Engine, 'state' | 'describe' | 'ask' | 'askAnew' | 'close'> {
  /** Resolves when the engine has finished the task; rejects with engine-lost, cancelled, or what the engine threw. */
  work<Event extends { type: string }>(task: Task<Event>): Promise<void>
  /** Ends the engine, so that the next question starts one as the present choices want it; not while a run goes on. */
  renew(): void
  stop(): Promise<boolean>
  cancel(): boolean
  /** Ends the engine's process, at a person's wish; a run goes on in a new one. False when there is none. */
  restart(): boolean
}

interface Present {
  stop: 'no' | 'wanted' | 'heard'
  cancelled: boolean
  asked: boolean // to go on in a new engine
  silent: (error: ErrorRecord | null) => void
}

const restarts = 3

export function createSupervisor(start: () => EngineProcess, patience: Patience = usual): Supervisor {
  let present: Present | null = null
  const engine = createEngine(start, (error) => present?.silent(error), patience)

  /** Until the engine has heard it: a request that overtakes the run it is about finds no run. */
  async function passStop(on: EngineLink): Promise<boolean> {
    const mine = present
    if (!mine || mine.stop === 'no') return false
    const heard = mine.stop === 'heard' || (await on.ask(on.client.stop()).catch(() => false))
    if (heard) mine.stop = 'heard'
    return true
  }

  async function work<Event extends { type: string }>(task: Task<Event>): Promise<void> {
    const mine: Present = { stop: 'no', cancelled: false, asked: false, silent: task.silent }
    present = mine
    const silence = engine.silence()
    if (silence) task.silent(silence)
    try {
      await workThrough(engine, task, mine, passStop)
    } finally {
      present = null
    }
  }

  return {
    state: engine.state,
    describe: engine.describe,
    ask: engine.ask,
    askAnew: engine.askAnew,
    renew: engine.renew,
    close: engine.close,
    work,
    stop: async () => {
      if (!present) return false
      if (present.stop === 'no') present.stop = 'wanted'
      const alive = engine.alive()
      return alive ? passStop(alive) : true
    },
    cancel: () => {
      if (!present) return false
      present.cancelled = true
      engine.end()
      return true
    },
    restart: () => {
      if (!engine.alive()) return false
      if (present) present.asked = true
      return engine.end()
    },
  }
}

type PassStop = (on: EngineLink) => Promise<boolean>

/** In one engine after the other, as long as each keeps something to go on after. */
async function workThrough<Event extends { type: string }>(
  engine: Engine,
  task: Task<Event>,
  mine: Present,
  passStop: PassStop,
): Promise<void> {
  const isEnded = (): boolean => mine.cancelled || engine.isClosed()
  for (let fruitless = 0; ; ) {
    const on = engine.living()
    try {
      return await sitting(on, task, mine, {
        check: () => {
          if (isEnded()) throw cancelled(engine.isClosed()) // what still arrives is not wanted
        },
        kept: () => {
          fruitless = 0
        },
        passStop,
      })
    } catch (error) {
      const why = await on.explain(error)
      if (isEnded()) throw cancelled(engine.isClosed())
      if (/^device-/.test(why.record.code)) engine.renew() // nothing more can be computed in that process
      if (why.record.code !== 'engine-lost') throw why
      const restarting = mine.asked || fruitless < restarts
      const asked = mine.asked && { why: 'you had it stopped, as it did not answer' }
      const goesOn = restarting && { next: `wait: a new engine goes on after ${task.goesOnAfter}` }
      task.lost({ ...why.record, ...asked, ...goesOn }, restarting)
      if (!mine.asked) fruitless++
      mine.asked = false
      if (!restarting) throw why
      if (mine.stop === 'heard') mine.stop = 'wanted' // the new engine has not heard it
    }
  }
}

interface During {
  check(): void
  kept(): void
  passStop: PassStop
}

async function sitting<Event extends { type: string }>(
  on: EngineLink,
  task: Task<Event>,
  mine: Present,
  during: During,
): Promise<void> {
  const events = await on.ask(task.begin(on.client))
  let finished = false
  try {
    for await (const event of events) {
      during.check()
      on.observe()
      if (keepOrKill(on, task, event)) during.kept()
      if (mine.stop === 'wanted') await during.passStop(on)
      finished = event.type === task.last
    }
  } catch (error) {
    if (!finished) throw error // it is kept as finished, whatever the engine dies of now
  }
  if (!finished) throw basilErrorOf(new Error('the engine ended without saying so'))
}

/** What cannot be kept need not be computed either. */
function keepOrKill<Event extends { type: string }>(on: EngineLink, task: Task<Event>, event: Event): boolean {
  try {
    return task.keep(event)
  } catch (error) {
    on.process.kill()
    throw basilErrorOf(error)
  }
}
