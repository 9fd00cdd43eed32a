// From what a task's logs say to what is kept here: the very page that keeps the events of this machine's engine keeps
// these, and how far a log is read stands in the same transaction, so that nothing is counted twice or left out,
// whenever this program ends.
import type { RunId } from '../../contract/branded.ts'
import type { TaskNews } from '../../contract/clusters/remote.ts'
import type { Sitting, TaskLine, TaskResult } from '../../contract/clusters/task.ts'
import { BasilError, type ErrorRecord } from '../../contract/errors.ts'
import type { ResolvedConfig } from '../../contract/run/config.ts'
import type { EngineEvent, RunEvent } from '../../contract/run/run.ts'
import { eventOf } from '../../files/task-lines.ts'
import { type ClusterTaskRow, putClusterTasks } from '../../history/cluster-tasks.ts'
import { createRun, endRun, reopenRun, reviveRun, runRow } from '../../history/runs.ts'
import { type History, transaction } from '../../history/statement.ts'
import { plannedConfig, putStudyRun, studyRunAt } from '../../history/studies.ts'
import { keepEvent } from '../runs/keep.ts'
import { lastEvent } from '../runs/last-event.ts'
import type { Live } from '../runs/sitting.ts'
import { backHere, type PathsThere } from './contents.ts'
import { createFollowing } from './following.ts'

export interface Keeping {
  /** Gives the task as it is now. Throws file-damaged where its logs are not those that were read before. */
  keep(task: ClusterTaskRow, news: TaskNews): ClusterTaskRow
  /** Nothing more of it can be kept. Gives the task as it is then. */
  fail(task: ClusterTaskRow, error: ErrorRecord): ClusterTaskRow
  /** Nobody works on its run any more, and why. */
  leave(task: ClusterTaskRow, state: 'interrupted' | 'cancelled', error: ErrorRecord | null): void
  /** It is at work there, whether or not anything is new of it. */
  works(task: ClusterTaskRow): void
  live(run: RunId): Live | null
  /** Of all that still are: they are not followed from now on. */
  close(): void
}

interface Options {
  history: History
  study: number
  paths: PathsThere
  /** How a run's models are computed, by the configuration. */
  towerOf(config: ResolvedConfig): ResolvedConfig['tower']
  /** Ends its task. */
  cancel(place: number): Promise<boolean>
}

export function createKeeping(options: Options): Keeping {
  const { history, study, paths } = options
  const following = createFollowing(history, options.cancel)

  function keep(task: ClusterTaskRow, news: TaskNews): ClusterTaskRow {
    const told: Told[] = []
    const after = transaction(history, () => {
      const now = { ...task }
      for (const event of eventsIn(now, news.pieces)) told.push(keepLine(now, event))
      const state = now.state === 'lost' ? null : news.state
      if (state) Object.assign(now, { words: state.what, host: state.host, job: state.job ?? now.job })
      if (news.result && !news.more && !now.error) endBy(now, news.result)
      const fault = news.fault ?? (news.result && now.error)
      if (fault) Object.assign(now, { state: 'failed', words: fault.why, error: fault })
      // a task that only says again what it is at costs no wait for the disk
      if (JSON.stringify(now) !== JSON.stringify(task)) putClusterTasks(history, study, [now])
      return now
    })
    for (const { run, event, resumed } of told) following.tell(run, task.place, event, resumed)
    if (after.state !== task.state && isOver(after)) {
      if (after.error && news.result?.state !== 'failed') leave(after, 'interrupted', after.error)
      endFollowing(after.place)
    }
    return after
  }

  function keepLine(now: ClusterTaskRow, event: TaskLine): Told {
    if (event.type === 'sitting') {
      Object.assign(now, { host: event.host, job: event.job ?? now.job, gpus: event.gpus, state: 'running' })
      const known = studyRunAt(history, study, now.place)
      if (known === null) return { run: runFor(options, now.place), event, resumed: false }
      reviveRun(history, known) // whatever lies after its last kept epoch will be told anew
      now.before = runRow(history, known).seconds
      return { run: known, event, resumed: true }
    }
    const [run, own, { before }] = [runFor(options, now.place), ofHere(event, paths), now]
    return { run, event: keepEvent(history, run, own, before, new Date()), resumed: before > 0 }
  }

  function endBy(now: ClusterTaskRow, { state, error, host, job, gpus, seconds, files }: TaskResult): void {
    const last = files.at(-1)
    if (last && (last.name !== now.file || last.bytes !== now.bytes)) throw gap(now, last.name)
    const words = error ? `${error.what}: ${error.why}` : 'done'
    Object.assign(now, { state, words, host, job: job ?? now.job, gpus: gpus ?? now.gpus, error })
    const run = runFor(options, now.place)
    if (state === 'failed') endRun(history, run, 'failed', new Date(), error)
    now.seconds = state === 'failed' ? seconds : Math.max(seconds, runRow(history, run).seconds)
  }

  function endFollowing(place: number): void {
    const run = studyRunAt(history, study, place)
    if (run !== null && following.live(run)) following.end(run, lastEvent(history, run))
  }

  const leave: Keeping['leave'] = ({ place }, state, error) => {
    const run = studyRunAt(history, study, place)
    if (run === null || !isOpen(history, run)) return
    endRun(history, run, state, new Date(), error)
    endFollowing(place)
  }

  return {
    keep,
    leave,
    fail: (task, error) => {
      const failed: ClusterTaskRow = { ...task, state: 'failed', words: error.why, error }
      putClusterTasks(history, study, [failed])
      leave(failed, 'interrupted', error)
      return failed
    },
    works: ({ place }) => {
      const run = following.isAt(place) ? null : studyRunAt(history, study, place)
      if (run === null || !isOpen(history, run)) return
      reopenRun(history, run)
      following.begin(run, place, true)
    },
    live: following.live,
    close: following.close,
  }
}

