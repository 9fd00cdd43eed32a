// Cross-entropy with labels smoothed by e (Szegedy et al. 2016), as a loss of one image:
//   q_c = (1 - e) [c = y] + e / C,   L = -sum_c q_c log p_c,   dL/dlogit_c = p_c - q_c
import { at } from '../../numbers/vectors.ts'
import { type Objective, objectiveNamed } from '../learning/objective.ts'

export function crossEntropyOf(smoothing: number): Objective {
  if (smoothing === 0) return objectiveNamed('cross-entropy')
  return {
    name: 'cross-entropy',
    judge: objectiveNamed('cross-entropy'),
    loss(logProbabilities, label, gradient) {
      const each = smoothing / logProbabilities.length
      let loss = 0
      for (let c = 0; c < logProbabilities.length; c++) {
        const q = each + (c === label ? 1 - smoothing : 0)
        gradient[c] = Math.exp(at(logProbabilities, c)) - q
        loss -= q * at(logProbabilities, c)
      }
      return loss
    },
  }
}
