// Whether a run differs from the first by more than chance, in sentences.
import type { Paired } from '../../../src-main/contract/api/comparison.ts'
import { counted, dash, points } from '../format.ts'

export const chance = (p: number): string => (p < 0.001 ? 'p < 0.001' : `p ${p.toFixed(3)}`)

/** "+1.2 pt (−0.3 to +2.7)" */
export function differenceText({ difference, interval }: Pick<Paired, 'difference' | 'interval'>): string {
  if (difference === null) return dash
  return interval ? `${points(difference)} (${points(interval[0])} to ${points(interval[1])})` : points(difference)
}

/** What the test over tasks says, or why there is none. */
export function testText({ p, why, tasks }: Pick<Paired, 'p' | 'why' | 'tasks'>): string {
  if (p === null) return `Not tested: ${why}.`
  return `Paired t-test over ${counted(tasks, 'task')}: ${chance(p)}${p < 0.05 ? '' : ', so this may be chance'}.`
}

export function imagesText({ images }: Pick<Paired, 'images'>): string {
  if (images.length === 0) return ''
  const [first] = images
  const each = images.map((one) => `${one.task} ${one.onlySecond} : ${one.onlyFirst} (${chance(one.p)})`)
  return `Image by image, in evaluation ${first?.evaluation}, only this one right : only the first right: ${each.join(', ')}.`
}
