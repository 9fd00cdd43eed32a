// Where learning came to a standstill, and where it left it: a stage stagnates at its best state when the looks after
// it found none better, or when nothing it tried beat its own start; the next stage escapes at its first look that is
// better, by the selection metric, than anything before it (figure 2a's story, told as it happens).
import type { RunDetail, StageDetail } from '../../../src-main/contract/run/run.ts'
import type { StageLine } from '../curves.ts'
import type { Point } from '../decimate.ts'
import { stageName } from '../scores.ts'

export interface TurningPoint extends Point {
  stage: number
}

export interface Turns {
  stagnations: TurningPoint[]
  escapes: TurningPoint[]
}

/** lines: of the same stages, a point a look. */
export function turnsOf(
  stages: readonly StageDetail[],
  lines: readonly StageLine[],
  select: RunDetail['config']['select'],
): Turns {
  const better = (a: number, b: number) => (select === 'validation-accuracy' ? a > b : a < b)
  const found: Turns = { stagnations: [], escapes: [] }
  let best: number | null = null
  let isStill = false
  stages.forEach((stage, i) => {
    const points = lines[i]?.points ?? []
    const at = (look: number): TurningPoint[] => (points[look] ? [{ stage: stage.stage, ...points[look] }] : [])
    const before = best
    const escaped = isStill && before !== null ? stage.epochs.findIndex(({ metric }) => better(metric, before)) : -1
    if (escaped >= 0) found.escapes.push(...at(escaped))
    for (const { metric } of stage.epochs) if (best === null || better(metric, best)) best = metric
    const chosen = stage.epochs.findLastIndex((epoch) => epoch.best)
    isStill = stage.ended && (!stage.accepted || chosen < stage.epochs.length - 1)
    if (isStill) found.stagnations.push(...at(Math.max(0, chosen)))
  })
  return found
}

export function turnsSentence({ stagnations, escapes }: Turns): string {
  if (stagnations.length === 0) return ''
  const still = list(stagnations.map(({ stage }) => stageName(stage).toLowerCase()))
  const out = list(escapes.map(({ stage }) => stageName(stage).toLowerCase()))
  return ` ${upper(still)} stagnated (crosses)${out ? `; ${out} went beyond the best before it (rings)` : ''}.`
}

function list(names: string[]): string {
  const last = names.at(-1) ?? ''
  return names.length < 2 ? last : `${names.slice(0, -1).join(', ')} and ${last}`
}

const upper = (text: string) => text.charAt(0).toUpperCase() + text.slice(1)
