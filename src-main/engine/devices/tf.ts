// TensorFlow.js' core, loaded the one way that gives every part of the engine the same instance.
// Its package has no ESM build that Node can import by name, so it is required; types come from its declarations.
import { createRequire } from 'node:module'

import type * as TensorFlow from '@tensorflow/tfjs-core'

export const tf = createRequire(import.meta.url)('@tensorflow/tfjs-core') as typeof TensorFlow

export type Tensor = TensorFlow.Tensor
export type Tensor1D = TensorFlow.Tensor1D
export type Tensor2D = TensorFlow.Tensor2D
export type Tensor3D = TensorFlow.Tensor3D
