// Multinomial logistic regression with an L2 penalty on the weights, not on the bias, over rows u (n, embed):
//   f(W, b) = mean_n( -log softmax(W u_n + b)_y_n ) + (strength / 2) |W|^2,
//   df/dW = mean_n( (p_n - e_y_n) u_n' ) + strength W,   df/db = mean_n( p_n - e_y_n ).
// Strictly convex in W for strength > 0. Parameters are one row of numbers, W (classes, embed) and then b (classes);
// sums in float64.
import type { Smooth } from './lbfgs.ts'
import { argmax, at, axpy, dot } from './vectors.ts'

/** Rows of features with the class of each. */
export interface Labelled {
  rows: Float32Array // (n, embed)
  embed: number
  labels: Int32Array // (n)
}

/** f and its gradient as a function of the parameters, one row of classes (embed + 1) numbers. */
export function logisticLoss({ rows, embed, labels }: Labelled, classes: number, strength: number): Smooth {
  const weights = classes * embed
  const logits = new Float64Array(classes)
  return (x, gradient) => {
    gradient.fill(0)
    let loss = 0
    for (const [n, label] of labels.entries()) {
      logitsOf(x, rows, n * embed, embed, logits)
      const normaliser = logSumExp(logits)
      loss += normaliser - at(logits, label)
      for (let c = 0; c < classes; c++) {
        const g = (Math.exp((logits[c] as number) - normaliser) - (c === label ? 1 : 0)) / labels.length
        gradient[weights + c] = (gradient[weights + c] as number) + g
        for (let e = 0, w = c * embed, r = n * embed; e < embed; e++, w++, r++)
          gradient[w] = (gradient[w] as number) + g * (rows[r] as number)
      }
    }
    const penalised = x.subarray(0, weights)
    axpy(strength, penalised, gradient.subarray(0, weights))
    return loss / labels.length + (strength / 2) * dot(penalised, penalised)
  }
}

/** The part of the rows whose largest logit is their label's. */
export function logisticAccuracy({ rows, embed, labels }: Labelled, classes: number, x: Float64Array): number {
  const logits = new Float64Array(classes)
  let correct = 0
  for (const [n, label] of labels.entries()) {
    logitsOf(x, rows, n * embed, embed, logits)
    if (argmax(logits) === label) correct++
  }
  return correct / labels.length
}

function logitsOf(x: Float64Array, rows: Float32Array, first: number, embed: number, logits: Float64Array): void {
  const bias = logits.length * embed
  for (let c = 0; c < logits.length; c++) {
    let [w, r] = [c * embed, first]
    let [a, b] = [x[bias + c] as number, 0] // two sums, as one would have to wait for itself
    for (const end = w + embed - 1; w < end; w += 2, r += 2) {
      a += (x[w] as number) * (rows[r] as number)
      b += (x[w + 1] as number) * (rows[r + 1] as number)
    }
    logits[c] = a + b + (embed % 2 ? at(x, w) * at(rows, r) : 0)
  }
}

function logSumExp(values: Float64Array): number {
  const largest = values.reduce((a, b) => Math.max(a, b))
  let sum = 0
  for (const value of values) sum += Math.exp(value - largest)
  return largest + Math.log(sum)
}
