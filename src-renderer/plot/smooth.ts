// The smoothing of TensorBoard: an exponential moving average with its bias towards the first value taken out,
//   s_i = w s_(i-1) + (1 - w) y_i,   shown_i = s_i / (1 - w^i).
import type { Point } from './decimate.ts'

/** weight in [0, 1): 0 leaves the line as it is. What is no number stays a break and is not averaged. */
export function smooth(points: readonly Point[], weight: number): Point[] {
  let sum = 0
  let seen = 0
  return points.map(({ x, y }) => {
    if (!Number.isFinite(y)) return { x, y: Number.NaN }
    sum = weight * sum + (1 - weight) * y
    seen++
    return { x, y: sum / (1 - weight ** seen) }
  })
}
