// What is asked of the process that reads, one thing at a time, so that when it dies it is known of what; what the
// person asked for goes first. A scan never waits for a run, nor a run for a scan. A file has its time to be read in,
// and half a minute of rest ends the process.
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
import { createTurns } from './turns.ts'

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

const slowest = 4 * 2 ** 20 // bytes a second that a disk reads at least

export function createReader(
  start: () => EngineProcess,
  times: Times = { look: milliseconds(20_000), rest: milliseconds(30_000) },
  clock = ownTime,
): Reader {
  const child = createReadingProcess(start)
  let rest: ReturnType<typeof setTimeout> | undefined
  const turns = createTurns((isIdle) => {
    clearTimeout(rest)
    if (isIdle) rest = setTimeout(() => child.renew(), times.rest).unref()
  })

  async function bounded<T>(
    file: string,
    limit: Milliseconds,
    question: (client: EngineClient) => Promise<T>,
  ): Promise<T> {
    const done = await turns.take('background')
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
      done()
    }
  }

  async function* told<T>(where: string, question: Question<T>): AsyncGenerator<Told<T>, void> {
    const done = await turns.take('person')
    try {
      yield* relayed<Told<T>>(async (tell) => {
        const hear = async (client: EngineClient): Promise<void> => {
          for await (const event of await question(client)) if (!tell(event)) return
        }
        // not before: the process is at it until then, whoever has left
        await child
          .ready()
          .then(() => child.ask(hear))
          .finally(done)
      })
    } catch (error) {
      const { record } = basilErrorOf(error)
      throw record.code === 'engine-lost' && child.hasAnswered() ? stopped(where, record.why) : error
    }
  }

  return {
    look: (file) => bounded(file, times.look, (client) => client.look({ file })),
    hash: async (file, bytes) =>
      (await bounded(file, milliseconds(times.look + (1000 * bytes) / slowest), (client) => client.hash({ file })))
        .sha256,
    told,
    close: () => {
      clearTimeout(rest)
      turns.close(closed())
      return child.close()
    },
  }
}
