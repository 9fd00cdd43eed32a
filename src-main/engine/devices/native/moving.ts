// Sums of tensors, their inner products, and AdamW: by TensorFlow's operations one by one, on a card by one function a
// parameter (functions.ts), in the host's memory by the addon's kernels, which write over what they are given.
import { at } from '../../../numbers/vectors.ts'
import { type AdamwNumbers, adamwNumbers, checkMoving, checkPair, checkSum, disposeUnless, inOrder } from '../moving.ts'
import type { AdamwBeside, AdamwStep, Dots, Moving, Ops } from '../ops.ts'
import type { Tensor as Seen } from '../tensor.ts'
import { type Tensor, type Tensor1D, tf } from '../tf.ts'
import { own, seen } from '../tf-tensors.ts'
import { dotsOf } from './device-vectors.ts'
import type { Functions } from './functions.ts'
import type { RunKernel } from './kernels.ts'
import { Bare, type NativeBackend, type TensorFlow } from './tensorflow.ts'

type MovingOps = Pick<Ops, 'combine' | 'dot' | 'adamw'>

/** As native TensorFlow's `readDots` takes them. */
interface OneDot extends Dots {
  parts: Tensor1D[]
  scales: number[]
}

export const movingByOperations: MovingOps = {
  combine<T extends Seen>(tensors: readonly T[], coefficients: readonly number[]): T {
    checkSum(tensors, coefficients)
    return seen(tf.tidy(() => combined(tensors.map(own), (k) => tf.scalar(at(coefficients, k)))))
  },
  dot(x, y) {
    checkPair(x, y)
    return oneDot(tf.tidy(() => product(own(x), own(y))))
  },
  adamw(present, gradient, step, beside = {}) {
    checkMoving(present, gradient, beside)
    const numbers = adamwNumbers(step)
    return replaced(
      present,
      tf.tidy(() => moved(ownOf(present, gradient, beside), (name) => tf.scalar(numbers[name]))),
    )
  },
}

/** dispose: the numbers of the last step, which stay on the device for all its parameters. */
export function movingByFunctions(
  backend: NativeBackend,
  { known }: TensorFlow,
  functions: Functions,
): { moving: MovingOps; dispose(): void } {
  const { binding } = backend
  let held: { step: string; numbers: Record<keyof AdamwNumbers, Bare> } | null = null

  const dispose = (): void => {
    for (const { id } of Object.values(held?.numbers ?? {})) binding.deleteTensor(id)
    held = null
  }
  const numbersOf = (step: AdamwStep): Record<keyof AdamwNumbers, Bare> => {
    const asked = JSON.stringify(step)
    if (held?.step === asked) return held.numbers
    dispose()
    const upload = (value: number): Bare => {
      const bytes = new Uint8Array(Float32Array.of(value).buffer)
      return new Bare({ id: binding.createTensor([], binding.TF_FLOAT, bytes), shape: [], dtype: binding.TF_FLOAT })
    }
    const n = adamwNumbers(step)
    const numbers = {
      ...{ scale: upload(n.scale), decay: upload(n.decay), rate: upload(n.rate) },
      ...{ beta1: upload(n.beta1), fresh1: upload(n.fresh1), beta2: upload(n.beta2), fresh2: upload(n.fresh2) },
      ...{ size: upload(n.size), least: upload(n.least) },
    }
    held = { step: asked, numbers }
    return numbers
  }

  const moving: MovingOps = {
    combine<T extends Seen>(tensors: readonly T[], coefficients: readonly number[]): T {
      checkSum(tensors, coefficients)
      const c = tf.tensor1d([...coefficients])
      try {
        const sum = functions.call('combine', { tensors: tensors.map(own), c }, (given) =>
          tf.tidy(() => combined(given.tensors, (k) => tf.slice(given.c, k, 1))),
        )
        return seen(sum)
      } finally {
        c.dispose()
      }
    },
    dot(x, y) {
      checkPair(x, y)
      return dotsOf(functions.call('dot', { x: own(x), y: own(y) }, (of) => tf.tidy(() => product(of.x, of.y))))
    },
    adamw(present, gradient, step, beside = {}) {
      checkMoving(present, gradient, beside)
      const given = { all: ownOf(present, gradient, beside), numbers: numbersOf(step) }
      const next = functions.call('adamw', given, (of) =>
        tf.tidy(() => moved(of.all, (name) => known(of.numbers[name]))),
      )
      return replaced(present, next)
    },
  }
  return { moving, dispose }
}

