// SAR (Niu et al., ICLR 2023) over coefficients: entropy of reliable images only, in sharpness-aware steps,
//   L(x) = [H(x) < 0.4 ln C] H(x),   C classes,   g taken at c + 0.05 g(c) / |g(c)|   (problem.ts, the filter applied
//   anew there).
// Unlike its authors' code: the mean is over all images of the batch, not over the reliable ones, whose number AdamW
// divides out again but for clipping; and the model is never reset to its beginning. States are judged by the entropy
// of all images: by its own loss, the best state would be one that is sure of nothing.

import type { Objective } from '../objective.ts'
import { entropy } from './entropy.ts'

const reliable = 0.4 // of ln C, the largest entropy there is

export const sar: Objective = {
  name: 'sar',
  unlabelled: true,
  judge: entropy,
  sharpness: 0.05,
  loss(logProbabilities, label, gradient) {
    const h = entropy.loss(logProbabilities, label, gradient)
    if (h < reliable * Math.log(logProbabilities.length)) return h
    gradient.fill(0)
    return 0
  },
}
