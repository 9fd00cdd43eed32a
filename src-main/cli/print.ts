// A run in words for a terminal: a line for what stays (stages, results), and one live line for what passes.

import type { Inspection } from '../contract/checkpoint.ts'
import { leakMark, leakReason } from '../contract/data/leaks.ts'
import { leftOutSentence } from '../contract/data/left-out.ts'
import type { SplitManifest } from '../contract/data/manifest.ts'
import { sentence } from '../contract/errors.ts'
import { courseOf, effectiveCoefficients, spanOf } from '../contract/run/coefficients.ts'
import { differenceVectorNotes, skippedSentence } from '../contract/run/difference-vector.ts'
import { engineNamed } from '../contract/run/engine-info.ts'
import { strongestFirst, uncertainOf } from '../contract/run/posterior.ts'
import type { EngineShare, EpochRecord, Halving, RunDetail, RunEvent, RunSummary } from '../contract/run/run.ts'
import { settingsLine } from '../contract/tower.ts'
import { type Dtype, isNumeric } from '../engine/formats/dtype.ts'
import { towerLines } from './convert.ts'

/** text stays on screen; live replaces the last live line. Null: nothing to say. */
export function lineOf(event: RunEvent): { text: string; live: boolean } | null {
  switch (event.type) {
    case 'started':
      return stays(`Run ${event.run}: ${event.name}${event.resumed ? ' (resumed)' : ''}`)
    case 'opened': {
      const opened = `  ${event.engine.name}; ${event.parents.length} files, ${event.blocks.length} coefficients a vector`
      const warned = (event.warnings ?? []).map((warning) => `  WARNING: ${warning}`)
      const noted = (event.notes ?? []).map((note) => `  ${note}.`)
      return stays([opened, ...noted, ...event.engines.slice(1).map((e) => `  ${engineLine(e)}`), ...warned].join('\n'))
    }
    case 'progress':
      return {
        text: `  ${event.what} ${event.done}/${event.total}${event.remainingSeconds === undefined ? '' : `, about ${duration(event.remainingSeconds)} left`}`,
        live: true,
      }
    case 'pulse': // a window shows it
    case 'opening':
      return null // its images are told next
    case 'data':
      return isRemarkable(event.data) ? stays(`  ${dataLine(event.data)}`) : null
    case 'evaluation': {
      const { model, stage, split, tasks } = event.evaluation
      return stays(
        `  ${model}${stage ? ` ${stage}` : ''} on ${split}: ${tasks.map((t) => `${t.task} ${percent(t.accuracy)}`).join(', ')}`,
      )
    }
    case 'stage':
      return stays(
        `  ${event.kind === 'start' ? 'Start' : `Iteration ${event.stage}`} (${event.method}): ${event.epochsPlanned} epochs of ${event.stepsPerEpoch} steps`,
      )
    case 'epoch': {
      const left = event.remainingSeconds === null ? '' : `, about ${duration(event.remainingSeconds)} left`
      if (event.collapse) return stays(`  epoch ${event.epoch}: ${event.collapse.map(collapseLine).join('; ')}`)
      return {
        text: `  epoch ${event.epoch}: metric ${short(event.metric)}${event.best ? ' (best)' : ''}${left}`,
        live: true,
      }
    }
    case 'stage-end':
      return stays(
        `    ${event.accepted ? `chose step ${event.best}` : 'not accepted'}: metric ${short(event.metric)}, was ${short(event.still)}`,
      )
    case 'skipped':
      return stays(`  ${skippedSentence(event)}`)
    case 'micro-batch':
      return stays(`  ${halvingLine(event)}`)
    case 'engine-lost':
      return stays(`  ${sentence(event.error)}`)
    case 'engine-silent':
      return stays(
        event.error
          ? `  ${sentence(event.error)} Here: Ctrl+C twice, then: basil resume ${event.run}`
          : '  The engine answers again, or has ended.',
      )
    case 'ended':
      return stays(endedLine(event))
    case 'done': {
      const tasks = Object.entries(event.tasks).map(
        ([task, t]) =>
          `${task} ${percent(t.accuracy)}${t.relativeAccuracy === null ? '' : ` (${percent(t.relativeAccuracy)} of fine-tuned)`}`,
      )
      return stays(`Run ${event.run} done in ${duration(event.seconds)}: ${tasks.join(', ')}`)
    }
  }
}

