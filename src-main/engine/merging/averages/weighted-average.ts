// Weighted average, or model soup (Wortsman et al., ICML 2022):
//   theta = sum_t w_t theta_t / sum_t w_t
// of the models, or of their differences from the pre-trained one (FedAvg, with the sizes of the data as weights).
// A greedy soup is one whose weights are 0 and 1 (numbers/greedy-soup.ts).

import { BasilError } from '../../../contract/errors.ts'
import { weightedAverage as card } from '../../../contract/merges/averages/weighted-average.ts'
import { divisorOf } from '../consensus/agree.ts'
import { combination } from '../facts/products.ts'
import { merge } from '../merge.ts'

export const weightedAverage = merge(card, {
  by: 'slice',
  of: 'all',
  prepare:
    (_, { of, normalize }) =>
    (part) => {
      const { weights } = part
      if (of === 'models' && normalize && Math.abs(weights.reduce((a, b) => a + b, 0)) < 1e-8)
        throw cancelled(part.name)
      const sum = normalize ? divisorOf(weights) : 1
      return [
        combination(
          part,
          weights.map((w) => w / sum),
        ),
      ]
    },
})

function cancelled(tensor: string): BasilError {
  return new BasilError({
    code: 'config-invalid',
    what: 'The weights cancel out',
    where: tensor,
    why: 'they sum to 0, which a mean is divided by',
    next: 'give weights of another sum, or turn normalize off',
  })
}