export function movingByKernels(backend: NativeBackend, run: RunKernel): MovingOps {
  /** x, or its numbers once more where a clone shares them. */
  const alone = (x: Seen): Tensor =>
    tf.keep(backend.refCount(own(x).dataId) === 1 ? own(x) : (run('combine', [own(x)], [1])[0] as Tensor))
  return {
    combine<T extends Seen>(tensors: readonly T[], coefficients: readonly number[]): T {
      checkSum(tensors, coefficients)
      return seen(run('combine', tensors.map(own), coefficients)[0] as Tensor)
    },
    dot(x, y) {
      checkPair(x, y)
      return oneDot(run('dot', [own(x), own(y)])[0] as Tensor1D)
    },
    adamw(present, gradient, step, beside = {}) {
      checkMoving(present, gradient, beside)
      const { mask, origin } = beside
      const next = { value: alone(present.value), mean: alone(present.mean), square: alone(present.square) }
      run(
        'adamw',
        [...Object.values(next), own(gradient), ...[mask, origin].flatMap((x) => (x ? [own(x)] : []))],
        [...inOrder(adamwNumbers(step)), Number(mask !== undefined), Number(origin !== undefined)],
      )
      disposeUnless(present, next)
      return next
    },
  }
}

function combined(tensors: readonly Tensor[], coefficient: (k: number) => Tensor): Tensor {
  const [first, ...others] = tensors.map((x, k) => tf.mul(x, coefficient(k)))
  return others.reduce((sum, term) => tf.add(sum, term), first as Tensor)
}

/** < x, y >: (1). */
function product(x: Tensor, y: Tensor): Tensor1D {
  return tf.reshape(tf.sum(tf.mul(tf.reshape(x, [x.size]), tf.reshape(y, [y.size]))), [1])
}

function oneDot(value: Tensor1D): OneDot {
  tf.keep(value)
  return { parts: [value], scales: [1], dispose: () => value.dispose() }
}

interface Own {
  value: Tensor
  mean: Tensor
  square: Tensor
  gradient: Tensor
  mask?: Tensor
  origin?: Tensor
}

function ownOf({ value, mean, square }: Moving, gradient: Seen, { mask, origin }: AdamwBeside): Own {
  return {
    ...{ value: own(value), mean: own(mean), square: own(square), gradient: own(gradient) },
    ...(mask && { mask: own(mask) }),
    ...(origin && { origin: own(origin) }),
  }
}

/** The step by TensorFlow's operations, its numbers as tensors of one. */
function moved(
  { value, mean, square, gradient, mask, origin }: Own,
  number: (name: keyof AdamwNumbers) => Tensor,
): { value: Tensor; mean: Tensor; square: Tensor } {
  const g = tf.mul(gradient, number('scale'))
  const m = tf.add(tf.mul(mean, number('beta1')), tf.mul(g, number('fresh1')))
  const v = tf.add(tf.mul(square, number('beta2')), tf.mul(tf.square(g), number('fresh2')))
  const way = tf.div(m, tf.add(tf.mul(tf.sqrt(v), number('size')), number('least')))
  const decayed = tf.mul(origin ? tf.add(origin, value) : value, number('decay'))
  const next = tf.sub(value, tf.add(decayed, tf.mul(way, number('rate'))))
  return { value: mask ? tf.where(tf.notEqual(mask, 0), next, value) : next, mean: m, square: v }
}

function replaced(present: Moving, next: { value: Tensor; mean: Tensor; square: Tensor }): Moving {
  for (const one of Object.values(next)) tf.keep(one)
  disposeUnless(present, next)
  return next
}
