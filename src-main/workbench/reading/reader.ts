// What is asked of the process that reads, one thing at a time, so that when it dies it is known of what; what the
// person asked for goes first. A scan never waits for a run, nor a run for a scan. A file has its time to be read in,
// and half a minute of rest ends the process.
import PQueue from 'p-queue'

import { type Bytes, type Milliseconds, milliseconds, type Sha256 } from '../../contract/branded.ts'
import type { Description } from '../../contract/checkpoint.ts'
import type { Told } from '../../contract/engine-api.ts'
import { basilErrorOf } from '../../contract/wire/errors-over-rpc.ts'
import type { EngineClient } from '../link/engine-link.ts'
import type { EngineProcess } from '../link/engine-process.ts'
import { ownTime } from './own-time.ts'
import { createReadingProcess } from './process.ts'
import { closed, stopped, unreadable } from './refusals.ts'
import { relayed } from './relay.ts'

type Question<T> = (client: EngineClient) => Promise<AsyncIterable<Told<T>>>

export interface Reader {
  /**
   * A file that ends or holds up the process is file-unreadable. Throws engine-lost when the process itself cannot be
   * started.
   */
  look(file: string): Promise<Description>
  /** SHA-256 of a checkpoint's content. bytes: how much there is to read. */
  hash(file: string, bytes: Bytes): Promise<Sha256>
  /** What the person asked for, as it is told. */
  told<T>(where: string, question: Question<T>): AsyncGenerator<Told<T>, void>
  close(): Promise<void>
}

interface Times {
  look: Milliseconds // a header may take, of the process' own time
  rest: Milliseconds // until the process is ended
}

const [background, person] = [0, 1] // the higher goes first
const slowest = 4 * 2 ** 20 // bytes a second that a disk reads at least

export function createReader(
  start: () => EngineProcess,
  times: Times = { look: milliseconds(20_000), rest: milliseconds(30_000) },
  clock = ownTime,
): Reader {
  const child = createReadingProcess(start)
  const closing = new AbortController()
  let rest: ReturnType<typeof setTimeout> | undefined
  const queue = new PQueue({ concurrency: 1 })
  queue.addEventListener('active', () => clearTimeout(rest))
  queue.addEventListener('idle', () => {
    rest = setTimeout(() => child.renew(), times.rest).unref()
  })

  function inTurn<T>(priority: number, work: () => Promise<T>): Promise<T> {
    return queue.add(work, { priority, signal: closing.signal })
  }

  async function bounded<T>(
    file: string,
    limit: Milliseconds,
    question: (client: EngineClient) => Promise<T>,
  ): Promise<T> {
    let isLate = false
    let timer: ReturnType<typeof setTimeout> | undefined
    try {
      await child.ready()
      const spent = clock(child.pid())
      const look = (): void => {
        const left = limit - spent()
        isLate = left <= 0
        if (isLate) child.renew()
        else timer = setTimeout(look, Math.ceil(left))
      }
      timer = setTimeout(look, limit)
      return await child.ask(question)
    } catch (error) {
      const { record } = basilErrorOf(error)
      if (isLate) throw unreadable(file, `reading it took longer than ${Math.round(limit / 1000)} s`)
      if (record.code === 'engine-lost' && timer) throw stopped(file, record.why)
      throw error
    } finally {
      clearTimeout(timer)
    }
  }

  /** The turn ends when the process is free, not when its stream is left. */
  async function* told<T>(where: string, question: Question<T>): AsyncGenerator<Told<T>, void> {
    try {
      yield* relayed<Told<T>>((tell) => {
        const hear = async (client: EngineClient): Promise<void> => {
          for await (const event of await question(client)) if (!tell(event)) return
        }
        return inTurn(person, () => child.ready().then(() => child.ask(hear)))
      })
    } catch (error) {
      const { record } = basilErrorOf(error)
      throw record.code === 'engine-lost' && child.hasAnswered() ? stopped(where, record.why) : error
    }
  }

  return {
    look: (file) => inTurn(background, () => bounded(file, times.look, (client) => client.look({ file }))),
    hash: async (file, bytes) => {
      const limit = milliseconds(times.look + (1000 * bytes) / slowest)
      return (await inTurn(background, () => bounded(file, limit, (client) => client.hash({ file })))).sha256
    },
    told,
    close: () => {
      clearTimeout(rest)
      closing.abort(closed())
      return child.close()
    },
  }
}
