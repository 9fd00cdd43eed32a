// Operations by the addon's own kernels, where the numbers lie in the host's memory: one pass each where TensorFlow's
// eager operations are many, and the same bits with any number of threads. Products of matrices stay TensorFlow's;
// bias, residual and activation are put onto what a product has just given, in its place.
import { at } from '../../../numbers/vectors.ts'
import type { Activation, AttentionShape, Ops } from '../ops.ts'
import type { Tensor, Tensor1D, Tensor2D, Tensor3D } from '../tf.ts'
import type { NativeBackend, Own, TensorFlow } from './tensorflow.ts'

interface Saved {
  mean: Tensor1D
  scale: Tensor1D
}

type Replaced =
  | 'linear'
  | 'linearActivated'
  | 'activatedGradient'
  | 'activation'
  | 'sumRows'
  | 'layerNorm'
  | 'layerNormAgain'
  | 'layerNormGradient'
  | 'attention'
  | 'attentionGradient'

/** Runs a kernel on tensors, or on bare numbers of such: its outputs as tensors. */
export type RunKernel = (name: string, inputs: readonly (Tensor | number)[], numbers?: readonly number[]) => Tensor[]

export function runKernel(backend: NativeBackend, { kernel }: Pick<Own, 'kernel'>): RunKernel {
  const idOf = (x: Tensor | number): number => (typeof x === 'number' ? x : at(backend.getInputTensorIds([x]), 0))
  return (name, inputs, numbers = []) =>
    kernel(name, inputs.map(idOf), numbers).map((bare) => backend.createOutputTensor(bare))
}

export function kernelOps(run: RunKernel, { matmul }: TensorFlow): Pick<Ops, Replaced> {
  return {
    linear(x: Tensor2D, weight: Tensor2D, bias: Tensor1D, turned = false, residual?: Tensor2D) {
      const y = matmul(x, weight, false, !turned)
      run('bias', residual ? [y, bias, residual] : [y, bias])
      return y
    },
    linearActivated(x: Tensor2D, weight: Tensor2D, bias: Tensor1D, kind) {
      const wide = matmul(x, weight, false, true)
      const [active] = run('biasActivated', [wide, bias], [numberOf(kind)]) as [Tensor2D]
      return { wide, active }
    },
    activatedGradient(dy: Tensor2D, weight: Tensor2D, wide: Tensor2D, kind, turned = false) {
      const dwide = matmul(dy, weight, false, turned)
      const [active] = run('activationGradient', [dwide, wide], [numberOf(kind)]) as [Tensor2D]
      return { active, dwide }
    },
    activation: (x: Tensor2D, kind) => run('activation', [x], [numberOf(kind)])[0] as Tensor2D,
    sumRows: (x: Tensor2D) => run('sumRows', [x])[0] as Tensor1D,

    layerNorm(x: Tensor2D, gain: Tensor1D, bias: Tensor1D, epsilon) {
      const [y, mean, scale] = run('norm', [x, gain, bias], [epsilon]) as [Tensor2D, Tensor1D, Tensor1D]
      return { y, saved: { mean, scale } }
    },
    layerNormAgain: (x: Tensor2D, { mean, scale }: Saved, gain: Tensor1D, bias: Tensor1D) =>
      run('normAgain', [x, mean, scale, gain, bias])[0] as Tensor2D,
    layerNormGradient(dy: Tensor2D, x: Tensor2D, { mean, scale }: Saved, gain: Tensor1D, residual?: Tensor2D) {
      const inputs = [dy, x, mean, scale, gain, ...(residual ? [residual] : [])]
      const [dx, dgain, dbias] = run('normGradient', inputs) as [Tensor2D, Tensor1D, Tensor1D]
      return { dx, dgain, dbias }
    },

    attention(qkv: Tensor2D, shape) {
      const [y, saved] = run('attention', [qkv], numbersOf(shape)) as [Tensor2D, Tensor3D]
      return { y, saved }
    },
    attentionGradient: (dy: Tensor2D, qkv: Tensor2D, probabilities: Tensor3D, shape) =>
      run('attentionGradient', [dy, qkv, probabilities], numbersOf(shape))[0] as Tensor2D,
  }
}

/** Forward mode by the addon's kernels, of directions stacked as rows. */
export function kernelTangents(
  run: RunKernel,
): Pick<Ops, 'layerNormTangent' | 'activationTangent' | 'attentionTangent'> {
  return {
    layerNormTangent: (dx: Tensor2D, x: Tensor2D, { mean, scale }: Saved, gain: Tensor1D) =>
      run('normTangent', [dx, x, mean, scale, gain])[0] as Tensor2D,
    activationTangent: (dx: Tensor2D, x: Tensor2D, kind) =>
      run('activationTangent', [dx, x], [numberOf(kind)])[0] as Tensor2D,
    attentionTangent: (dqkv: Tensor2D, qkv: Tensor2D, probabilities: Tensor3D, shape) =>
      run('attentionTangent', [dqkv, qkv, probabilities], numbersOf(shape))[0] as Tensor2D,
  }
}

function numberOf(kind: Activation): number {
  return kind === 'quick-gelu' ? 0 : 1
}

function numbersOf({ images, tokens, heads, causal }: AttentionShape): number[] {
  return [images, tokens, heads, Number(causal ?? false)]
}
