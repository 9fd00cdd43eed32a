// WiSE-FT (Wortsman et al., CVPR 2022): the line from the pre-trained model to the fine-tuned one, or to the weighted
// mean of several:
//   theta = (1 - alpha) theta_pre + alpha theta_ft = theta_pre + alpha tau
// The curve is this at several alphas.
import { wiseFt as card } from '../../../contract/merges/averages/wise-ft.ts'
import { divisorOf } from '../consensus/agree.ts'
import { combination } from '../facts/products.ts'
import { merge } from '../merge.ts'

export const wiseFt = merge(card, {
  by: 'slice',
  of: 'all',
  prepare:
    (_, { alpha }) =>
    (part) => [
      combination(
        part,
        part.weights.map((w) => (alpha * w) / divisorOf(part.weights)),
      ),
    ],
})
