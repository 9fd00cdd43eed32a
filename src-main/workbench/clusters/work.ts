// A study at work on a cluster: its tasks are handed over, looked at now and then, and what is new of them is kept. Its
// folder's results are the truth, what the scheduler says is a hint: a task is lost only where it has no result and the
// scheduler, twice in a row, knows nothing of it. A cluster that cannot be reached is asked again, with growing pauses.
import { setImmediate as breath } from 'node:timers/promises'

import type { StatusThere } from '../../contract/api/clusters.ts'
import { BasilError, type ErrorRecord, recordOf } from '../../contract/errors.ts'
import { type ClusterTaskRow, clusterTasks, newTask, putClusterTasks } from '../../history/cluster-tasks.ts'
import { type History, transaction } from '../../history/statement.ts'
import { plannedOf, putStudyRun, putStudyState, studyRunsOf } from '../../history/studies.ts'
import type { Ended, Work } from '../jobs/kind.ts'
import { createKeeping, isOver, type Keeping } from './keeping.ts'
import type { ClusterTarget, StudyThere, Turn } from './target.ts'
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

const inOneLook = 8 * 2 ** 20 // bytes of lines
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
  const state = createState(options, keeping)
  options.begun({ keeping, seen, cancel })
  putStudyState(history, study, 'running')
  work.begun()
  try {
    return await rounds(options, state, seen)
  } finally {
    keeping.close()
  }
}

type State = ReturnType<typeof createState>

async function rounds(
  { history, study, target, there, work, pace }: Options,
  state: State,
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
    if (over + lost.length === total && !seen.error) return ended(history, study, withoutResult(lost, total))
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
  state: State,
  isCancelled: boolean,
): Promise<Ended> {
  await target.cancel(there, null)
  const atWork = async (): Promise<boolean> =>
    [...(await target.poll(there).catch(() => new Map<number, Turn>())).values()].some(
      (turn) => turn.state === 'running',
    )
  for (let looks = 0; looks < looksForEnd && (await atWork()); looks++) await pace.wait(pace.first)
  await state.look({ seen: null, ahead: null, error: null }).catch(() => false)
  state.leave(isCancelled ? 'cancelled' : 'interrupted')
  putStudyState(history, study, 'paused')
  return { state: isCancelled ? 'cancelled' : 'paused' }
}

