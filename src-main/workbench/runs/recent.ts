// A mean of measured values in which what is recent weighs most, and what lies far from their median counts as if it
// lay near: one epoch during which the machine was busy with something else does not make the rest look slow.
//   mean = sum_i w^(n-i) x'_i / sum_i w^(n-i),   x' = x brought into [median / far, median far]
const most = 12 // values that are remembered
const weight = 0.8
const far = 2

export interface Recent {
  add(value: number): void
  /** Null before there is one. */
  mean(): number | null
}

export function createRecent(): Recent {
  let values: number[] = []
  return {
    add: (value) => {
      values = [...values, value].slice(-most)
    },
    mean: () => {
      if (values.length === 0) return null
      const sorted = values.toSorted((a, b) => a - b)
      const median = sorted[Math.floor(values.length / 2)] ?? 0
      let [sum, weights, w] = [0, 0, 1]
      for (const value of values.toReversed()) {
        sum += w * Math.min(median * far, Math.max(median / far, value))
        weights += w
        w *= weight
      }
      return sum / weights
    },
  }
}
