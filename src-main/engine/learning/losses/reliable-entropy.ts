// Entropy of images the model is sure enough of, 0 for all others (SAR's):
//   L(x) = [H(x) < 0.4 ln C] H(x),   C classes; the filter is applied anew at each place the loss is taken.

import type { Loss } from '../loss.ts'
import { entropy } from './entropy.ts'

const reliable = 0.4 // of ln C, the largest entropy there is

export const reliableEntropy: Loss = {
  name: 'reliable-entropy',
  loss(logProbabilities, label, gradient) {
    const h = entropy.loss(logProbabilities, label, gradient)
    if (h < reliable * Math.log(logProbabilities.length)) return h
    gradient.fill(0)
    return 0
  },
}
