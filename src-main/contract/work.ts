// The queue in a person's words, for whoever shows it outside its page: a title, an icon, the taskbar, a notification.
// Pure, and the same in a browser and a window.
import type { Job, JobKind } from './api/jobs.ts'

const long = 20 // seconds of work whose end is worth a notification

const names: Record<JobKind, string> = {
  run: 'Run',
  tuning: 'Fine-tuning',
  study: 'Study',
  evaluation: 'Evaluation',
  export: 'Export',
  merge: 'Merge',
  'image-merge': 'Merge',
  search: 'Search',
  adapter: 'Adapter',
  bases: 'Bases',
  conversion: 'Conversion',
  head: 'Head',
}

type Named = Pick<Job, 'kind' | 'run' | 'study' | 'evaluation' | 'tuning'>

/** Of what it belongs to. */
export const numberOf = ({ kind, run, study, evaluation, tuning }: Named): number | null =>
  kind === 'run'
    ? run
    : kind === 'study'
      ? study
      : kind === 'evaluation'
        ? evaluation
        : kind === 'tuning'
          ? tuning
          : null

/** "Run 3", "Merge". */
export function nameOfJob(job: Named): string {
  const number = numberOf(job)
  return number === null ? names[job.kind] : `${names[job.kind]} ${number}`
}

/** The page of what it belongs to; else the queue's. */
export function addressOfJob(job: Named): string {
  const number = numberOf(job)
  if (number === null) return '#/queue'
  return job.kind === 'tuning' ? `#/tunings/${number}` : `#/${job.kind}/${number}`
}

/** What is at work: how many, and how far that is which has the engine; null: not known. */
export function atWork(jobs: readonly Job[]): { jobs: readonly Job[]; share: number | null } {
  const running = jobs.filter(({ state }) => state === 'running')
  const first = running.find(({ needs }) => needs === 'engine') ?? running[0]
  return { jobs: running, share: first?.share ?? null }
}

/** Those that were at work and came to an end by themselves after a while. */
export function finishedWork(before: readonly Job[], now: readonly Job[]): Job[] {
  const ran = new Set(before.filter(({ state }) => state === 'running').map(({ job }) => job))
  return now.filter(({ job, state, started, ended }) => {
    const isOver = state === 'done' || state === 'failed' || state === 'interrupted'
    return isOver && ran.has(job) && Date.parse(ended ?? '') - Date.parse(started ?? '') >= long * 1000
  })
}

export function noticeOf(job: Job): { title: string; body: string } {
  const end = job.state === 'done' ? 'is done' : job.state === 'failed' ? 'has failed' : 'was interrupted'
  return { title: `${nameOfJob(job)} ${end}`, body: job.error ? `${job.title}: ${job.error.what}` : job.title }
}

/** What a header says of the work, and where it leads; null where nothing is at work. */
export function headlineOf(jobs: readonly Named[]): { name: string; address: string } | null {
  const [first, ...others] = jobs
  if (!first) return null
  if (others.length === 0) return { name: nameOfJob(first), address: addressOfJob(first) }
  return { name: `${jobs.length} jobs`, address: '#/queue' }
}
