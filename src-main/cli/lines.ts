// A run in words for a terminal: a line for what stays (stages, results), and one live line for what passes.

import { sentence } from '../contract/errors.ts'
import type { EngineShare, Halving, RunDetail, RunEvent, RunSummary } from '../contract/run.ts'

/** text stays on screen; live replaces the last live line. Null: nothing to say. */
export function lineOf(event: RunEvent): { text: string; live: boolean } | null {
  switch (event.type) {
    case 'started':
      return stays(`Run ${event.run}: ${event.name}${event.resumed ? ' (resumed)' : ''}`)
    case 'opened': {
      const opened = `  ${event.engine.name}; ${event.parents.length} files, ${event.blocks.length} coefficients a vector`
      return stays([opened, ...event.engines.slice(1).map((e) => `  ${engineLine(e)}`)].join('\n'))
    }
    case 'progress':
      return { text: `  ${event.what} ${event.done}/${event.total}`, live: true }
    case 'evaluation': {
      const { model, stage, split, tasks } = event.evaluation
      return stays(`  ${model}${stage ? ` ${stage}` : ''} on ${split}: ${tasks.map((t) => `${t.task} ${percent(t.accuracy)}`).join(', ')}`)
    }
    case 'stage':
      return stays(
        `  ${event.kind === 'start' ? 'Start' : `Iteration ${event.stage}`} (${event.method}): ${event.epochsPlanned} epochs of ${event.stepsPerEpoch} steps`,
      )
    case 'epoch': {
      const left = event.remainingSeconds === null ? '' : `, about ${duration(event.remainingSeconds)} left`
      return { text: `  epoch ${event.epoch}: metric ${short(event.metric)}${event.best ? ' (best)' : ''}${left}`, live: true }
    }
    case 'stage-end':
      return stays(
        `    ${event.accepted ? `chose step ${event.best}` : 'not accepted'}: metric ${short(event.metric)}, was ${short(event.still)}`,
      )
    case 'micro-batch':
      return stays(`  ${halvingLine(event)}`)
    case 'engine-lost':
      return stays(`  ${sentence(event.error)}${event.restarting ? ' Going on in a new engine.' : ''}`)
    case 'ended':
      return stays(
        `Run ${event.run} ${event.state}.${event.error ? ` ${sentence(event.error)}` : event.state === 'stopped' ? '' : ` Next: basil resume ${event.run}`}${event.error?.code === 'device-lost' ? ` That is: basil resume ${event.run} --device cpu` : ''}`,
      )
    case 'done': {
      const tasks = Object.entries(event.tasks).map(
        ([task, t]) =>
          `${task} ${percent(t.accuracy)}${t.relativeAccuracy === null ? '' : ` (${percent(t.relativeAccuracy)} of fine-tuned)`}`,
      )
      return stays(`Run ${event.run} done in ${duration(event.seconds)}: ${tasks.join(', ')}`)
    }
  }
}

export function summaryLine(r: RunSummary): string {
  const accuracy = r.accuracy === null ? '' : `  ${percent(r.accuracy)}`
  return `${String(r.run).padStart(5)}  ${r.created.slice(0, 16).replace('T', ' ')}  ${r.state.padEnd(11)}  ${r.method.padEnd(15)}  ${r.name}${r.linearised ? ' (linearised)' : ''}${accuracy}`
}

export function detailLines(d: RunDetail): string[] {
  return [
    summaryLine(d),
    ...d.parents.map((p) => `       ${p.role.padEnd(10)}  ${p.sha256.slice(0, 12)}  ${p.file}`),
    ...[...(d.start ? [d.start] : []), ...d.iterations].map(
      (s) =>
        `       ${s.kind === 'start' ? 'start' : `iteration ${s.stage}`}: ${s.epochs.length} epochs kept${s.ended ? `, ${s.accepted ? 'accepted' : 'not accepted'}, metric ${short(s.metric ?? Number.NaN)}` : ''}`,
    ),
    ...d.halvings.map((h) => `       ${halvingLine(h)}`),
    ...(d.engines.length > 1 ? d.engines.map((e) => `       ${engineLine(e)}`) : []),
    ...Object.entries(d.tasks).map(([task, t]) => `       ${task}: ${percent(t.accuracy)} on ${d.evaluatedOn}`),
    ...(d.error ? [`       ${sentence(d.error)}`] : []),
  ]
}

function halvingLine({ from, to, why }: Halving): string {
  return `${from} images at a time did not fit into memory, ${to} from here on: ${why}`
}

/** Of a run that more than one engine computed. */
function engineLine({ engine, after }: EngineShare): string {
  if (!after) return `computed by ${engine.name}`
  const stage = after.stage ? `iteration ${after.stage}` : 'the start'
  return `after epoch ${after.epoch} of ${stage} by ${engine.name}: the last digits differ from a run in one engine`
}

const stays = (text: string): { text: string; live: boolean } => ({ text, live: false })
const percent = (share: number): string => `${(100 * share).toFixed(1)} %`
const short = (value: number): string => value.toPrecision(5)

function duration(seconds: number): string {
  return seconds < 90 ? `${seconds.toFixed(0)} s` : seconds < 5400 ? `${(seconds / 60).toFixed(0)} min` : `${(seconds / 3600).toFixed(1)} h`
}
