// QuickGELU and GELU, and their way back, by SigmoidGrad where it serves.
import type { Activation, Ops } from '../ops.ts'
import { type Tensor1D, type Tensor2D, tf } from '../tf.ts'
import type { TensorFlow } from './tensorflow.ts'

type Activations = Pick<Ops, 'activation' | 'linearActivated' | 'activatedGradient'>

export function activations(tensorFlow: TensorFlow): Activations {
  const { matmul, addBias } = tensorFlow
  return {
    activation: (x: Tensor2D, kind) => tf.tidy(() => tf.mul<Tensor2D>(x, gate(x, kind))),

    linearActivated: (x: Tensor2D, weight: Tensor2D, bias: Tensor1D, kind) =>
      tf.tidy(() => {
        const wide = addBias(matmul(x, weight, false, true), bias)
        return { wide, active: tf.mul<Tensor2D>(wide, gate(wide, kind)) }
      }),

    activatedGradient: (dy: Tensor2D, weight: Tensor2D, wide: Tensor2D, kind, turned = false) =>
      tf.tidy(() => {
        const { y, slope } = activationAndSlope(tensorFlow, wide, kind)
        return { active: y, dwide: tf.mul<Tensor2D>(matmul(dy, weight, false, turned), slope) }
      }),
  }
}

/**
 * x s(z) and s(z) + z s(z) (1 - s(z)), z = 1.702 x, the last term by SigmoidGrad(s, z); or x Phi(x) and Phi(x) + x
 * exp(-x^2 / 2) / sqrt(2 pi).
 */
function activationAndSlope({ op }: TensorFlow, x: Tensor2D, kind: Activation): { y: Tensor2D; slope: Tensor2D } {
  if (kind === 'quick-gelu') {
    const z = tf.mul<Tensor2D>(x, 1.702)
    const s = tf.sigmoid(z)
    return { y: tf.mul(x, s), slope: tf.add(s, op('SigmoidGrad', [s, z])) }
  }
  const phi = gate(x, kind)
  const density = tf.mul(tf.exp(tf.mul(tf.square(x), -0.5)), 1 / Math.sqrt(2 * Math.PI))
  return { y: tf.mul(x, phi), slope: tf.add(phi, tf.mul(x, density)) }
}

/** f(x) / x: s(1.702 x), or Phi(x). */
function gate(x: Tensor2D, kind: Activation): Tensor2D {
  if (kind === 'quick-gelu') return tf.sigmoid(tf.mul<Tensor2D>(x, 1.702))
  return tf.mul(tf.add(tf.erf(tf.mul(x, Math.SQRT1_2)), 1), 0.5)
}
