// The process that reads checkpoints for the library: the engine's own script in a process of its own, so that a scan
// never waits for a run, nor a run for a scan. It is started when something is to be read, gives way to whatever else
// the machine does, and is ended after half a minute of rest. It reads one thing at a time, so that when it dies it is
// known of what; what the person asked for goes first.
import { setPriority } from 'node:os'

import type { Description } from '../../contract/checkpoint.ts'
import type { Told } from '../../contract/engine-api.ts'
import { BasilError } from '../../contract/errors.ts'
import { basilErrorOf } from '../../contract/wire/errors-over-rpc.ts'
import type { EngineClient } from '../link/engine-link.ts'
import type { EngineProcess } from '../link/engine-process.ts'
import { createSupervisor } from '../link/supervisor.ts'
import { unreadable } from './file-identity.ts'
import { ownTime } from './own-time.ts'
import { createTurns } from './turns.ts'

type Question<T> = (client: EngineClient) => Promise<AsyncIterable<Told<T>>>

export interface Reader {
  /**
   * A file that ends or holds up the process is file-unreadable. Throws engine-lost when the process itself cannot be
   * started.
   */
  look(file: string): Promise<Description>
  /** SHA-256 of a checkpoint's content. bytes: how much there is to read. */
  hash(file: string, bytes: number): Promise<string>
  /** What the person asked for, as it is told. */
  told<T>(where: string, question: Question<T>): AsyncGenerator<Told<T>, void>
  close(): Promise<void>
}

interface Times {
  look: number // milliseconds a header may take, of the process' own time
  rest: number // until the process is ended
}

const slowest = 4 * 2 ** 20 // bytes a second that a disk reads at least
const background = 10 // "nice"

export function createReader(
  start: () => EngineProcess,
  times: Times = { look: 20_000, rest: 30_000 },
  clock = ownTime,
): Reader {
  let present: EngineProcess | null = null
  let isProven = false // it has answered once
  const supervisor = createSupervisor(() => {
    isProven = false
    present = start()
    return present
  })
  const rest = { timer: undefined as ReturnType<typeof setTimeout> | undefined }
  const turns = createTurns((isIdle) => {
    clearTimeout(rest.timer)
    if (isIdle) rest.timer = setTimeout(() => supervisor.renew(), times.rest).unref()
  })

  /** Starting takes its time, and a process that cannot start says nothing about a file. */
  async function prove(): Promise<void> {
    try {
      await supervisor.ask(async (client) => {
        if (!isProven) await client.stop()
      })
    } catch (error) {
      const { record } = basilErrorOf(error)
      throw record.code === 'cancelled' ? error : cannotStart(record.why)
    }
    if (!isProven) giveWay(present?.pid)
    isProven = true
  }

  async function bounded<T>(file: string, limit: number, question: (client: EngineClient) => Promise<T>): Promise<T> {
    const done = await turns.take('background')
    let isLate = false
    let timer: ReturnType<typeof setTimeout> | undefined
    try {
      await prove()
      const spent = clock(present?.pid)
      const look = (): void => {
        const left = limit - spent()
        isLate = left <= 0
        if (isLate) supervisor.renew()
        else timer = setTimeout(look, Math.ceil(left))
      }
      timer = setTimeout(look, limit)
      return await supervisor.ask(question)
    } catch (error) {
      const { record } = basilErrorOf(error)
      if (isLate) throw unreadable(file, `reading it took longer than ${Math.round(limit / 1000)} s`)
      if (record.code === 'engine-lost' && timer) throw stopped(file, record.why)
      throw error
    } finally {
      clearTimeout(timer)
      done()
    }
  }

  async function* told<T>(where: string, question: Question<T>): AsyncGenerator<Told<T>, void> {
    const done = await turns.take('person')
    const heard: Told<T>[] = []
    const state = { isLeft: false, end: null as { error: unknown } | null, wake: (): void => undefined }
    const ended = (error: unknown): void => {
      state.end = { error }
      state.wake()
      done() // not before: the process is at it until then
    }
    const hear = async (client: EngineClient): Promise<void> => {
      for await (const event of await question(client)) {
        if (state.isLeft) return
        heard.push(event)
        state.wake()
      }
    }
    prove()
      .then(() => supervisor.ask(hear))
      .then(() => ended(null), ended)
    try {
      for (;;) {
        for (let event = heard.shift(); event; event = heard.shift()) yield event
        if (state.end) break
        await new Promise<void>((resolve) => {
          state.wake = resolve
        })
      }
    } finally {
      state.isLeft = true
    }
    if (state.end.error === null) return
    const { record } = basilErrorOf(state.end.error)
    throw record.code === 'engine-lost' && isProven ? stopped(where, record.why) : state.end.error
  }

  return {
    look: (file) => bounded(file, times.look, (client) => client.look({ file })),
    hash: async (file, bytes) =>
      (await bounded(file, times.look + (1000 * bytes) / slowest, (client) => client.hash({ file }))).sha256,
    told,
    close: () => {
      clearTimeout(rest.timer)
      turns.close(closed())
      return supervisor.close()
    },
  }
}

function stopped(where: string, why: string): BasilError {
  return unreadable(where, `the process that read it stopped working: ${why}`)
}

function giveWay(pid: number | undefined): void {
  try {
    if (pid !== undefined) setPriority(pid, background)
  } catch {
    // It has ended already, or the system forbids it: it reads on as it is.
  }
}

function cannotStart(why: string): BasilError {
  const next = 'see what "basil doctor" says; reading goes on with the next refresh'
  return new BasilError({
    code: 'engine-lost',
    what: 'The process that reads checkpoints cannot be started',
    where: '',
    why,
    next,
  })
}

function closed(): BasilError {
  return new BasilError({
    code: 'cancelled',
    what: 'Reading was ended',
    where: '',
    why: 'Basil was closed',
    next: 'it goes on at the next start',
  })
}
