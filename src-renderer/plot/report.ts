// An evaluation's numbers as rows and sentences: which classes are taken for which, intervals, what two models disagree
// on. Pure.
import type { TaskReport, TaskResult } from '../../src-main/contract/api/evaluations.ts'
import { count, dash, figure, percent } from './format.ts'
import type { HeatRow } from './heat.ts'

const mostClasses = 40 // of a map that stays readable

/** "87.3 % (85.1 to 89.2)" */
export function withInterval({ accuracy, interval: [low, high] }: Pick<TaskResult, 'accuracy' | 'interval'>): string {
  return `${percent(accuracy)} (${(100 * low).toFixed(1)} to ${(100 * high).toFixed(1)})`
}

export function className(classes: readonly string[] | null, label: number): string {
  return classes?.[label] ?? `class ${label}`
}

/**
 * A row a true class, a column a predicted one, shares of the row's images; where there are many classes, those with
 * most mistakes.
 */
export function confusionMap(
  result: TaskResult,
  names: readonly string[] | null,
): { rows: HeatRow[]; columns: string[]; left: number } {
  const mistakes = (label: number): number =>
    (result.classes[label]?.images ?? 0) - (result.classes[label]?.correct ?? 0)
  const all = result.classes.map((_, label) => label)
  const kept =
    all.length <= mostClasses
      ? all
      : all
          .toSorted((a, b) => mistakes(b) - mistakes(a))
          .slice(0, mostClasses)
          .sort((a, b) => a - b)
  const found = new Map(result.confusion.map(([label, predicted, images]) => [label * all.length + predicted, images]))
  const rows = kept.map((label) => ({
    name: className(names, label),
    values: kept.map(
      (predicted) => (found.get(label * all.length + predicted) ?? 0) / Math.max(1, result.classes[label]?.images ?? 0),
    ),
    cells: kept.map((predicted) => `predicted ${className(names, predicted)}`),
  }))
  return { rows, columns: kept.map((label) => className(names, label)), left: all.length - kept.length }
}

/** "It takes 4 for 9 most often: 12 of 100 images." */
export function confusionSentence(result: TaskResult, names: readonly string[] | null): string {
  const wrong = result.confusion.filter(([label, predicted]) => label !== predicted).toSorted((a, b) => b[2] - a[2])[0]
  if (!wrong) return 'It takes no class for another.'
  const [label, predicted, images] = wrong
  const of = result.classes[label]?.images ?? 0
  return `It takes ${className(names, label)} for ${className(names, predicted)} most often: ${count(images)} of ${count(of)} images.`
}

export function calibrationSentence({ calibration: { error, bins }, accuracy, images }: TaskResult): string {
  const confidence = bins.reduce((sum, bin) => sum + bin.confidence * bin.images, 0) / Math.max(1, images)
  const how = confidence > accuracy ? 'surer than it is right' : 'less sure than it is right'
  return `Calibration error (ECE) ${percent(error)}; on average ${percent(confidence)} sure and ${percent(accuracy)} right: ${how}.`
}

/** What the frame of a confusion map says: of all classes, whichever are drawn. */
export function confusionChart(task: string, result: TaskResult, names: readonly string[] | null) {
  return {
    ...{ title: `Confusion of ${task}`, sentence: confusionSentence(result, names) },
    columns: ['True class', 'Predicted class', 'Images', 'Of its class'],
    rows: () =>
      result.confusion.map(([label, predicted, images]) => [
        ...[className(names, label), className(names, predicted), images],
        percent(images / Math.max(1, result.classes[label]?.images ?? 0), 2),
      ]),
  }
}

/** What the frame of a reliability diagram says. */
export function reliabilityChart(task: string, result: TaskResult) {
  return {
    ...{ title: `Reliability of ${task}`, sentence: calibrationSentence(result) },
    columns: ['Sure from', 'to', 'Images', 'Right', 'Mean sureness'],
    rows: () =>
      result.calibration.bins.map(({ from, to, images, correct, confidence }) => [
        ...[percent(from, 1), percent(to, 1), images, correct],
        images > 0 ? percent(confidence, 2) : dash,
      ]),
  }
}

/** What McNemar's test says of the first two models; "" where there is one. */
export function pairSentence({ mcnemar }: TaskReport, models: readonly { name: string }[]): string {
  if (!mcnemar) return ''
  const [first, second] = [models[0]?.name ?? 'the first', models[1]?.name ?? 'the second']
  return `${count(mcnemar.onlyFirst)} images only ${first} has right, ${count(mcnemar.onlySecond)} only ${second} (McNemar, p ${figure(mcnemar.p)}).`
}
