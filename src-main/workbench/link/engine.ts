// One living engine at a time: started with the first question, started anew after it ended, and what is known of it
// without waiting. When it gives no sign of life, that is told.
import { BasilError, type ErrorRecord } from '../../contract/errors.ts'
import type { EngineInfo } from '../../contract/run/engine-info.ts'
import { type EngineClient, type EngineLink, openLink } from './engine-link.ts'
import type { EngineProcess } from './engine-process.ts'
import { type Patience, patience as usual } from './heartbeat.ts'

type Known = { engine: EngineInfo | null; error: ErrorRecord | null }

export interface Engine {
  /** Throws cancelled once it is closed. */
  living(): EngineLink
  /** null: none was started, or it has ended. */
  alive(): EngineLink | null
  /** What is known of the engine without waiting; starts it the first time. */
  state(): Known
  describe(): Promise<EngineInfo>
  ask<T>(question: (client: EngineClient) => Promise<T>): Promise<T>
  /** The same, asked of the next engine where this one is ended meanwhile by this program. For what only reads. */
  askAnew<T>(question: (client: EngineClient) => Promise<T>): Promise<T>
  /** Ends its process; the next question starts another. */
  end(): boolean
  /** The same, and what was known of it is forgotten. */
  renew(): void
  silence(): ErrorRecord | null
  isClosed(): boolean
  close(): Promise<void>
}

/** silent: told when it does not answer, and with null when it does again, or has ended. */
export function createEngine(
  start: () => EngineProcess,
  silent: (error: ErrorRecord | null) => void,
  patience: Patience = usual,
): Engine {
  let link: EngineLink | null = null
  let silence: ErrorRecord | null = null
  let known = unknown
  let [isDescribed, isClosed] = [false, false]
  const ended = new WeakSet<EngineLink>() // by this program

  function living(): EngineLink {
    if (isClosed) throw cancelled(true)
    if (link?.alive) return link
    const opened = openLink(start(), (error) => link === opened && hush(error?.record ?? null), patience)
    link = opened
    return link
  }

  function hush(error: ErrorRecord | null): void {
    if (error === silence) return
    silence = error
    silent(error)
  }

  async function askAnew<T>(question: (client: EngineClient) => Promise<T>): Promise<T> {
    const on = living()
    try {
      return await asking(on, question)
    } catch (error) {
      if (ended.has(on) && !isClosed) return askAnew(question)
      throw error
    }
  }

  async function describe(): Promise<EngineInfo> {
    try {
      const engine = await askAnew((client) => client.describe())
      known = { engine, error: null }
      return engine
    } catch (error) {
      known = { engine: null, error: error instanceof BasilError ? error.record : null }
      throw error
    }
  }

  function end(): boolean {
    if (!link?.alive) return false
    ended.add(link)
    link.process.kill()
    return true
  }

  return {
    living,
    alive: () => (link?.alive ? link : null),
    describe,
    askAnew,
    state: () => {
      // once: a page that asks again and again must not restart a broken engine each time
      if (!isDescribed) void describe().catch(() => undefined)
      isDescribed = true
      return silence ? { ...known, error: silence } : known
    },
    ask: async (question) => asking(living(), question),
    end,
    renew: () => {
      end()
      hush(null)
      ;[link, isDescribed, known] = [null, false, unknown]
    },
    silence: () => silence,
    isClosed: () => isClosed,
    close: async () => {
      isClosed = true
      link?.process.kill()
      await link?.process.exited
    },
  }
}

const unknown: Known = { engine: null, error: null }

const asking = <T>(on: EngineLink, question: (client: EngineClient) => Promise<T>): Promise<T> =>
  on.ask(question(on.client))

export function cancelled(isClosing: boolean): BasilError {
  const why = isClosing ? 'Basil was closed' : 'you cancelled it'
  return new BasilError({
    code: 'cancelled',
    what: 'The run was ended',
    where: '',
    why,
    next: 'resume the run to go on from its last kept epoch',
  })
}
