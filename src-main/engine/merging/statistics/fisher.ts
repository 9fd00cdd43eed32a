// Fisher merging (Matena and Raffel, NeurIPS 2022), weight by weight, F_t the squared gradients of task t:
//   theta = sum_t c_t (F_t + eps) theta_t / sum_t c_t (F_t + eps)
// c_t: a person's weight; normalised, times 1 / (|F_t| + eps) in parts of the sum over t, |F_t| over the whole model.
// Where all is 0, and of parameters without statistics, the mean by the weights.
import { fisher as card } from '../../../contract/merges/statistics/fisher.ts'
import { at, product } from '../../../numbers/vectors.ts'
import { type Checkpoint, readSlice } from '../../weights/slices.ts'
import { merge, type Sources } from '../merge.ts'
import { ofPart, sharesOf, statisticsOf } from './given.ts'

const piece = 2 ** 17 // elements

export const fisher = merge(card, {
  by: 'slice',
  of: 'all',
  collects: ({ images, seed, labels, batch }) => ({ what: 'gradients', images, seed, labels, batch }),
  prepare(sources, { normalize, least }) {
    const all = statisticsOf(sources, card.title)
    let known: Promise<number[]> | undefined
    const norms = (): Promise<number[]> => {
      known ??= Promise.all(all.map((one) => normOf(one, sources.parameters)))
      return known
    }
    return async (part) => {
      const { name, first, base, vectors, which } = part
      const own = ofPart(all, part)
      const shares = sharesOf(part.weights)
      const lengths = normalize ? await norms() : []
      const inverse = which.map((t) => (normalize ? 1 / (at(lengths, t) + least || 1) : 1))
      const whole = inverse.reduce((a, b) => a + b, 0)
      const [sum, weight] = [new Float64Array(base.length), new Float64Array(base.length)]
      const curved = new Float32Array(base.length)
      for (const [place, tau] of vectors.entries()) {
        if (own) await readSlice(at(own, place), name, first, base.length, curved)
        const by = (at(part.weights, place) * at(inverse, place)) / whole
        for (let i = 0; i < sum.length; i++) {
          const w = by * (at(curved, i) + least)
          sum[i] = at(sum, i) + w * at(tau, i)
          weight[i] = at(weight, i) + w
        }
      }
      const mean = (i: number): number => vectors.reduce((m, tau, t) => m + at(shares, t) * at(tau, i), 0)
      return [sum.map((v, i) => (at(weight, i) > 0 ? v / at(weight, i) : mean(i)))]
    }
  },
})

async function normOf({ file, prefix }: Checkpoint, parameters: Sources['parameters']): Promise<number> {
  let squares = 0
  const values = new Float32Array(piece)
  for (const [name, shape] of parameters) {
    const size = file.tensors.has(prefix + name) ? product(shape) : 0
    for (let first = 0; first < size; first += piece)
      for (const v of await readSlice({ file, prefix }, name, first, Math.min(piece, size - first), values))
        squares += v * v
  }
  return Math.sqrt(squares)
}
