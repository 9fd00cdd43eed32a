// The way a run's model has gone through the space of its coefficients, seen on the two directions in which it has gone
// furthest (numbers/principal-path.ts).
import { z } from 'zod'

export const pathSchema = z.object({
  points: z.array(z.object({ stage: z.number(), epoch: z.number(), x: z.number(), y: z.number() })),
  shares: z.tuple([z.number(), z.number()]), // of the path's variance that each direction explains
})
export type RunPath = z.infer<typeof pathSchema>