/** In the transaction of its first event. */
function runFor({ history, study, towerOf }: Options, place: number): RunId {
  const known = studyRunAt(history, study, place)
  if (known !== null) return known
  const config = plannedConfig(history, study, place)
  const run = createRun(history, { ...config, tower: towerOf(config) }, new Date())
  putStudyRun(history, study, place, run)
  return run
}

/** What these lines say, up to one that is damaged; now: the task, which is read as far as that by then. */
function* eventsIn(now: ClusterTaskRow, pieces: TaskNews['pieces']): Generator<TaskLine, void> {
  for (const { file, from, lines } of pieces) {
    if (file === now.file ? from !== now.bytes : from !== 0) throw gap(now, file)
    Object.assign(now, { file, bytes: from, error: null })
    for (const line of lines) {
      const event = eventOf(line)
      if (!event) {
        now.error = damagedLine(now, file) // the next sitting goes on before it
        break
      }
      now.bytes += Buffer.byteLength(line) + 1
      yield event
    }
  }
}

interface Told {
  run: RunId
  event: RunEvent | Sitting
  resumed: boolean
}

export const isOver = ({ state }: Pick<ClusterTaskRow, 'state'>): boolean =>
  state === 'done' || state === 'stopped' || state === 'failed'

const isOpen = (history: History, run: RunId): boolean => {
  const { state } = runRow(history, run)
  return state === 'running' || state === 'interrupted'
}

/** Where it names files: all else is numbers. */
function ofHere(event: EngineEvent, paths: PathsThere): EngineEvent {
  const names = event.type === 'opened' || event.type === 'data' || event.type === 'opening'
  return names ? backHere(event, paths) : event
}

const ofTask = ({ place }: ClusterTaskRow, file: string): string => `task ${place}, ${file}`

function gap(task: ClusterTaskRow, file: string): BasilError {
  return new BasilError({
    code: 'file-damaged',
    what: 'The log of a task on the cluster is not the one that was read before',
    where: ofTask(task, file),
    why: `${task.bytes} bytes of ${task.file ?? 'no log'} are here, and it goes on elsewhere`,
    next: 'cancel the study there, and hand it over anew; what is here stays',
  })
}

function damagedLine(task: ClusterTaskRow, file: string): ErrorRecord {
  return {
    code: 'file-damaged',
    what: 'A log of a task on the cluster is damaged',
    where: `${ofTask(task, file)}, byte ${task.bytes}`,
    why: 'a line is not what its checksum says',
    next: 'have the task tried again: it goes on after its last kept epoch',
  }
}
