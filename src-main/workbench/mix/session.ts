// The one mix that is open, for one window. It has the engine only while nothing else wants it: it waits for what is at
// work to end, is ended by whatever begins, and is opened again by itself when the engine is free, also when the
// engine ended under it. It is closed when nobody listens any more, when another window opens one, when nothing was
// asked of it for some minutes, and when engine after engine ends under it.
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

type End = 'idle' | 'elsewhere' | 'lost' | 'left'

interface Present {
  session: number | null // the engine's; null while it is not open there
  seq: number
  end(why: End): void
  drop: () => void // it is not open in the engine any more
  lost: number // engines that have ended since something was last measured
  ended: Promise<End>
  isOver: boolean
  touch(): void
}

const tries = 3 // engines that may end under it one after the other

export function createMixSession({ of, idle = 5 * 60_000, ...parts }: Options): MixSession {
  const { jobs, supervisor } = parts
  let present: Present | null = null

  async function* open(wanted: WantedMix, signal: AbortSignal): AsyncGenerator<MixEvent, void> {
    const asked = of(wanted)
    present?.end('elsewhere')
    const mine = createPresent(idle)
    present = mine
    const leave = (): void => mine.end('left')
    signal.addEventListener('abort', leave)
    if (signal.aborted) leave()
    try {
      yield* sittings(parts, asked, mine)
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
      for await (const scores of heard(supervisor, (client) => client.mix.score({ session, seq, coefficients }))) {
        mine.lost = 0
        yield scores
      }
    } catch (thrown) {
      if (mine.session !== session || jobs.isAtWork('engine')) return // it has ended meanwhile
      if (recordOf(thrown).code !== 'run-state' && !isLost(thrown)) throw thrown
      if (isLost(thrown) && ++mine.lost >= tries) mine.end('lost')
      mine.drop()
    }
  }

  return { open, score, close: () => present?.end('left') }
}

/** One after the other in the engine, until it is over. */
async function* sittings(parts: SessionParts, asked: MixOf, mine: Present): AsyncGenerator<MixEvent, void> {
  const isBusy = (): boolean => parts.jobs.isAtWork('engine')
  while (!mine.isOver) {
    try {
      yield* sitting(parts, asked, mine)
    } catch (thrown) {
      if (!mine.isOver && !isBusy() && !(isLost(thrown) && ++mine.lost < tries)) throw thrown
    }
  }
}

/** From a free engine to its end there. */
async function* sitting(parts: SessionParts, asked: MixOf, mine: Present): AsyncGenerator<MixEvent, void> {
  const { jobs } = parts
  if (!(yield* freeEngine(jobs, mine))) return
  const { images, ...found } = yield* openedIn(parts, asked, mine)
  const dropped = Promise.withResolvers<void>()
  mine.drop = () => dropped.resolve()
  mine.session = found.session
  mine.touch()
  const tasks = asked.known.tasks.map((task, t) => ({ ...task, images: images[t] ?? 0 }))
  yield { type: 'opened', ...found, ...asked.known, tasks }
  await Promise.race([mine.ended, begins(jobs, mine), dropped.promise])
  mine.session = null
}

/** Tells what has the engine until it is free. False where it is over before. */
async function* freeEngine(jobs: SessionParts['jobs'], mine: Present): AsyncGenerator<MixEvent, boolean> {
  let told = ''
  for await (const _ of jobs.watch()) {
    if (mine.isOver) return false
    if (!jobs.isAtWork('engine')) return true
    const job = jobs.list().find(({ state, needs }) => state === 'running' && needs === 'engine')
    const what = job?.title ?? 'other work'
    if (what !== told) yield { type: 'waiting', for: what }
    told = what
  }
  return false
}

async function* openedIn(
  { supervisor }: SessionParts,
  asked: MixOf,
  mine: Present,
): AsyncGenerator<MixEvent, MixOpened> {
  for await (const told of heard(supervisor, (client) => client.mix.open(asked.request))) {
    if (told.type === 'result') return told.result
    yield told
    if (mine.isOver) break
  }
  throw over()
}

/** Something else has the engine, or it is over. */
async function begins(jobs: SessionParts['jobs'], mine: Present): Promise<void> {
  for await (const _ of jobs.watch()) if (mine.isOver || jobs.isAtWork('engine')) return
}

function createPresent(idle: number): Present {
  const { promise, resolve } = Promise.withResolvers<End>()
  let timer: ReturnType<typeof setTimeout> | undefined
  const mine: Present = {
    session: null,
    seq: 0,
    ended: promise,
    isOver: false,
    drop: () => undefined,
    lost: 0,
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
