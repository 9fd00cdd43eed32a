// What the merges that need matrices do with what is none: biases, norms' scales, a convolution.
import { z } from 'zod'

export const rest = z.enum(['mean', 'zero', 'sum']).default('mean').meta({
  title: 'Rest',
  description: 'what is no matrix: the mean of the vectors, zero (the pre-trained values stay), or their sum',
})
