// Keeps one engine alive. A run whose engine ends under it goes on in a new one after its last kept epoch; three new
// engines in a row without one more kept epoch, and it is given up. A lost GPU is not tried again. Cancelling and
// closing end the engine's process: nothing in there is worth keeping, and its memory is free at once.

import { BasilError, type ErrorRecord } from '../../contract/errors.ts'
import type { ResolvedConfig } from '../../contract/run/config.ts'
import type { EngineEvent, EngineInfo, Parent, ResumeState } from '../../contract/run/run.ts'
import { basilErrorOf } from '../../contract/wire/errors-over-rpc.ts'
import { type EngineClient, type EngineLink, openLink } from './engine-link.ts'
import type { EngineProcess } from './engine-process.ts'
import { type Patience, patience as usual } from './heartbeat.ts'

export interface Job {
  config: ResolvedConfig
  resume(): ResumeState | null // as kept now
  parents(): Parent[]
  /** Keeps an event; true when that was an epoch. Throws when it cannot be kept, which ends the job. */
  keep(event: EngineEvent): boolean
  lost(error: ErrorRecord, restarting: boolean): void
  /** The engine does not answer, or a step does not end; null: it does again, or has ended. */
  silent(error: ErrorRecord | null): void
}

export interface Supervisor {
  /** What is known of the engine without waiting; starts it the first time. */
  state(): { engine: EngineInfo | null; error: ErrorRecord | null }
  describe(): Promise<EngineInfo>
  ask<T>(question: (client: EngineClient) => Promise<T>): Promise<T>
  /** Resolves when the engine has finished the job; rejects with engine-lost, cancelled, or what the engine threw. */
  work(job: Job): Promise<void>
  /** Ends the engine, so that the next question starts one as the present choices want it; not while a job goes on. */
  renew(): void
  stop(): Promise<boolean>
  cancel(): boolean
  /** Ends the engine's process, at a person's wish; a job goes on in a new one. False when there is none. */
  restart(): boolean
  close(): Promise<void>
}

interface Present {
  stop: 'no' | 'wanted' | 'heard'
  cancelled: boolean
  asked: boolean // to go on in a new engine
  silent: (error: ErrorRecord | null) => void
}

const restarts = 3

export function createSupervisor(start: () => EngineProcess, patience: Patience = usual): Supervisor {
  let link: EngineLink | null = null
  let silence: ErrorRecord | null = null
  let present: Present | null = null
  let known: { engine: EngineInfo | null; error: ErrorRecord | null } = { engine: null, error: null }
  let closed = false

  function living(): EngineLink {
    if (closed) throw cancelled(true)
    if (link?.alive) return link
    const opened = openLink(start(), (error) => link === opened && hush(error?.record ?? null), patience)
    link = opened
    return link
  }

  function hush(error: ErrorRecord | null): void {
    if (error === silence) return
    silence = error
    present?.silent(error)
  }

  async function ask<T>(question: (client: EngineClient) => Promise<T>): Promise<T> {
    const on = living()
    return on.ask(question(on.client))
  }

  async function describe(): Promise<EngineInfo> {
    const on = living()
    try {
      const engine = await on.ask(on.client.describe())
      if (link === on) known = { engine, error: null }
      return engine
    } catch (error) {
      if (link !== on && !closed) return describe() // renewed meanwhile: the new one is meant
      known = { engine: null, error: error instanceof BasilError ? error.record : null }
      throw error
    }
  }

  function renew(): void {
    link?.process.kill()
    link = null
    hush(null)
    described = false
    known = { engine: null, error: null }
  }

  let described = false
  function state(): typeof known {
    // once: a page that asks again and again must not restart a broken engine each time
    if (!described) void describe().catch(() => undefined)
    described = true
    return silence ? { ...known, error: silence } : known
  }

  /** Until the engine has heard it: a request that overtakes the run it is about finds no run. */
  async function passStop(on: EngineLink): Promise<boolean> {
    const mine = present
    if (!mine || mine.stop === 'no') return false
    const heard = mine.stop === 'heard' || (await on.ask(on.client.stop()).catch(() => false))
    if (heard) mine.stop = 'heard'
    return true
  }

  async function sitting(on: EngineLink, mine: Present, job: Job, kept: () => void): Promise<void> {
    const events = await on.ask(on.client.run({ config: job.config, resume: job.resume(), parents: job.parents() }))
    let finished = false
    try {
      for await (const event of events) {
        if (mine.cancelled || closed) throw cancelled(closed) // what still arrives is not wanted
        on.observe()
        if (keepOrKill(on, job, event)) kept()
        if (mine.stop === 'wanted') await passStop(on)
        finished = event.type === 'finished'
      }
    } catch (error) {
      if (!finished) throw error // it is kept as finished, whatever the engine dies of now
    }
    if (!finished) throw basilErrorOf(new Error('the engine ended a run without saying so'))
  }

  async function work(job: Job): Promise<void> {
    const mine: Present = { stop: 'no', cancelled: false, asked: false, silent: job.silent }
    present = mine
    if (silence) job.silent(silence)
    try {
      for (let fruitless = 0; ; ) {
        const on = living()
        try {
          return await sitting(on, mine, job, () => {
            fruitless = 0
          })
        } catch (error) {
          const why = await on.explain(error)
          if (mine.cancelled || closed) throw cancelled(closed)
          if (why.record.code === 'device-lost') renew() // nothing more can be computed in that process
          if (why.record.code !== 'engine-lost') throw why
          const restarting = mine.asked || fruitless < restarts
          const asked = mine.asked && { why: 'you had it stopped, as it did not answer' }
          const goesOn = restarting && { next: 'wait: a new engine goes on after the last kept epoch' }
          job.lost({ ...why.record, ...asked, ...goesOn }, restarting)
          if (!mine.asked) fruitless++
          mine.asked = false
          if (!restarting) throw why
          if (mine.stop === 'heard') mine.stop = 'wanted' // the new engine has not heard it
        }
      }
    } finally {
      present = null
    }
  }

  return {
    state,
    describe,
    ask,
    work,
    renew,
    stop: async () => {
      if (!present) return false
      if (present.stop === 'no') present.stop = 'wanted'
      return link?.alive ? passStop(link) : true
    },
    cancel: () => {
      if (!present) return false
      present.cancelled = true
      link?.process.kill()
      return true
    },
    restart: () => {
      if (!link?.alive) return false
      if (present) present.asked = true
      link.process.kill()
      return true
    },
    close: async () => {
      closed = true
      link?.process.kill()
      await link?.process.exited
    },
  }
}

/** What cannot be kept need not be computed either. */
function keepOrKill(on: EngineLink, job: Job, event: EngineEvent): boolean {
  try {
    return job.keep(event)
  } catch (error) {
    on.process.kill()
    throw basilErrorOf(error)
  }
}

function cancelled(isClosing: boolean): BasilError {
  const why = isClosing ? 'Basil was closed' : 'you cancelled it'
  return new BasilError({
    code: 'cancelled',
    what: 'The run was ended',
    where: '',
    why,
    next: 'resume the run to go on from its last kept epoch',
  })
}
