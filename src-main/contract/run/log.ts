// What happened in a run, in sentences: of each event as it is told, and of an earlier sitting from what the history
// keeps. Epochs and progress pass by; only what a person may look for later is here.
import { skippedSentence } from './difference-vector.ts'
import { engineNamed } from './engine-info.ts'
import { mean } from './means.ts'
import type { LogEntry } from './pulse.ts'
import type { EpochRecord, Evaluation, Halving, RunDetail, RunEvent, StageDetail, StageEnd } from './run.ts'

/** "the start", "iteration 3". */
const named = (stage: number): string => (stage === 0 ? 'the start' : `iteration ${stage}`)
const begun = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)
const figure = (value: number | null): string => (value === null ? 'none' : String(Number(value.toPrecision(4))))

/** Null: nothing that a log would hold. */
export function logLine(event: RunEvent): string | null {
  switch (event.type) {
    case 'started':
      return event.resumed ? 'Went on after its last kept epoch.' : 'Started.'
    case 'opened':
      return `Opened ${event.parents.length} files on ${engineNamed(event.engine)}.`
    case 'stage':
      return stageLine(event)
    case 'epoch':
      return event.collapse ? collapseLine(event) : null
    case 'stage-end':
      return endLine(event)
    case 'skipped':
      return skippedSentence(event)
    case 'micro-batch':
      return halvingLine(event)
    case 'opening':
      return `Opened the test data of ${event.task}.`
    case 'evaluation':
      return evaluationLine(event.evaluation)
    case 'engine-lost':
      return `${event.error.what}: ${event.error.why}. ${event.restarting ? 'A new engine goes on after the last kept epoch.' : 'The run ends.'}`
    case 'engine-silent':
      return event.error ? `${event.error.what}: ${event.error.why}.` : 'The engine answers again, or has ended.'
    case 'done':
      return 'The run is done.'
    case 'ended':
      return `The run ended: ${event.state}${event.error ? `. ${event.error.what}: ${event.error.why}` : ''}.`
    default:
      return null
  }
}

/** Of the sittings before this one: their times are not kept. */
export function earlierLog({ start, iterations, halvings, engines, seconds }: RunDetail): LogEntry[] {
  if (seconds === 0 && !start) return []
  const stages = [...(start ? [start] : []), ...iterations].flatMap((stage) => [
    stageLine(stage),
    ...(stage.ended
      ? [endLine({ ...stage, still: stage.still ?? Number.NaN, metric: stage.metric ?? Number.NaN })]
      : []),
  ])
  const changes = engines.slice(1).map(({ engine }) => `Went on in another engine, ${engineNamed(engine)}.`)
  return [...stages, ...halvings.map(halvingLine), ...changes].map((what) => ({ at: null, what }))
}

function stageLine({
  stage,
  method,
  epochsPlanned,
  stepsPerEpoch,
}: Pick<StageDetail, 'stage' | 'method' | 'epochsPlanned' | 'stepsPerEpoch'>): string {
  const length = epochsPlanned === 0 ? '' : `: up to ${epochsPlanned} epochs of ${stepsPerEpoch} steps`
  return `${begun(named(stage))} began, ${method}${length}.`
}

function endLine({ stage, accepted, best, still, metric }: Omit<StageEnd, 'coefficients' | 'losses'>): string {
  if (!accepted) return `${begun(named(stage))} stagnated: nothing it tried was better than its own start.`
  const before = stage === 0 ? '' : `, from ${figure(still)} at its start`
  return `${begun(named(stage))} ended: its best state is that of step ${best}, ${figure(metric)}${before}.`
}

function halvingLine({ from, to, why }: Halving): string {
  return `Memory was full with ${from} images at a time; ${to} are held at once from here on (${why}).`
}

function collapseLine({ stage, epoch, collapse = [] }: Pick<EpochRecord, 'stage' | 'epoch' | 'collapse'>): string {
  const fallen = collapse.map(({ task, share }) => `${(100 * share).toFixed(1)} % of the images of ${task}`)
  return `After epoch ${epoch} of ${named(stage)}, ${fallen.join(' and ')} are taken for one class.`
}

function evaluationLine({ split, model, stage, tasks }: Evaluation): string {
  const of =
    model === 'pretrained'
      ? 'the pre-trained model'
      : model === 'finetuned'
        ? 'the fine-tuned models'
        : `the model of ${named(stage ?? 0)}`
  const reached = mean(tasks.map(({ accuracy }) => accuracy))
  return `Measured ${of} on ${split} data${reached === null ? '' : `: mean accuracy ${(100 * reached).toFixed(1)} %`}.`
}
