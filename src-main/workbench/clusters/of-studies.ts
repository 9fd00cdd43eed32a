// What is done with a study and a cluster: it is handed over as its job in another place, tried again, looked at, and
// taken back.
import type { ClusterTask, StatusThere } from '../../contract/api/clusters.ts'
import { isThere } from '../../contract/clusters/counts.ts'
import { BasilError } from '../../contract/errors.ts'
import type { ResolvedConfig } from '../../contract/run/config.ts'
import { type ClusterTaskRow, clusterTasks, dropClusterTasks, putClusterTasks } from '../../history/cluster-tasks.ts'
import { jobAbout, putJobPlace, putJobRequest, type StoredJob } from '../../history/jobs.ts'
import { type History, transaction } from '../../history/statement.ts'
import { plannedOf, putStudyState, studyOf } from '../../history/studies.ts'
import { changedSince, type StudyPlace, studyPlaces } from '../../history/study-places.ts'
import type { Jobs } from '../jobs/queue.ts'
import { clusterNamed } from './kept.ts'
import type { OpenedTarget } from './open.ts'
import type { Waiting } from './pace.ts'
import { atWorkAlready, atWorkThere } from './refusals.ts'
import { studyRequestSchema } from './there.ts'
import { type AtWorkThere, donePlaces } from './work.ts'

export interface OfStudies {
  /** A study of the history, which is not at work. Gives its job. Throws run-state. */
  submit(study: number, name: string): number
  /** Its tasks that changed since a version of it, all where none is given. null: it is on no cluster. */
  status(study: number, since?: number): StatusThere | null
  /** Failed and lost tasks, after their last kept epoch. Gives how many. */
  retry(study: number): Promise<number>
  /** Looks at once. False: nobody is at it. */
  collect(study: number): boolean
  /** Throws run-state while it is at work, or tasks of it are there. */
  takeBack(study: number): number
  /** Of a study's runs that are not done. */
  configs(study: number): ResolvedConfig[]
}

interface Options {
  history: History
  home: string
  jobs: Jobs
  waiting: Waiting
  present: ReadonlyMap<number, AtWorkThere>
  targetOf(name: string): Promise<OpenedTarget>
}

export function ofStudies(options: Options): OfStudies {
  const { history, jobs, waiting, present } = options
  return {
    submit: (study, name) => submit(options, study, name),
    status: (study, since = 0) => statusOf(history, study, since, present.get(study)),
    retry: (study) => retry(options, study),
    collect: (study) => {
      waiting.wake(study)
      return present.has(study)
    },
    takeBack: (study) => {
      const job = requireThere(history, study)
      if (job.state === 'running' || job.state === 'waiting') throw atWorkAlready(study, job.state)
      if (clusterTasks(history, study).some(isThere)) throw atWorkThere(study, job.place)
      transaction(history, () => {
        dropClusterTasks(history, study)
        putJobPlace(history, job.job, 'here')
      })
      jobs.beat()
      return study
    },
    configs: (study) => leftConfigs(history, study),
  }
}

function submit({ history, home, jobs }: Options, study: number, name: string): number {
  clusterNamed(home, name)
  const { name: title, state } = studyOf(history, study)
  if (state === 'running' || state === 'waiting') throw atWorkAlready(study, state)
  const request = { name: title, there: null }
  const known = jobAbout(history, 'study', study)
  if (!known || known.state === 'done')
    return jobs.add(() => {
      putStudyState(history, study, 'running')
      return { kind: 'study', request, study, place: name }
    })
  jobs.resume(known.job, () => {
    putStudyState(history, study, 'running')
    putJobRequest(history, known.job, request)
    putJobPlace(history, known.job, name)
  })
  return known.job
}

async function retry({ history, jobs, waiting, present, targetOf }: Options, study: number): Promise<number> {
  const job = requireThere(history, study)
  const { there } = studyRequestSchema.parse(job.request)
  const rows = clusterTasks(history, study).filter(({ state }) => state === 'failed' || state === 'lost')
  if (!there || rows.length === 0) return 0
  const { target } = await targetOf(job.place)
  await target.again(
    there,
    rows.map(({ place }) => place),
  )
  const asked = (): void => putClusterTasks(history, study, rows.map(tried))
  if (present.has(study)) asked()
  else if (job.state === 'done')
    jobs.add(() => {
      asked()
      putStudyState(history, study, 'running')
      return { kind: 'study', request: job.request, study, place: job.place }
    })
  else jobs.resume(job.job, asked)
  waiting.wake(study)
  return rows.length
}

const tried = (row: ClusterTaskRow): ClusterTaskRow => ({
  ...row,
  ...{ state: 'waiting', words: 'to be tried again', error: null },
})

/** The job of a study that is on a cluster. Throws run-state. */
function requireThere(history: History, study: number): StoredJob {
  const job = jobAbout(history, 'study', study)
  if (job && job.place !== 'here') return job
  throw new BasilError({
    code: 'run-state',
    what: 'The study is on no cluster',
    where: `study ${study}`,
    why: 'its runs are made on this machine',
    next: 'hand it over first',
  })
}

function statusOf(history: History, study: number, since: number, at: AtWorkThere | undefined): StatusThere | null {
  const job = jobAbout(history, 'study', study)
  if (!job || job.place === 'here') return null
  const { there } = studyRequestSchema.parse(job.request)
  const now = studyPlaces(history, study)
  const changed = changedSince(now, since)
  const whole = changed.whole || changed.places.some(({ task }) => task === null) // one that was there may be gone
  const places = whole ? [...now.all.values()] : changed.places
  return {
    ...{ cluster: job.place, folder: there?.folder ?? '', version: now.version, whole, tasks: places.flatMap(taskOf) },
    ...(at?.seen ?? { seen: null, ahead: null, error: null }),
  }
}

function taskOf({ run: planned, task }: StudyPlace): ClusterTask[] {
  if (!task) return []
  const { place, arm, part, seed, run } = planned
  const { state, words, job, gpus, host, seconds } = task
  return [{ place, arm, part, seed, run, state, words, job, host, gpus, seconds }]
}

/** Configurations of a study's runs that are not done. */
function leftConfigs(history: History, study: number): ResolvedConfig[] {
  const done = donePlaces(history, study)
  return plannedOf(history, study).flatMap(({ config }, place) => (done.has(place) ? [] : [config]))
}
