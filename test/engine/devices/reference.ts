// The operations of `Ops` once more, forward only, in plain float64 loops: what the kernels are compared with.
// Gradients need no second set of formulas: they are compared with central differences of these. Matrices are flat, row
// by row.
import type { AdamwStep } from '../../../src-main/engine/devices/ops.ts'

export type Numbers = Float64Array

/** op(a) (m, k) op(b) (k, n), plus bias (n). */
export function matmul(
  a: Numbers,
  b: Numbers,
  m: number,
  n: number,
  k: number,
  ta = false,
  tb = false,
  bias?: Numbers,
): Numbers {
  const out = new Float64Array(m * n)
  for (let i = 0; i < m; i++)
    for (let j = 0; j < n; j++) {
      let sum = bias ? at(bias, j) : 0
      for (let l = 0; l < k; l++) sum += at(a, ta ? l * m + i : i * k + l) * at(b, tb ? j * k + l : l * n + j)
      out[i * n + j] = sum
    }
  return out
}

/** x (rows, columns), or its transpose. */
export function turned(x: Numbers, rows: number, columns: number, stays: boolean): Numbers {
  if (stays) return x
  return x.map((_, i) => at(x, (i % rows) * columns + Math.floor(i / rows)))
}

export function sumRows(x: Numbers, rows: number, columns: number): Numbers {
  return matmul(new Float64Array(rows).fill(1), x, 1, columns, rows)
}

export function layerNorm(x: Numbers, gain: Numbers, bias: Numbers, rows: number, width: number, epsilon: number) {
  const mean = new Float64Array(rows)
  const scale = new Float64Array(rows)
  for (let r = 0; r < rows; r++) {
    const row = x.subarray(r * width, (r + 1) * width)
    mean[r] = row.reduce((sum, value) => sum + value, 0) / width
    const variance = row.reduce((sum, value) => sum + (value - at(mean, r)) ** 2, 0) / width
    scale[r] = 1 / Math.sqrt(variance + epsilon)
  }
  const y = x.map((value, i) => {
    const r = Math.floor(i / width)
    return (value - at(mean, r)) * at(scale, r) * at(gain, i % width) + at(bias, i % width)
  })
  return { y, mean, scale }
}

export function activation(x: Numbers, kind: 'quick-gelu' | 'gelu'): Numbers {
  return x.map((value) =>
    kind === 'gelu' ? (value * (1 + erf(value / Math.SQRT2))) / 2 : value / (1 + Math.exp(-1.702 * value)),
  )
}

/** The Maclaurin series 2/sqrt(pi) exp(-x^2) sum 2^n x^(2n+1) / (2n+1)!!, all terms of one sign. */
function erf(x: number): number {
  if (Math.abs(x) > 6) return Math.sign(x)
  let term = x
  let sum = x
  for (let n = 1; n < 200; n++) {
    term *= (2 * x * x) / (2 * n + 1)
    sum += term
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum
}

/** causal: token t sees tokens 0 to t. */
export function attention(qkv: Numbers, images: number, tokens: number, heads: number, width: number, causal = false) {
  const size = width / heads
  const y = new Float64Array(images * tokens * width)
  const probabilities = new Float64Array(images * heads * tokens * tokens)
  for (let b = 0; b < images; b++)
    for (let h = 0; h < heads; h++) {
      const part = (which: number) =>
        Float64Array.from({ length: tokens * size }, (_, i) =>
          at(qkv, (b * tokens + Math.floor(i / size)) * 3 * width + which * width + h * size + (i % size)),
        )
      const p = matmul(part(0), part(1), tokens, tokens, size, false, true).map((value) =>
        Math.exp(value / Math.sqrt(size)),
      )
      for (let t = 0; t < tokens; t++) {
        const row = p.subarray(t * tokens, (t + 1) * tokens)
        if (causal) row.fill(0, t + 1)
        const sum = row.reduce((total, value) => total + value, 0)
        row.forEach((value, i) => {
          row[i] = value / sum
        })
      }
      probabilities.set(p, (b * heads + h) * tokens * tokens)
      matmul(p, part(2), tokens, size, tokens).forEach((value, i) => {
        y[(b * tokens + Math.floor(i / size)) * width + h * size + (i % size)] = value
      })
    }
  return { y, probabilities }
}

export interface AdamwNumbers {
  value: Numbers
  mean: Numbers
  square: Numbers
  gradient: Numbers
  mask?: Numbers
  origin?: Numbers
}

export function adamw({ value, mean, square, gradient, mask, origin }: AdamwNumbers, n: AdamwStep) {
  const g = gradient.map((x) => n.scale * x)
  const m = mean.map((x, i) => n.beta1 * x + (1 - n.beta1) * at(g, i))
  const v = square.map((x, i) => n.beta2 * x + (1 - n.beta2) * at(g, i) ** 2)
  const x = value.map((x, i) => {
    const first = at(m, i) / (1 - n.beta1 ** n.step)
    const second = Math.sqrt(at(v, i) / (1 - n.beta2 ** n.step))
    const way = n.decay * ((origin ? at(origin, i) : 0) + x) + first / (second + n.epsilon)
    return x - (mask ? at(mask, i) : 1) * n.rate * way
  })
  return { value: x, mean: m, square: v }
}

/** d f / d x[index] by central differences; f is a float64 reference, so h = 1e-5 leaves about 1e-10. */
export function slope(f: (x: Numbers) => number, x: Numbers, index: number): number {
  const moved = (by: number) => {
    const copy = x.slice()
    copy[index] = at(copy, index) + by
    return f(copy)
  }
  return (moved(1e-5) - moved(-1e-5)) / 2e-5
}

export function inner(a: Numbers, b: Numbers): number {
  return a.reduce((sum, value, i) => sum + value * at(b, i), 0)
}

/** The largest difference over the largest wanted value; NaN anywhere gives Infinity. */
export function relativeError(got: ArrayLike<number>, want: ArrayLike<number>): number {
  if (got.length !== want.length) return Number.POSITIVE_INFINITY
  let difference = 0
  let largest = 0
  for (let i = 0; i < want.length; i++) {
    const d = Math.abs((got[i] as number) - (want[i] as number))
    if (Number.isNaN(d)) return Number.POSITIVE_INFINITY
    difference = Math.max(difference, d)
    largest = Math.max(largest, Math.abs(want[i] as number))
  }
  return largest === 0 ? difference : difference / largest
}

/** Numbers that float32 holds exactly, from a fixed stream (mulberry32), about normal by the sum of four. */
export function stream(seed: number): (count: number) => Numbers {
  let state = seed
  const uniform = () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
  return (count) =>
    Float64Array.from({ length: count }, () => Math.fround((uniform() + uniform() + uniform() + uniform() - 2) * 1.7))
}

function at(values: Numbers, index: number): number {
  const value = values[index]
  if (value === undefined) throw new RangeError(`no element ${index} among ${values.length}`)
  return value
}
