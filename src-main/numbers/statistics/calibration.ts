// Whether a model is right as often as it says it is (Guo et al., 2017). Images are sorted into bins of equal width by
// confidence, the largest softmax probability: bin k of K holds (k / K, (k + 1) / K], and
//   ECE = sum_k n_k / n | accuracy_k - mean confidence_k |.
// The bins' rows are the reliability diagram.
import { at, sum } from '../vectors.ts'

export interface Bin {
  from: number
  to: number
  images: number
  correct: number
  confidence: number // mean of the bin's images; 0 where it has none
}

/** confidence (n) in [0, 1]; correct (n). */
export function reliability(confidence: ArrayLike<number>, correct: ArrayLike<boolean>, bins = 15): Bin[] {
  const rows = Array.from({ length: bins }, (_, k) => ({
    from: k / bins,
    to: (k + 1) / bins,
    images: 0,
    correct: 0,
    sum: 0,
  }))
  for (let i = 0; i < confidence.length; i++) {
    const c = at(confidence, i)
    const near = Math.min(bins - 1, Math.max(0, Math.ceil(c * bins) - 1))
    // c = k / K times K may be more than k
    const row = at(rows, near > 0 && c <= near / bins ? near - 1 : near)
    row.images++
    row.sum += c
    if (correct[i]) row.correct++
  }
  return rows.map(({ sum, ...row }) => ({ ...row, confidence: row.images ? sum / row.images : 0 }))
}

/** Expected calibration error, between 0 and 1. */
export function calibrationError(bins: readonly Bin[]): number {
  const n = sum(bins.map(({ images }) => images))
  return bins.reduce(
    (sum, { images, correct, confidence }) => (images ? sum + Math.abs(correct - images * confidence) / n : sum),
    0,
  )
}
