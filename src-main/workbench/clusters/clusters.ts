// Clusters as a workbench offers them: kept, looked at, and studies handed over to them, each as its job in another
// place. What is at work there is asked for again whenever this program comes back.
import type { ClusterTask, PlanThere, Probe, StatusThere } from '../../contract/api/clusters.ts'
import type { RunId } from '../../contract/branded.ts'
import type { Cluster } from '../../contract/clusters/cluster.ts'
import type { Told } from '../../contract/engine-api.ts'
import { BasilError, recordOf } from '../../contract/errors.ts'
import type { ResolvedConfig } from '../../contract/run/config.ts'
import type { Progress } from '../../contract/run/run.ts'
import { clusterTasks, dropClusterTasks, putClusterTasks } from '../../history/cluster-tasks.ts'
import { jobAbout, putJobPlace, putJobRequest, type StoredJob } from '../../history/jobs.ts'
import { type History, transaction } from '../../history/statement.ts'
import { plannedOf, putStudyState, studyOf, studyRunsOf } from '../../history/studies.ts'
import type { Ended, Work } from '../jobs/kind.ts'
import type { Jobs } from '../jobs/queue.ts'
import type { RunsAtWork } from '../runs/runs.ts'
import type { Live } from '../runs/sitting.ts'
import { handOver, planThere } from './hand-over.ts'
import { clusterNamed, keepClusters, keptClusters } from './kept.ts'
import type { OpenedTarget, OpenTarget } from './open.ts'
import { createWaiting, type Waiting } from './pace.ts'
import { probeOf } from './probe.ts'
import { atWorkAlready, atWorkThere, requirePossible, stillThere } from './refusals.ts'
import { studyRequestSchema } from './there.ts'
import { type AtWorkThere, beginTasks, donePlaces, workThere } from './work.ts'

export interface Clusters {
  list(): Cluster[]
  /** Throws config-invalid. */
  put(cluster: Cluster): Promise<Cluster>
  /** Throws run-state while a study is there. */
  remove(name: string): Promise<boolean>
  probe(name: string, signal: AbortSignal): AsyncGenerator<Told<Probe>>
  plan(name: string, configs: readonly ResolvedConfig[], signal: AbortSignal): AsyncGenerator<Told<PlanThere>>
  /** A study of the history, which is not at work. Gives its job. Throws run-state. */
  submit(study: number, name: string): number
  status(study: number): StatusThere | null
  /** Failed and lost tasks, after their last kept epoch. Gives how many. */
  retry(study: number): Promise<number>
  collect(study: number): boolean
  takeBack(study: number): number
  /** Studies that were there when this program ended are asked for again. */
  goOn(): void
  /** Of a study's runs that are not done. */
  configs(study: number): ResolvedConfig[]
}

/** What a study's job does in another place, and what is known of its runs. */
export interface ClustersAtWork {
  work(study: number, job: StoredJob, work: Work): Promise<Ended>
  live(run: RunId): Live | null
  close(): Promise<void>
}

export interface ClustersOptions {
  history: History
  home: string
  jobs: Jobs
  runs: Pick<RunsAtWork, 'check'>
  open: OpenTarget
  waiting?: Waiting // another in tests
}

