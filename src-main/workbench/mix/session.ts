// The one mix that is open, for one window. It has the engine only while nothing else wants it: it waits for what is at
// work to end, is ended by whatever begins, and is opened again by itself when the engine is free. It is closed when
// nobody listens any more, when another window opens one, and when nothing was asked of it for some minutes.
import type { MixCoefficients, MixEvent, MixOpened, MixScores, WantedMix } from '../../contract/api/mix.ts'
import { BasilError, recordOf } from '../../contract/errors.ts'
import type { Jobs } from '../jobs/queue.ts'
import { heard } from '../link/heard.ts'
import type { Supervisor } from '../link/supervisor.ts'
import type { MixOf } from './request.ts'

export interface MixSession {
  /** Until it is closed, or the signal is given. Throws what is in its way. */
  open(wanted: WantedMix, signal: AbortSignal): AsyncGenerator<MixEvent, void>
  /** Nothing where a newer one was asked for, or the session is over. */
  score(session: number, coefficients: MixCoefficients): AsyncGenerator<MixScores, void>
  close(): void
}

export interface SessionParts {
  jobs: Pick<Jobs, 'isAtWork' | 'list' | 'watch'>
  supervisor: Pick<Supervisor, 'ask'>
  idle?: number // ms without a question until it is closed
}

interface Options extends SessionParts {
  of: (wanted: WantedMix) => MixOf
}

type End = 'idle' | 'elsewhere' | 'lost' | 'busy' | 'left'

interface Present {
  session: number | null // the engine's; null while it is not open there
  seq: number
  end(why: End): void
  ended: Promise<End>
  isOver: boolean
  touch(): void
}

const tries = 3 // engines that may end under it one after the other

export function createMixSession({ jobs, supervisor, of, idle = 5 * 60_000 }: Options): MixSession {
  let present: Present | null = null

  /** Tells what has the engine until it is free. False where it is over before. */
  async function* freeEngine(mine: Present): AsyncGenerator<MixEvent, boolean> {
    let told = ''
    for await (const _ of jobs.watch()) {
      if (mine.isOver) return false
      if (!jobs.isAtWork('engine')) return true
      const what =
        jobs.list().find(({ state, needs }) => state === 'running' && needs === 'engine')?.title ?? 'other work'
      if (what !== told) yield { type: 'waiting', for: what }
      told = what
    }
    return false
  }

  async function* opened(asked: MixOf, mine: Present): AsyncGenerator<MixEvent, MixOpened> {
    for await (const told of heard(supervisor, (client) => client.mix.open(asked.request))) {
      if (told.type === 'result') return told.result
      yield told
      if (mine.isOver) throw over()
    }
    throw over()
  }

  /** One sitting in the engine: from a free engine to its end there. */
  async function* sitting(asked: MixOf, mine: Present): AsyncGenerator<MixEvent, End> {
    if (!(yield* freeEngine(mine))) return mine.ended
    const { images, ...found } = yield* opened(asked, mine)
    mine.session = found.session
    mine.touch()
    const tasks = asked.known.tasks.map((task, t) => ({ ...task, images: images[t] ?? 0 }))
    yield { type: 'opened', ...found, ...asked.known, tasks }
    const why = await Promise.race([mine.ended, begins(mine)])
    mine.session = null
    return why
  }

  /** Something else has the engine. */
  async function begins(mine: Present): Promise<End> {
    for await (const _ of jobs.watch()) {
      if (mine.isOver) break
      if (jobs.isAtWork('engine')) return 'busy'
    }
    return mine.ended
  }

  async function* open(wanted: WantedMix, signal: AbortSignal): AsyncGenerator<MixEvent, void> {
    const asked = of(wanted)
    present?.end('elsewhere')
    const mine = createPresent(idle)
    present = mine
    const leave = (): void => mine.end('left')
    signal.addEventListener('abort', leave)
    if (signal.aborted) leave()
    try {
      for (let lost = 0; !mine.isOver; ) {
        try {
          if ((yield* sitting(asked, mine)) === 'busy') continue
        } catch (thrown) {
          if (!mine.isOver && !jobs.isAtWork('engine') && !(isLost(thrown) && ++lost < tries)) throw thrown
        }
      }
      const why = await mine.ended
      if (why === 'idle' || why === 'elsewhere' || why === 'lost') yield { type: 'closed', why }
    } finally {
      signal.removeEventListener('abort', leave)
      mine.end('left')
      const isLast = present === mine
      if (isLast) present = null
      // Another window's takes its place there by itself, and so does whatever else begins.
      if (isLast && !jobs.isAtWork('engine'))
        await supervisor.ask((client) => client.mix.close()).catch(() => undefined)
    }
  }

  async function* score(session: number, coefficients: MixCoefficients): AsyncGenerator<MixScores, void> {
    const mine = present
    if (mine?.session !== session || jobs.isAtWork('engine')) return
    mine.touch()
    const seq = ++mine.seq
    try {
      yield* heard(supervisor, (client) => client.mix.score({ session, seq, coefficients }))
    } catch (thrown) {
      if (mine.session !== session || jobs.isAtWork('engine')) return // it has ended meanwhile
      if (recordOf(thrown).code === 'run-state' || isLost(thrown)) mine.end('lost')
      else throw thrown
    }
  }

  return { open, score, close: () => present?.end('left') }
}

function createPresent(idle: number): Present {
  const { promise, resolve } = Promise.withResolvers<End>()
  let timer: ReturnType<typeof setTimeout> | undefined
  const mine: Present = {
    session: null,
    seq: 0,
    ended: promise,
    isOver: false,
    end: (why) => {
      clearTimeout(timer)
      mine.isOver = true
      resolve(why)
    },
    touch: () => {
      clearTimeout(timer)
      if (mine.isOver) return
      timer = setTimeout(() => mine.end('idle'), idle)
      timer.unref()
    },
  }
  return mine
}

const isLost = (thrown: unknown): boolean => /^(engine|device)-lost$/.test(recordOf(thrown).code)

function over(): BasilError {
  return new BasilError({
    code: 'cancelled',
    what: 'Live accuracy was ended',
    where: '',
    why: 'nobody listens any more',
    next: 'open it again',
  })
}