function createState({ history, study, target, there }: Options, keeping: Keeping) {
  const tasks = new Map(clusterTasks(history, study).map((task) => [task.place, task]))
  const missed = new Map<number, number>() // looks in a row that found nobody at a task

  function put(changed: readonly ClusterTaskRow[]): void {
    putClusterTasks(history, study, changed)
    for (const task of changed) tasks.set(task.place, task)
  }

  const open = (): ClusterTaskRow[] => [...tasks.values()].filter((task) => !isOver(task))

  /** Whether there was anything to hand over. */
  async function submit(): Promise<boolean> {
    for (const task of clusterTasks(history, study)) if (isWaiting(task)) tasks.set(task.place, task) // to be tried again
    const waiting = open().filter(isWaiting)
    const places = waiting.map(({ place }) => place)
    if (places.length === 0) return false
    await target.submit(there, places)
    for (const place of places) missed.delete(place)
    put(waiting.map((task) => ({ ...task, state: 'queued', words: 'handed over' })))
    return true
  }

  /** Whether anything is new. */
  async function look(seen: AtWorkThere['seen']): Promise<boolean> {
    const turns = await target.poll(there) // first: what ends meanwhile has a result by the time that is looked for
    const isNew = await collected(seen)
    return byTurns(turns) || isNew
  }

  /** What nobody there knows of and has no result waits to be handed over. */
  async function found(): Promise<void> {
    const turns = await target.poll(there)
    await collected({ seen: null, ahead: null, error: null })
    const gone = open().filter(({ place }) => (turns.get(place)?.state ?? 'over') === 'over')
    put(gone.map((task) => ({ ...task, state: 'waiting' })))
  }

  async function collected(seen: AtWorkThere['seen']): Promise<boolean> {
    let isNew = false
    for (let left = open(); left.length > 0; ) {
      const known = left.map(({ place, file, bytes }) => ({ index: place, file, bytes }))
      const { now, news } = await target.collect(there, known, inOneLook)
      seen.ahead = (Date.parse(now) - Date.now()) / 1000
      for (const one of news) {
        const task = tasks.get(one.index)
        if (!task) continue
        tasks.set(one.index, keeping.keep(task, one))
        isNew ||= one.pieces.length > 0 || one.result !== null
        await breath()
      }
      const last = news.at(-1)?.index ?? Number.POSITIVE_INFINITY
      const unfinished = new Set(news.filter(({ more }) => more).map(({ index }) => index))
      const isCut = news.reduce((sum, { pieces }) => sum + bytesOf(pieces), 0) >= inOneLook / 2
      left = open().filter(({ place }) => unfinished.has(place) || (isCut && place > last))
    }
    return isNew
  }

  /** Whether anything changed. */
  function byTurns(turns: ReadonlyMap<number, Turn>): boolean {
    const changed = open().flatMap((task): ClusterTaskRow[] => {
      const turn = turns.get(task.place)
      if (turn && turn.state !== 'over') missed.delete(task.place)
      else missed.set(task.place, (missed.get(task.place) ?? 0) + 1)
      const state = turn?.state === 'running' || turn?.state === 'queued' ? turn.state : null
      if (state === 'running') keeping.works(task)
      const isLost = state === null && (missed.get(task.place) ?? 0) >= 2
      const next = { ...task, state: state ?? (isLost ? 'lost' : task.state), job: turn?.job ?? task.job }
      if (turn && (state === 'queued' || isLost)) next.words = turn.words
      return JSON.stringify(next) === JSON.stringify(task) ? [] : [next as ClusterTaskRow]
    })
    put(changed)
    for (const task of changed) if (task.state === 'lost') keeping.leave(task, 'interrupted', lostError(task, there))
    return changed.length > 0
  }

  return {
    ...{ submit, look, found },
    count: () => {
      const all = [...tasks.values()]
      return { over: all.filter(isOver).length, lost: all.filter(({ state }) => state === 'lost'), total: all.length }
    },
    leave: (state: 'interrupted' | 'cancelled') => {
      const left = open()
      put(left.map((task) => ({ ...task, state: 'waiting', words: 'taken back' })))
      for (const task of left) keeping.leave(task, state, null)
    },
  }
}

const isWaiting = ({ state }: ClusterTaskRow): boolean => state === 'waiting'

const bytesOf = (pieces: readonly { lines: readonly string[] }[]): number =>
  pieces.reduce((sum, { lines }) => sum + lines.reduce((n, { length }) => n + length, 0), 0)

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

function lostError({ place, words, job }: ClusterTaskRow, { folder }: StudyThere): ErrorRecord {
  return {
    code: /OUT_OF_MEMORY/.test(words) ? 'out-of-memory' : 'engine-lost',
    what: 'A task on the cluster ended without a result',
    where: `task ${place}${job ? `, job ${job}` : ''}`,
    why: words || 'the scheduler does not know it any more',
    next: `have it tried again; its log is in ${folder}/tasks`,
  }
}

function withoutResult(lost: readonly ClusterTaskRow[], total: number): ErrorRecord {
  const [first] = lost
  return new BasilError({
    code: 'engine-lost',
    what: `${lost.length} of ${total} tasks ended on the cluster without a result`,
    where: lost
      .slice(0, 10)
      .map(({ place }) => `task ${place}`)
      .join(', '),
    why: first?.words || 'the scheduler does not know them any more',
    next: 'have them tried again: each goes on after its last kept epoch',
  }).record
}
