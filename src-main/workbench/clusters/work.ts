// A study at work on a cluster: its tasks are handed over, looked at now and then, and what is new of them is kept. Its
// folder's results are the truth, what the scheduler says is a hint: a task is lost only where it has no result and the
// scheduler, twice in a row, knows nothing of it. A cluster that cannot be reached is asked again, with growing pauses.
import type { StatusThere } from '../../contract/api/clusters.ts'
import { type ErrorRecord, recordOf } from '../../contract/errors.ts'
import { newTask, putClusterTasks } from '../../history/cluster-tasks.ts'
import { type History, transaction } from '../../history/statement.ts'
import { plannedOf, putStudyRun, putStudyState } from '../../history/studies.ts'
import { studyRunsOf } from '../../history/study-places.ts'
import type { Ended, Work } from '../jobs/kind.ts'
import { createKeeping, type Keeping } from './keeping.ts'
import { lostTasks } from './lost.ts'
import type { ClusterTarget, Turn } from './target.ts'
import { createTasks, type Tasks } from './tasks.ts'
import type { There } from './there.ts'

/** Of the pauses between two looks, in milliseconds. */
export interface Pace {
  first: number
  most: number // where nothing is new
  away: number // at most, where it cannot be reached
  /** Resolves after so long, or earlier where something calls for a look. */
  wait(ms: number): Promise<void>
}

export interface AtWorkThere {
  readonly keeping: Keeping
  readonly seen: Pick<StatusThere, 'seen' | 'ahead' | 'error'>
  /** Ends one task. */
  cancel(place: number): Promise<boolean>
}

interface Options {
  history: History
  study: number
  target: ClusterTarget
  there: There
  work: Work
  pace: Pace
  /** It is known from now on. */
  begun(at: AtWorkThere): void
}

const looksForEnd = 6 // until tasks that were told to end have

export async function workThere(options: Options): Promise<Ended> {
  const { history, study, target, there, work } = options
  const cancel = async (place: number): Promise<boolean> => {
    await target.cancel(there, [place])
    return true
  }
  const towerOf: Parameters<typeof createKeeping>[0]['towerOf'] = ({ tower, pretrained }) =>
    tower ?? there.towers.find((one) => one.pretrained === pretrained)?.tower ?? null
  const keeping = createKeeping({ history, study, paths: there.paths, towerOf, cancel })
  const seen: AtWorkThere['seen'] = { seen: null, ahead: null, error: null }
  const state = createTasks(options, keeping)
  options.begun({ keeping, seen, cancel })
  putStudyState(history, study, 'running')
  work.begun()
  try {
    return await rounds(options, state, seen)
  } finally {
    keeping.close()
  }
}

async function rounds(
  { history, study, target, there, work, pace }: Options,
  state: Tasks,
  seen: AtWorkThere['seen'],
): Promise<Ended> {
  let pause = pace.first
  let isFound = false
  for (;;) {
    const wish = work.wish()
    if (wish === 'close') return { state: 'interrupted' }
    if (wish !== 'go on') return await takenBack({ history, study, target, there, pace }, state, wish === 'cancel')
    try {
      if (!isFound) await state.found()
      isFound = true
      const isHanded = await state.submit()
      const isNew = (await state.look(seen)) || isHanded
      Object.assign(seen, { seen: new Date().toISOString(), error: null })
      pause = isNew ? pace.first : Math.min(pace.most, pause * 1.5)
    } catch (thrown) {
      const error = recordOf(thrown)
      if (!mayPass.includes(error.code)) return ended(history, study, error)
      Object.assign(seen, { error })
      pause = Math.min(pace.away, pause * 2)
    }
    const { over, lost, total } = state.count()
    const words = seen.error ? 'Not reached; tasks over there' : 'Tasks over there'
    work.tell({ what: words, done: over, total }, null, total === 0 ? 1 : over / total)
    if (over === total) return ended(history, study, null)
    if (over + lost.length === total && !seen.error) return ended(history, study, lostTasks(lost, total))
    await pace.wait(pause)
  }
}

/** It is away, or says what it says only now. */
const mayPass: ErrorRecord['code'][] = ['not-allowed', 'not-supported', 'internal']

function ended(history: History, study: number, error: ErrorRecord | null): Ended {
  putStudyState(history, study, error ? 'paused' : 'done', error)
  return { state: error ? 'paused' : 'done', error }
}

/** Its tasks keep what they have and end; what they still said is fetched. */
async function takenBack(
  { history, study, target, there, pace }: Pick<Options, 'history' | 'study' | 'target' | 'there' | 'pace'>,
  state: Tasks,
  isCancelled: boolean,
): Promise<Ended> {
  await target.cancel(there, null)
  const atWork = async (): Promise<boolean> =>
    [...(await target.poll(there).catch(() => new Map<number, Turn>())).values()].some(
      (turn) => turn.state === 'running',
    )
  for (let looks = 0; looks < looksForEnd && (await atWork()); looks++) await pace.wait(pace.first)
  await state.look({ ahead: null }).catch(() => false)
  state.leave(isCancelled ? 'cancelled' : 'interrupted')
  putStudyState(history, study, 'paused')
  return { state: isCancelled ? 'cancelled' : 'paused' }
}

/** Rows for every run that is not done; one that was begun here is begun anew there, and stays in the history. */
export function beginTasks(history: History, study: number, done: (place: number) => boolean): void {
  transaction(history, () => {
    const all = plannedOf(history, study).map((_, place) => place)
    const left = all.filter((place) => !done(place))
    for (const place of left) putStudyRun(history, study, place, null)
    putClusterTasks(history, study, left.map(newTask))
  })
}

/** Those whose runs are over, whatever came of them. */
export function donePlaces(history: History, study: number): Set<number> {
  const over = studyRunsOf(history, study).filter(({ state }) => state === 'done' || state === 'stopped')
  return new Set(over.map(({ place }) => place))
}
