// Wilson's interval for a share seen k times in n: the shares p that a test of k / n against p would not reject,
//   ( p^ + z^2 / 2n  -+  z sqrt( p^ (1 - p^) / n + z^2 / 4n^2 ) ) / ( 1 + z^2 / n ),  p^ = k / n.
// It never leaves [0, 1], and is honest for few images and for accuracies near 0 and 1 (E. B. Wilson, 1927).

const z95 = 1.959963984540054 // the normal distribution's 0.975 quantile

/** [low, high] at 95 %; [0, 1] where nothing was seen. */
export function wilson(k: number, n: number): [number, number] {
  if (n === 0) return [0, 1]
  const p = k / n
  const square = z95 ** 2
  const centre = p + square / (2 * n)
  const half = z95 * Math.sqrt((p * (1 - p)) / n + square / (4 * n * n))
  const scale = 1 + square / n
  return [k === 0 ? 0 : (centre - half) / scale, k === n ? 1 : (centre + half) / scale]
}
