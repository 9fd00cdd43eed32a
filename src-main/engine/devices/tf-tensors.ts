// Tensors of TensorFlow.js as those of `Ops`, and how long they live: for the engines that are made of it. tfjs' own
// tidy ends with the function it is given and cannot wait; a scope collects what several such functions made.
import type { Ops, Scope } from './ops.ts'
import type { Tensor } from './tensor.ts'
import { type Tensor as TfTensor, tf } from './tf.ts'

/** x, which must have been made by tfjs. */
export function own(x: Tensor): TfTensor {
  if (x instanceof tf.Tensor) return x
  throw new TypeError(`a tensor [${x.shape}] of another engine`)
}

/** x with what its maker knows of its shape. */
export function seen<T extends Tensor>(x: TfTensor): T {
  return x as unknown as T
}

export function memory(): { tensors: number; bytes: number } {
  const { numTensors, numBytes } = tf.memory()
  return { tensors: numTensors, bytes: numBytes }
}

export const tfLifetimes: Pick<Ops, 'scope' | 'keep'> = {
  scope,
  keep(x) {
    tf.keep(own(x))
    return x
  },
}

function scope(): Scope {
  const made: TfTensor[] = []
  return {
    run(work) {
      const engine = tf.engine()
      engine.startScope()
      try {
        return work()
      } finally {
        const { track } = engine.state.activeScope
        made.push(...track.filter((tensor) => !tensor.isDisposed))
        engine.endScope([...track]) // named as its result, they stay
      }
    },
    dispose() {
      for (const tensor of made) if (!tensor.kept) tensor.dispose()
      made.length = 0
    },
  }
}
