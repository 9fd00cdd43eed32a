// Cross-entropy with labels: L = -log p_y, dL/dlogit_c = p_c - [c = y].
import type { Loss } from '../loss.ts'

export const crossEntropy: Loss = {
  name: 'cross-entropy',
  onDevice: 'label-likelihood',
  loss(logProbabilities, label, gradient) {
    for (let c = 0; c < logProbabilities.length; c++)
      gradient[c] = Math.exp(logProbabilities[c] as number) - (c === label ? 1 : 0)
    return -(logProbabilities[label] as number)
  },
}