/** With what to do next, which an error says itself. */
function endedLine({ run, state, error }: Extract<RunEvent, { type: 'ended' }>): string {
  const told = `Run ${run} ${state}.`
  if (!error) return state === 'stopped' ? told : `${told} Next: basil resume ${run}`
  const onCpu = /^device-/.test(error.code) ? ` That is: basil resume ${run} --device cpu` : ''
  return `${told} ${sentence(error)}${onCpu}`
}

export function summaryLine(r: RunSummary): string {
  const accuracy = r.accuracy === null ? '' : `  ${percent(r.accuracy)}`
  const mark = r.leaks.length ? `  ! ${leakMark}: ${leakReason(r.leaks)}` : ''
  if (r.error?.code === 'history-damaged' && r.created === '')
    return `${String(r.run).padStart(5)}  damaged: ${r.error.why} (${r.error.where})`
  return `${String(r.run).padStart(5)}  ${r.created.slice(0, 16).replace('T', ' ')}  ${r.state.padEnd(11)}  ${r.method.padEnd(15)}  ${r.name}${r.linearised ? ' (linearised)' : ''}${accuracy}${mark}`
}

export function detailLines(d: RunDetail): string[] {
  return [
    summaryLine(d),
    ...d.parents.map((p) => `       ${p.role.padEnd(10)}  ${p.sha256.slice(0, 12)}  ${p.file}`),
    ...(d.config.tower ? [`       ${settingsLine(d.config.tower)}`] : []),
    ...[...(d.start ? [d.start] : []), ...d.iterations].map(
      (s) =>
        `       ${s.kind === 'start' ? 'start' : `iteration ${s.stage}`}: ${s.epochs.length} epochs kept${s.ended ? `, ${s.accepted ? 'accepted' : 'not accepted'}, metric ${short(s.metric ?? Number.NaN)}` : ''}`,
    ),
    ...shareLines(d),
    ...uncertainLines(d),
    ...[...(d.start ? [d.start] : []), ...d.iterations].flatMap((s) =>
      s.epochs.flatMap((e) =>
        e.collapse ? [`       stage ${s.stage}, epoch ${e.epoch}: ${e.collapse.map(collapseLine).join('; ')}`] : [],
      ),
    ),
    ...differenceVectorNotes(d).map((note) => `       ${note}`),
    ...d.halvings.map((h) => `       ${halvingLine(h)}`),
    ...(d.engines.length > 1 ? d.engines.map((e) => `       ${engineLine(e)}`) : []),
    ...d.data.filter(isRemarkable).map((data) => `       ${dataLine(data)}`),
    ...d.openings.map(
      ({ task, opened }) => `       test data of ${task} opened ${opened.slice(0, 19).replace('T', ' ')}`,
    ),
    ...(d.dataWait ? [`       waited ${duration(d.dataWait.seconds)} of ${duration(d.dataWait.of)} for pixels`] : []),
    ...Object.entries(d.tasks).map(([task, t]) => `       ${task}: ${percent(t.accuracy)} on ${d.evaluatedOn}`),
    ...(d.error ? [`       ${sentence(d.error)}`] : []),
    ...d.damaged.map((row) => `       DAMAGED and not shown: ${row.where}: ${row.why}. Next: ${row.next}.`),
  ]
}

/** What the model is made of, a line a vector. */
function shareLines(d: RunDetail): string[] {
  const course = courseOf(d)
  return (course ? effectiveCoefficients(course) : []).map(({ name, values }) => {
    const { smallest, mean, largest } = spanOf(values)
    return `       coefficients of ${name}: ${smallest.toFixed(4)} to ${largest.toFixed(4)}, mean ${mean.toFixed(4)}`
  })
}

const mostUncertain = 10 // lines; --json has all

/** Of a start that learned a posterior: what is kept of it, and the strongest coefficients with their intervals. */
function uncertainLines({ start, blocks }: RunDetail): string[] {
  const all = start ? uncertainOf(start, blocks) : []
  if (all.length === 0) return []
  const kept = all.filter(({ value }) => value !== 0)
  return [
    `       ${kept.length} of ${all.length} coefficients of the start are there and sure enough to be kept`,
    ...strongestFirst(kept)
      .slice(0, mostUncertain)
      .map(
        (c) =>
          `         ${c.value.toFixed(4)} of ${c.vector}, ${c.block}: ${c.low.toFixed(4)} to ${c.high.toFixed(4)} (95 %), there with ${percent(c.inclusion)}`,
      ),
  ]
}