export function createClusters(options: ClustersOptions): { clusters: Clusters; atWork: ClustersAtWork } {
  const { history, home, jobs, open } = options
  const waiting = options.waiting ?? createWaiting()
  const present = new Map<number, AtWorkThere>()
  const opened = new Map<string, OpenedTarget>()

  async function targetOf(name: string): Promise<OpenedTarget> {
    const cluster = clusterNamed(home, name)
    const key = JSON.stringify(cluster)
    const known = opened.get(key) ?? (await open(cluster))
    opened.set(key, known)
    return known
  }

  /** What stops it from outside pauses the study, which goes on where it was. */
  async function work(study: number, job: StoredJob, mine: Work): Promise<Ended> {
    try {
      return await workThrough(study, job, mine)
    } catch (thrown) {
      const wish = mine.wish()
      if (wish === 'close') return { state: 'interrupted' }
      const error = wish === 'go on' ? recordOf(thrown) : null
      putStudyState(history, study, 'paused', error)
      return { state: wish === 'cancel' ? 'cancelled' : 'paused', error }
    }
  }

  async function workThrough(study: number, job: StoredJob, mine: Work): Promise<Ended> {
    const { target } = await targetOf(job.place)
    const request = studyRequestSchema.parse(job.request)
    const leaving = new AbortController()
    mine.signal.addEventListener('abort', () => leaving.abort(), { once: true })
    const tell = (what: string, done: number, total: number): void => mine.tell({ what, done, total }, null, null)
    let { there } = request
    if (!there) {
      mine.begun()
      there = await handOver({ history, study, runs: options.runs, target }, { home, signal: leaving.signal, tell })
      const given = there
      transaction(history, () => {
        const done = donePlaces(history, study)
        beginTasks(history, study, (place) => done.has(place))
        putJobRequest(history, job.job, { ...request, there: given })
      })
    }
    const pace = waiting.of(study, mine)
    const begun = (at: AtWorkThere): void => void present.set(study, at)
    try {
      return await workThere({ history, study, target, there, work: mine, pace, begun })
    } finally {
      present.delete(study)
    }
  }

  const clusters: Clusters = {
    list: () => keptClusters(home),
    put: async (cluster) => {
      requirePossible(cluster)
      await keepClusters(home, [...keptClusters(home).filter(({ name }) => name !== cluster.name), cluster])
      jobs.beat()
      return cluster
    },
    remove: async (name) => {
      const busy = jobs.list().find(({ place, state }) => place === name && isOpen(state))
      if (busy) throw stillThere(name, busy.title)
      const left = keptClusters(home).filter((one) => one.name !== name)
      const isGone = left.length < keptClusters(home).length
      if (isGone) await keepClusters(home, left)
      jobs.beat()
      return isGone
    },
    probe: async function* (name, signal) {
      yield* probeOf(await targetOf(name), signal)
    },
    plan: (name, configs, signal) =>
      toldWhile(async (tell) => {
        const { target, program } = await targetOf(name)
        return planThere(target, configs, program.bytes, { home, signal, tell })
      }),
    submit: (study, name) => {
      clusterNamed(home, name)
      const { name: title, state } = studyOf(history, study)
      if (state === 'running' || state === 'waiting') throw atWorkAlready(study, state)
      const request = { name: title, there: null }
      const goes = (): void => putStudyState(history, study, 'running')
      const known = jobAbout(history, 'study', study)
      const add = (): number =>
        jobs.add(() => {
          goes()
          return { kind: 'study', request, study, place: name }
        })
      if (!known || known.state === 'done') return add()
      jobs.resume(known.job, () => {
        goes()
        putJobRequest(history, known.job, request)
        putJobPlace(history, known.job, name)
      })
      return known.job
    },
    status: (study) => statusOf(history, study, present.get(study)),
    retry: async (study) => {
      const job = requireThere(history, study)
      const { there } = studyRequestSchema.parse(job.request)
      const rows = clusterTasks(history, study).filter(({ state }) => state === 'failed' || state === 'lost')
      if (!there || rows.length === 0) return 0
      const { target } = await targetOf(job.place)
      await target.again(
        there,
        rows.map(({ place }) => place),
      )
      const waits = rows.map((row) => ({ ...row, state: 'waiting' as const, words: 'to be tried again', error: null }))
      const asked = (): void => putClusterTasks(history, study, waits)
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
    },
    collect: (study) => {
      waiting.wake(study)
      return present.has(study)
    },
    takeBack: (study) => {
      const job = requireThere(history, study)
      if (job.state === 'running' || job.state === 'waiting') throw atWorkAlready(study, job.state)
      if (clusterTasks(history, study).some(({ state }) => state === 'queued' || state === 'running'))
        throw atWorkThere(study, job.place)
      transaction(history, () => {
        dropClusterTasks(history, study)
        putJobPlace(history, job.job, 'here')
      })
      return study
    },
    configs: (study) => leftConfigs(history, study),
    goOn: () => {
      for (const { job, kind, place, state } of jobs.list(50))
        if (kind === 'study' && place !== 'here' && state === 'interrupted') jobs.resume(job)
    },
  }
  return {
    clusters,
    atWork: {
      work,
      live: (run) => {
        for (const { keeping } of present.values()) {
          const found = keeping.live(run)
          if (found) return found
        }
        return null
      },
      close: async () => {
        waiting.end()
        await Promise.all([...opened.values()].map(({ target }) => target.close()))
      },
    },
  }
}

const isOpen = (state: string): boolean => state === 'running' || state === 'waiting' || state === 'paused'

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

function statusOf(history: History, study: number, at: AtWorkThere | undefined): StatusThere | null {
  const job = jobAbout(history, 'study', study)
  if (!job || job.place === 'here') return null
  const { there } = studyRequestSchema.parse(job.request)
  const planned = studyRunsOf(history, study)
  const tasks = clusterTasks(history, study).flatMap((row): ClusterTask[] => {
    const own = planned.find(({ place }) => place === row.place)
    if (!own) return []
    const { place, state, words, gpus, host, seconds } = row
    const { arm, part, seed, run } = own
    return [{ place, arm, part, seed, run, state, words, job: row.job, host, gpus, seconds }]
  })
  return {
    ...{ cluster: job.place, folder: there?.folder ?? '', tasks },
    ...(at?.seen ?? { seen: null, ahead: null, error: null }),
  }
}

/** Configurations of a study's runs that are not done. */
function leftConfigs(history: History, study: number): ResolvedConfig[] {
  const done = donePlaces(history, study)
  return plannedOf(history, study).flatMap(({ config }, place) => (done.has(place) ? [] : [config]))
}

/** Progress while it goes on, then its result. */
async function* toldWhile<T>(
  work: (tell: (what: string, done: number, total: number) => void) => Promise<T>,
): AsyncGenerator<Told<T>> {
  let newest: Progress | null = null
  let wake = (): void => undefined
  const over = work((what, done, total) => {
    newest = { type: 'progress', what, done, total }
    wake()
  })
  const ended = over.then(
    () => true,
    () => true,
  )
  for (let isOver = false; !isOver; ) {
    const news = new Promise<boolean>((resolve) => {
      wake = () => resolve(false)
    })
    isOver = await Promise.race([ended, news])
    if (newest) yield newest
    newest = null
  }
  yield { type: 'result', result: await over }
}
