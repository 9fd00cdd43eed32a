// McNemar's test: whether two models differ on the same images. Only images on which exactly one of them is right tell:
// b, where the first is, and c, where the second is. If the models are equally good each of them is either's with
// probability 1/2:
//   few:   p = 2 P(X <= min(b, c)),  X ~ Binomial(b + c, 1/2),  P(X <= k) = I_1/2(n - k, k + 1)
//   many:  chi^2 = (|b - c| - 1)^2 / (b + c), one degree of freedom, with the correction for continuity
// p = P(chi^2_1 > x) = Q(1/2, x/2) = erfc(sqrt(x / 2)), the upper incomplete gamma function by its series or continued
// fraction.
import { incompleteBeta } from './paired.ts'

export interface McNemar {
  onlyFirst: number // b
  onlySecond: number // c
  statistic: number | null // chi^2; null where p is exact
  p: number // two-sided
}

const few = 25 // discordant images, below which p is exact

/** From the images that only the first, and only the second model has right; p is 1 where there are none. */
export function mcnemar(onlyFirst: number, onlySecond: number): McNemar {
  const n = onlyFirst + onlySecond
  if (n < few) {
    const k = Math.min(onlyFirst, onlySecond)
    return {
      onlyFirst,
      onlySecond,
      statistic: null,
      p: n === 0 ? 1 : Math.min(1, 2 * incompleteBeta(0.5, n - k, k + 1)),
    }
  }
  const statistic = Math.max(0, Math.abs(onlyFirst - onlySecond) - 1) ** 2 / n
  return { onlyFirst, onlySecond, statistic, p: chiSquareTail(statistic) }
}

/** P(chi^2_1 > x). */
export function chiSquareTail(x: number): number {
  const half = x / 2
  if (half <= 0) return 1
  return half < 1.5 ? 1 - lowerHalf(half) : upperHalf(half)
}

const rootPi = Math.sqrt(Math.PI)

/** P(1/2, x) = x^(1/2) e^-x / Gamma(1/2) sum_n x^n / (1/2 (3/2) ... (1/2 + n)). */
function lowerHalf(x: number): number {
  let term = 2
  let sum = 2
  for (let n = 1; term > 1e-17 * sum; n++) {
    term *= x / (0.5 + n)
    sum += term
  }
  return (Math.sqrt(x) * Math.exp(-x) * sum) / rootPi
}

/** Q(1/2, x), by Lentz' continued fraction. */
function upperHalf(x: number): number {
  let b = x + 0.5
  let c = 1e300
  let d = 1 / b
  let value = d
  for (let i = 1; i <= 1000; i++) {
    const a = -i * (i - 0.5)
    b += 2
    d = 1 / (a * d + b)
    c = b + a / c
    value *= c * d
    if (Math.abs(c * d - 1) < 1e-16) break
  }
  return (Math.sqrt(x) * Math.exp(-x) * value) / rootPi
}