/** Of an epoch that left a model saying one thing. */
function collapseLine({ task, share }: NonNullable<EpochRecord['collapse']>[number]): string {
  return `COLLAPSE: ${percent(share)} of the images of ${task} are taken for one class`
}

function halvingLine({ from, to, why }: Halving): string {
  return `${from} images at a time did not fit into memory, ${to} from here on: ${why}`
}

/** Of a run that more than one engine computed. */
function engineLine({ engine, after }: EngineShare): string {
  const by = engineNamed(engine)
  if (!after) return `computed by ${by}`
  const stage = after.stage ? `iteration ${after.stage}` : 'the start'
  return `after epoch ${after.epoch} of ${stage} by ${by}: the last digits differ from a run in one engine`
}

/** Not the whole of a tensor file's images with nothing to be said of them. */
const isRemarkable = ({ source, drawn, shared = [] }: SplitManifest): boolean =>
  source !== 'tensor file' || drawn !== '' || shared.length > 0

/** Of a split that was opened. */
function dataLine({
  task,
  split,
  images,
  count,
  drawn,
  skippedCount,
  skipped,
  shared = [],
  leftOut = [],
}: SplitManifest): string {
  const leaks = shared
    .map(({ images, unlabelled, split: other }) =>
      unlabelled
        ? `; ${images} of them were learned on, without their labels`
        : `; LEAK: ${images} of them are ${other} images too`,
    )
    .join('')
  const left = skippedCount
    ? `; ${skippedCount} cannot be read and are left out, such as ${skipped[0]?.name}: ${skipped[0]?.reason}`
    : ''
  return `${task}, ${split}: ${count} images of ${images}${drawn ? `, drawn ${drawn}` : ''}${leaks}${left}${leftOut.map((one) => `; ${leftOutSentence(one)}`).join('')}`
}

const stays = (text: string): { text: string; live: boolean } => ({ text, live: false })
export const percent = (share: number): string => `${(100 * share).toFixed(1)} %`
const short = (value: number): string => value.toPrecision(5)

export function duration(seconds: number): string {
  return seconds < 90
    ? `${seconds.toFixed(0)} s`
    : seconds < 5400
      ? `${(seconds / 60).toFixed(0)} min`
      : `${(seconds / 3600).toFixed(1)} h`
}

export function inspectionLines(found: Inspection): string[] {
  const { name = 'no architecture Basil knows', ...numbers } = found.architecture ?? {}
  const sourced = Object.keys(found.towers?.vision ?? {})
  const listed = found.tensors.filter(({ dtype }) => !isNumeric(dtype as Dtype))
  const types = [...new Set(listed.map(({ dtype }) => dtype))]
  const told = Object.entries(numbers).flatMap(([key, value]) => (sourced.includes(key) ? [] : [`${key} ${value}`]))
  return [
    `${found.file}: ${name}, ${found.role}`,
    `  ${found.format}, layout ${found.layout}, ${found.dtype ?? 'no floating tensors'}, ${found.bytes} bytes, SHA-256 ${found.sha256}`,
    ...(told.length > 0 ? [`  ${told.join(', ')}`] : []),
    ...towerLines(found).map((line) => `  ${line}`),
    `  ${found.tensors.length} tensors, ${found.parameters} parameters, ${found.blocks} blocks, ${found.nonFinite} values not finite`,
    ...(listed.length > 0
      ? [`  ${listed.length} of types that Basil lists and copies, but does not compute with: ${types.join(', ')}`]
      : []),
    ...(found.role === 'adapter'
      ? [
          "  an adapter (PEFT, LoRA) is no model: give a LoRA as one of the vectors with its base as the pre-trained model, or merge it into its base first, by peft's merge_and_unload()",
        ]
      : []),
    ...found.tensors.map(({ name, dtype, shape }) => `  ${name}  ${dtype}  (${shape.join(', ')})`),
  ]
}
