// Works on the queue until nothing of it may begin any more. Ctrl+C once lets nothing begin and pauses what goes on
// where it was, after its next kept epoch; twice, or a termination signal, leaves everything at once.
import type { Job } from '../../contract/api/jobs.ts'
import type { Workbench } from '../../workbench/workbench.ts'
import { isPipeClosed, onClosedPipe, print, printJson } from '../output.ts'
import { clearLive, sayLive } from '../terminal.ts'
import { endLine, progressOf, whatOf } from './print.ts'

/** Sets the exit code: 0 when all that was worked on is done, or nobody listens any more; else 1. */
export async function workQueue(workbench: Workbench, json: boolean): Promise<void> {
  const { clusters, jobs } = workbench
  clusters.goOn()
  const isOver = ({ state }: Job): boolean => state !== 'waiting' && state !== 'running'
  const before = new Set(
    jobs
      .list()
      .filter(isOver)
      .map(({ job }) => job),
  )
  onClosedPipe(() => void workbench.close())
  const release = onSignals(workbench)
  const told = new Set<number>()
  const tell = (): void => {
    const all = jobs.list()
    for (const job of all.filter((one) => isOver(one) && !before.has(one.job) && !told.has(one.job)).reverse()) {
      told.add(job.job)
      clearLive()
      if (json) printJson({ type: 'job', ...job })
      else print(endLine(job))
    }
    const present = all.find(({ state }) => state === 'running')
    if (present && !json) sayLive(`${whatOf(present)}, ${progressOf(present)}`)
  }
  try {
    jobs.work('all')
    const quiet = jobs.quiet().then(() => true)
    for (const news = jobs.watch(); ; ) {
      const next = news.next().then(({ done }) => done === true)
      if (await Promise.race([quiet, next])) break
      tell()
    }
    tell()
    clearLive()
  } finally {
    release()
  }
  const ended = jobs.list().filter(({ job }) => told.has(job))
  process.exitCode = ended.every(({ state }) => state === 'done') || isPipeClosed() ? 0 : 1
}

const echo = 250 // milliseconds within which a second Ctrl+C is the first one again, passed on by a launcher

function onSignals(workbench: Workbench): () => void {
  const { jobs } = workbench
  let first: number | null = null
  const interrupt = (): void => {
    if (first !== null) {
      if (performance.now() - first > echo) void workbench.close()
      return
    }
    first = performance.now()
    process.stderr.write('\nPausing after the next kept epoch. Ctrl+C again leaves at once.\n')
    jobs.work('none')
    // work that begins anew comes to its end
    for (const { job, state } of jobs.list())
      if (state === 'running') void jobs.pause(job, false).catch(() => undefined)
  }
  const end = (): void => void workbench.close()
  const handlers = [['SIGINT', interrupt] as const, ['SIGTERM', end] as const, ['SIGHUP', end] as const]
  for (const [signal, handler] of handlers) process.on(signal, handler)
  return () => {
    for (const [signal, handler] of handlers) process.off(signal, handler)
  }
}
