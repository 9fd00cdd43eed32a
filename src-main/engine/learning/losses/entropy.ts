// Entropy of the prediction, no labels needed (AdaMerging's surrogate): H = -sum_c p_c log p_c, dH/dlogit_c = -p_c (log
// p_c + H).
import type { Loss } from '../loss.ts'

export const entropy: Loss = {
  name: 'entropy',
  onDevice: 'softmax-entropy',
  loss(logProbabilities, _label, gradient) {
    let h = 0
    for (const l of logProbabilities) h -= Math.exp(l) * l
    for (let c = 0; c < logProbabilities.length; c++) {
      const l = logProbabilities[c] as number
      gradient[c] = -Math.exp(l) * (l + h)
    }
    return h
  },
}
