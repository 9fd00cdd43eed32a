// Vectors that are asked for tensors of their own length alone.
import type { Vectors } from './ops.ts'
import type { Tensor } from './tensor.ts'

/** length: null where there is no vector. Throws RangeError for a tensor of another. */
export function ofLength(length: number | null, vectors: Vectors): Vectors {
  const check = (tensor: Tensor): void => {
    if (length !== null && tensor.size !== length)
      throw new RangeError(`sizes of vectors differ: ${tensor.size} and ${length}`)
  }
  return {
    ...vectors,
    compose(base, coefficients) {
      check(base)
      return vectors.compose(base, coefficients)
    },
    dots(gradient) {
      check(gradient)
      return vectors.dots(gradient)
    },
  }
}
