// The queue in words for a terminal: a line a job.
import type { Job } from '../../contract/api/jobs.ts'
import { rebuildingSchema } from '../../contract/engine-api.ts'
import { sentence } from '../../contract/errors.ts'
import { needsBase, stepInWords } from '../../contract/merges/step.ts'
import { numberOf } from '../../contract/work.ts'
import { inColumns } from '../columns.ts'

const heads = ['position', 'job', 'what', 'state', 'progress', 'remaining', 'needs'] as const

export function jobLines(jobs: readonly Job[]): string[] {
  if (jobs.length === 0) return ['Nothing waits, and nothing is at work.']
  return inColumns([[...heads], ...jobs.map(cellsOf)])
}

function cellsOf(job: Job): string[] {
  const { position, state, remainingSeconds, needs, error } = job
  return [
    position === null ? '' : String(position),
    String(job.job),
    whatOf(job),
    error ? `${state}: ${error.what}` : state,
    progressOf(job),
    remainingSeconds === null ? '' : spanOf(remainingSeconds),
    needs,
  ]
}

/** "run 3: DV-BASI on cars" */
export function whatOf(job: Job): string {
  const { kind, title, file } = job
  const number = numberOf(job)
  const written = file === null ? '' : ` -> ${file}`
  return `${kind}${number === null ? '' : ` ${number}`}: ${title}${written}`
}

export function progressOf({ progress }: Job): string {
  if (!progress) return ''
  return `${progress.what} ${progress.done}${progress.total > 0 ? ` of ${progress.total}` : ''}`
}

/** What became of a job, when it is put away. */
export function endLine(job: Job): string {
  return `${whatOf(job)}: ${job.state}${job.error ? `. ${sentence(job.error)}` : ''}`
}

/** Of a merge its recipe in words; of anything else what its row holds. */
export function requestLines(request: unknown): string[] {
  const { data } = rebuildingSchema.safeParse(request)
  if (!data) return JSON.stringify(request, null, 2).split('\n')
  const { pretrained, vectors, steps, name } = data.recipe
  return [
    `  ${name}`,
    ...steps.map((step) => `  by ${stepInWords(step)}`),
    ...(needsBase(steps) ? [`  pre-trained model ${pretrained.name} (${pretrained.file})`] : []),
    ...vectors.map((vector) => `  model ${vector.name} (${vector.file})`),
  ]
}

function spanOf(seconds: number): string {
  const minutes = Math.round(seconds / 60)
  if (minutes < 1) return `${Math.ceil(seconds)} s`
  return minutes < 120 ? `${minutes} min` : `${(minutes / 60).toFixed(1)} h`
}
