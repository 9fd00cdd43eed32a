// The tasks of a study that is on a cluster, as they are known here: handed over, looked at, and put down where
// something is new of them.
import { setImmediate as breath } from 'node:timers/promises'

import type { StatusThere } from '../../contract/api/clusters.ts'
import type { TaskNews } from '../../contract/clusters/remote.ts'
import { recordOf } from '../../contract/errors.ts'
import { type ClusterTaskRow, clusterTasks, putClusterTasks, waitingTasks } from '../../history/cluster-tasks.ts'
import type { History } from '../../history/statement.ts'
import { isOver, type Keeping } from './keeping.ts'
import { lostTask } from './lost.ts'
import type { ClusterTarget, StudyThere, Turn } from './target.ts'

interface Options {
  history: History
  study: number
  target: ClusterTarget
  there: StudyThere
}

export type Tasks = ReturnType<typeof createTasks>

const inOneLook = 4 * 2 ** 20 // bytes of lines: read in one turn, which whoever asks for something meanwhile waits for

export function createTasks({ history, study, target, there }: Options, keeping: Keeping) {
  const tasks = new Map(clusterTasks(history, study).map((task) => [task.place, task]))
  const missed = new Map<number, number>() // looks in a row that found nobody at a task

  function put(changed: readonly ClusterTaskRow[]): void {
    putClusterTasks(history, study, changed)
    for (const task of changed) tasks.set(task.place, task)
  }

  const open = (): ClusterTaskRow[] => [...tasks.values()].filter((task) => !isOver(task))

  /** Whether anything was handed over; the rest waits. */
  async function submit(): Promise<boolean> {
    const again = waitingTasks(history, study) // some were asked for meanwhile
    for (const task of again) tasks.set(task.place, task)
    const waiting = open().filter(isWaiting)
    const places = waiting.map(({ place }) => place)
    if (places.length === 0) return false
    const { taken, left } = await target.submit(there, places)
    const isTaken = new Set(taken)
    for (const place of taken) missed.delete(place)
    put(
      waiting.flatMap((task): ClusterTaskRow[] => {
        if (isTaken.has(task.place)) return [{ ...task, state: 'queued', words: 'handed over' }]
        return left === null || left === task.words ? [] : [{ ...task, words: left }]
      }),
    )
    return taken.length > 0
  }

  /** Whether anything is new. */
  async function look(seen: Pick<StatusThere, 'ahead'>): Promise<boolean> {
    const turns = await target.poll(there) // first: what ends meanwhile has a result by the time that is looked for
    const isNew = await collected(seen)
    return byTurns(turns) || isNew
  }

  /** What nobody there knows of and has no result waits to be handed over. */
  async function found(): Promise<void> {
    const turns = await target.poll(there)
    await collected({ ahead: null })
    const gone = open().filter(({ place }) => (turns.get(place)?.state ?? 'over') === 'over')
    put(gone.map((task) => ({ ...task, state: 'waiting' })))
  }

  const collected = (seen: Pick<StatusThere, 'ahead'>): Promise<boolean> =>
    collect({ target, there, keeping, tasks, open }, seen)

  /** Whether anything changed. */
  function byTurns(turns: ReadonlyMap<number, Turn>): boolean {
    const changed = open().flatMap((task): ClusterTaskRow[] => {
      const turn = turns.get(task.place)
      const isKnown = turn !== undefined && turn.state !== 'over'
      if (!isKnown && isWaiting(task)) return [] // it was not handed over yet
      const looks = isKnown ? 0 : (missed.get(task.place) ?? 0) + 1
      missed.set(task.place, looks)
      if (isKnown && turn.state === 'running') keeping.works(task)
      const next = turnedBy(task, turn, looks >= 2)
      return next === task ? [] : [next]
    })
    put(changed)
    for (const task of changed) if (task.state === 'lost') keeping.leave(task, 'interrupted', lostTask(task, there))
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

interface Collecting extends Pick<Options, 'target' | 'there'> {
  keeping: Keeping
  tasks: Map<number, ClusterTaskRow>
  open(): ClusterTaskRow[]
}

/** Whether anything is new. */
async function collect(
  { target, there, keeping, tasks, open }: Collecting,
  seen: Pick<StatusThere, 'ahead'>,
): Promise<boolean> {
  let isNew = false
  for (let left = open(); left.length > 0; ) {
    const known = left.map(({ place, file, bytes }) => ({ index: place, file, bytes }))
    const { now, news } = await target.collect(there, known, inOneLook)
    seen.ahead = (Date.parse(now) - Date.now()) / 1000
    for (const one of news) {
      const task = tasks.get(one.index)
      if (!task) continue
      tasks.set(one.index, keptOr(task, keeping, one))
      isNew ||= one.pieces.length > 0 || one.result !== null
      await breath() // whoever asks for something meanwhile is heard
    }
    left = open().filter(stillToRead(news))
  }
  return isNew
}

/** A task whose logs are others than those that were read is over; the others go on. */
function keptOr(task: ClusterTaskRow, keeping: Keeping, news: TaskNews): ClusterTaskRow {
  try {
    return keeping.keep(task, news)
  } catch (thrown) {
    const error = recordOf(thrown)
    if (error.code !== 'file-damaged') throw thrown
    return keeping.fail(task, error)
  }
}

/** After an answer: of which tasks there is more, which it says, or which it did not come to. */
function stillToRead(news: readonly TaskNews[]): (task: ClusterTaskRow) => boolean {
  const last = news.at(-1)?.index ?? Number.POSITIVE_INFINITY
  const unfinished = new Set(news.filter(({ more }) => more).map(({ index }) => index))
  const isCut = news.reduce((sum, { pieces }) => sum + bytesOf(pieces), 0) >= inOneLook / 2
  return ({ place }) => unfinished.has(place) || (isCut && place > last)
}

/** By its scheduler's word, the very same where that says nothing new; isMissed: nobody knew of it in two looks in a row. */
function turnedBy(task: ClusterTaskRow, turn: Turn | undefined, isMissed: boolean): ClusterTaskRow {
  const state = turn?.state === 'running' || turn?.state === 'queued' ? turn.state : isMissed ? 'lost' : task.state
  const words = turn && (state === 'queued' || state === 'lost') ? turn.words : task.words
  const job = turn?.job ?? task.job
  const isSame = state === task.state && words === task.words && job === task.job
  return isSame ? task : { ...task, state, words, job }
}
