// Sign election (Yadav et al., NeurIPS 2023): of each element the sign that the vectors' sum has, and what becomes of
// those vectors that have it:
//   gamma = sign(sum_t w_t tau_t),   tau = sum_t [sign(w_t tau_t) = gamma] w_t tau_t  / sum_t [the same] w_t
// Elements that are 0 have no sign. Programs differ in what a sum of 0 elects, and in whether they divide.
import { at, element, scale } from '../../../numbers/vectors.ts'

/** What a sum of 0 elects: none, plus, or the sign of most other elements' sums. */
type SignOfZero = 'none' | 'plus' | 'majority'

/** What a sum of 0 elects, as a number: of a majority, minus where it is undecided. */
export function electedByZero(sign: SignOfZero, majority: number): number {
  if (sign === 'majority') return majority > 0 ? 1 : -1
  return sign === 'plus' ? 1 : 0
}

/** (n): the sum of the vectors, whose sign is elected. */
export function massesOf(taus: readonly Float64Array[]): Float64Array {
  const masses = new Float64Array(taus[0]?.length ?? 0)
  for (const tau of taus) for (let i = 0; i < masses.length; i++) masses[i] = element(masses, i) + element(tau, i)
  return masses
}

/** In place: of vectors (times their weights) what has not the elected sign becomes 0. */
export function elect(taus: readonly Float64Array[], byZero: number): void {
  const masses = massesOf(taus)
  for (const tau of taus)
    for (let i = 0; i < masses.length; i++) {
      const sign = masses[i] || byZero
      if (element(tau, i) * sign <= 0) tau[i] = 0
    }
}

/** In place. */
export function weighted(taus: readonly Float64Array[], weights: readonly number[]): void {
  for (const [t, tau] of taus.entries()) {
    const by = at(weights, t)
    if (by !== 1) scale(by, tau)
  }
}

/** The sum of weights that a mean is divided by; of those that cancel out 1. */
export function divisorOf(weights: readonly number[]): number {
  const sum = weights.reduce((a, b) => a + b, 0)
  return Math.abs(sum) < 1e-8 ? 1 : sum
}
