// What turns images into features under a set of weights, and how a gradient of the features goes back to the weights:
//   the tower itself            f(x; theta)
//   the tower, linearised       f_lin(x; theta) = f(x; theta_pre) + J(x; theta_pre) (theta - theta_pre)
// f_lin is linear in theta, so its gradient is the tower's ordinary reverse pass, always taken at theta_pre.

import { disposeAll, type Tensor2D, type Weights } from '../devices/tensor.ts'
import { type Direction, tangents } from './clip-jvp.ts'
import { disposeTape, forward, reverse, type Tape, type Tower } from './clip-vit.ts'
import type { Emit, Wanted } from './transformer-layer.ts'

export interface Passed {
  features: Tensor2D // (images, embed)
  /** From dL/dfeatures to the gradient of every parameter that is wanted; only where it was asked for, and once. */
  back?: (dFeatures: Tensor2D, emit: Emit, wanted?: Wanted) => void
}

/** patches (images * patches, 3 * patch * patch); keep: whether there is a way back. */
export type Model = (patches: Tensor2D, keep: boolean) => Passed

export function towerModel(tower: Tower, weights: Weights): Model {
  return (patches, keep) => {
    const { features, tape } = forward(tower, weights, patches, keep ? 'tape' : 'nothing')
    return { features, ...(tape && { back: (...given) => reverse(tower, weights, tape, ...given) }) }
  }
}

/** delta = theta - theta_pre; expansion gives theta_pre. */
export function linearModel(tower: Tower, expansion: Weights, delta: Direction): Model {
  return (patches, keep) => {
    const { features: still, tape } = forward(tower, expansion, patches, 'full tape') as {
      features: Tensor2D
      tape: Tape
    }
    const moved = tangents(tower, expansion, tape, [delta])
    const features = tower.ops.add(still, moved)
    disposeAll([still, moved])
    if (keep) return { features, back: (...given) => reverse(tower, expansion, tape, ...given) }
    disposeTape(tape)
    return { features }
  }
}
