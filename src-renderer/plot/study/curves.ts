// The runs of a study as lines over steps, all in one chart: a colour an arm, a line a run. Steps count on over a run's
// stages.
import type { StudyRun } from '../../../src-main/contract/api/studies.ts'
import { comparedScores } from '../../../src-main/contract/run/means.ts'
import type { RunDetail } from '../../../src-main/contract/run/run.ts'
import { accuracyLines, lossLines, type StageLine } from '../curves.ts'
import { stagesOf } from '../scores.ts'

export const studyMeasures = {
  accuracy: 'mean accuracy',
  relativeAccuracy: 'mean relative accuracy',
  loss: 'loss',
} as const
export type StudyMeasure = keyof typeof studyMeasures

/**
 * stage is the arm's place from 1 on, which gives its colour. Arms in the order of the table; runs that have no epoch
 * are left out.
 */
export function armLines(
  runs: readonly StudyRun[],
  of: ReadonlyMap<number, RunDetail>,
  measure: StudyMeasure,
  hidden: ReadonlySet<string>,
): StageLine[] {
  const arms = armsOf(runs)
  return runs.flatMap(({ arm, part, seed, run }) => {
    const detail = run === null || hidden.has(arm) ? undefined : of.get(run)
    if (!detail) return []
    const stages = stagesOf(detail).map((s) => ({
      ...s,
      epochs: s.epochs.map((e) => ({ ...e, tasks: comparedScores(e.tasks, detail.config.tasks) })),
    }))
    const points = (measure === 'loss' ? lossLines(stages) : accuracyLines(stages, measure)).flatMap(
      (line) => line.points,
    )
    const name = [arm, part, `seed ${seed}`].filter(Boolean).join(', ')
    return points.length ? [{ stage: arms.indexOf(arm) + 1, name, points }] : []
  })
}

/** In the order in which they first appear. */
export function armsOf(runs: readonly Pick<StudyRun, 'arm'>[]): string[] {
  return [...new Set(runs.map(({ arm }) => arm))]
}

/** More arms than that look alike: 6 colours, each with a line and with dashes. */
const toldApart = 12

/** What a chart leaves out until a person asks for it. */
export function leftOutAtFirst(runs: readonly Pick<StudyRun, 'arm'>[]): string[] {
  return armsOf(runs).slice(toldApart)
}

/** "3 arms are left out; click one to draw it."; nothing where all are drawn. */
export function leftOutSentence(arms: number): string {
  return arms === 0 ? '' : `${arms === 1 ? '1 arm is' : `${arms} arms are`} left out; click one to draw it.`
}

export function armSentence(lines: readonly StageLine[], measure: StudyMeasure): string {
  const arms = new Set(lines.map((l) => l.stage)).size
  if (lines.length === 0) return 'No run has been measured yet.'
  const [runs, shown] = [lines.length === 1 ? '1 run' : `${lines.length} runs`, arms === 1 ? '1 arm' : `${arms} arms`]
  return `${runs} of ${shown}, ${studyMeasures[measure]} by step${measure === 'loss' ? '' : ' on the split that states are chosen by'}.`
}
