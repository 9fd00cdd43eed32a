// The question whether a model is what its recipe gives, and its answer; that it is not is an error.
import { z } from 'zod'

export const verifyRequestSchema = z.object({
  file: z.string(),
  parents: z.array(z.string()), // paths, the pre-trained model's first, in the recipe's order; then its statistics
})
export type VerifyRequest = z.infer<typeof verifyRequestSchema>

export const verifiedSchema = z.object({ file: z.string(), tensors: z.number(), bytes: z.number() })
export type Verified = z.infer<typeof verifiedSchema>
