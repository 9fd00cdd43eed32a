// Clusters as a workbench offers them: kept, looked at, and studies handed over to them, each as its job in another
// place. What is at work there is asked for again whenever this program comes back.
import type { PlanThere, Probe } from '../../contract/api/clusters.ts'
import type { RunId } from '../../contract/branded.ts'
import type { Cluster } from '../../contract/clusters/cluster.ts'
import { isThere } from '../../contract/clusters/counts.ts'
import type { Told } from '../../contract/engine-api.ts'
import { recordOf } from '../../contract/errors.ts'
import type { ResolvedConfig } from '../../contract/run/config.ts'
import { telling } from '../../contract/wire/telling.ts'
import { clusterTasks, putClusterTasks } from '../../history/cluster-tasks.ts'
import { putJobRequest, type StoredJob } from '../../history/jobs.ts'
import { type History, transaction } from '../../history/statement.ts'
import { putStudyState } from '../../history/studies.ts'
import type { Ended, Work } from '../jobs/kind.ts'
import type { Jobs } from '../jobs/queue.ts'
import type { RunsAtWork } from '../runs/runs.ts'
import type { Live } from '../runs/sitting.ts'
import { handOver, planThere } from './hand-over.ts'
import { clusterNamed, keepClusters, keptClusters } from './kept.ts'
import { type OfStudies, ofStudies } from './of-studies.ts'
import type { OpenedTarget, OpenTarget } from './open.ts'
import { createWaiting, type Waiting } from './pace.ts'
import { probeOf } from './probe.ts'
import { notEnded, requirePossible, stillThere } from './refusals.ts'
import { studyRequestSchema } from './there.ts'
import { type AtWorkThere, beginTasks, donePlaces, workThere } from './work.ts'

export interface Clusters extends OfStudies {
  list(): Cluster[]
  /** Throws config-invalid. */
  put(cluster: Cluster): Promise<Cluster>
  /** Throws run-state while a study is there. */
  remove(name: string): Promise<boolean>
  probe(name: string, signal: AbortSignal): AsyncGenerator<Told<Probe>>
  plan(name: string, configs: readonly ResolvedConfig[], signal: AbortSignal): AsyncGenerator<Told<PlanThere>>
  /** Studies that were there when this program ended are asked for again. */
  goOn(): void
}

/** What a study's job does in another place, and what is known of its runs. */
export interface ClustersAtWork {
  work(study: number, job: StoredJob, work: Work): Promise<Ended>
  /** What is left of it there ends, while nobody is at it here. Throws where it cannot be reached. */
  end(job: StoredJob): Promise<void>
  live(run: RunId): Live | null
  close(): Promise<void>
}

export interface ClustersOptions {
  history: History
  home: string
  jobs: Jobs
  runs: Pick<RunsAtWork, 'check'>
  open: OpenTarget // how one is opened; another in tests
  waiting?: Waiting // how often one is looked at; another in tests
}

export function createClusters(options: ClustersOptions): { clusters: Clusters; atWork: ClustersAtWork } {
  const { history, home, jobs } = options
  const waiting = options.waiting ?? createWaiting()
  const present = new Map<number, AtWorkThere>()
  const targets = createTargets(options)
  const targetOf = targets.named
  const clusters: Clusters = {
    ...ofClusters({ home, jobs, targetOf }),
    ...ofStudies({ history, home, jobs, waiting, present, targetOf }),
    goOn: () => {
      for (const { job, kind, place, state } of jobs.list(50))
        if (kind === 'study' && place !== 'here' && state === 'interrupted') jobs.resume(job)
    },
  }
  return {
    clusters,
    atWork: {
      work: (study, job, work) => workOrPause({ ...options, waiting, present, targetOf }, study, job, work),
      end: (job) => endThere({ ...options, targetOf }, job),
      live: (run) => {
        for (const { keeping } of present.values()) {
          const found = keeping.live(run)
          if (found) return found
        }
        return null
      },
      close: async () => {
        waiting.end()
        await targets.close()
      },
    },
  }
}

/** Each is opened once, as long as it is what it was. */
function createTargets({ home, open }: Pick<ClustersOptions, 'home' | 'open'>) {
  const opened = new Map<string, OpenedTarget>()
  return {
    named: async (name: string): Promise<OpenedTarget> => {
      const cluster = clusterNamed(home, name)
      const key = JSON.stringify(cluster)
      const known = opened.get(key) ?? (await open(cluster))
      opened.set(key, known)
      return known
    },
    close: async (): Promise<void> => {
      await Promise.all([...opened.values()].map(({ target }) => target.close()))
    },
  }
}

type TargetOf = (name: string) => Promise<OpenedTarget>

/** What needs no study. */
function ofClusters({
  home,
  jobs,
  targetOf,
}: Pick<ClustersOptions, 'home' | 'jobs'> & { targetOf: TargetOf }): Omit<Clusters, keyof OfStudies | 'goOn'> {
  return {
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
      telling('The look at the cluster', async (say) => {
        const { target, program } = await targetOf(name)
        const tell = (what: string, done: number, total: number): void => say({ type: 'progress', what, done, total })
        return planThere(target, configs, program.bytes, { home, signal, tell })
      }),
  }
}

interface Working extends ClustersOptions {
  waiting: Waiting
  present: Map<number, AtWorkThere>
  targetOf: TargetOf
}

/** What stops it from outside pauses the study, which goes on where it was; so does a wish that was not heard there. */
async function workOrPause(at: Working, study: number, job: StoredJob, work: Work): Promise<Ended> {
  try {
    return await workThrough(at, study, job, work)
  } catch (thrown) {
    const wish = work.wish()
    if (wish === 'close') return { state: 'interrupted' }
    const isLeft = clusterTasks(at.history, study).some(isThere)
    const error = wish === 'go on' ? recordOf(thrown) : isLeft ? notEnded(job, thrown).record : null
    putStudyState(at.history, study, 'paused', error)
    return { state: wish === 'cancel' && !error ? 'cancelled' : 'paused', error }
  }
}

async function endThere({ history, targetOf }: Pick<Working, 'history' | 'targetOf'>, job: StoredJob): Promise<void> {
  const { there } = studyRequestSchema.parse(job.request)
  if (!there) return
  try {
    const { target } = await targetOf(job.place)
    await target.cancel(there, null)
  } catch (thrown) {
    throw notEnded(job, thrown)
  }
  const rows = clusterTasks(history, job.study ?? 0).filter(isThere)
  putClusterTasks(
    history,
    job.study ?? 0,
    rows.map((row) => ({ ...row, state: 'waiting', words: 'taken back' })),
  )
}

async function workThrough(at: Working, study: number, job: StoredJob, work: Work): Promise<Ended> {
  const { history, home, runs, waiting, present } = at
  const { target } = await at.targetOf(job.place)
  const request = studyRequestSchema.parse(job.request)
  const tell = (what: string, done: number, total: number): void => work.tell({ what, done, total }, null, null)
  let { there } = request
  if (!there) {
    work.begun()
    const given = await handOver({ history, study, runs, target }, { home, signal: work.signal, tell })
    transaction(history, () => {
      const done = donePlaces(history, study)
      beginTasks(history, study, (place) => done.has(place))
      putJobRequest(history, job.job, { ...request, there: given })
    })
    there = given
  }
  const begun = (now: AtWorkThere): void => void present.set(study, now)
  try {
    return await workThere({ history, study, target, there, work, pace: waiting.of(study, work), begun })
  } finally {
    present.delete(study)
  }
}

const isOpen = (state: string): boolean => state === 'running' || state === 'waiting' || state === 'paused'
