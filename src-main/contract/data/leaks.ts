// The mark of a run whose test images were seen before they were opened: images that are, to the bit after
// preprocessing, also among those that its coefficients were learned on or its states chosen by. Every table that shows
// the run's accuracy shows the mark, and its reason in words.
import { z } from 'zod'

export const leakSchema = z.object({
  task: z.string(),
  split: z.enum(['training', 'validation']), // where they are too
  images: z.number(), // test images that are there
  of: z.number(), // test images
  unlabelled: z.boolean(), // they were learned on, but without their labels
})
export type Leak = z.infer<typeof leakSchema>

export const leakMark = 'test images seen'

/** "12 of 500 test images of mnist are learning images too" */
export function leakSentence({ task, split, images, of, unlabelled }: Leak): string {
  const part = `${images} of ${of} test images of ${task}`
  if (unlabelled) return `${part} were learned on, without their labels`
  return `${part} are ${split === 'training' ? 'learning' : 'validation'} images too`
}

/** Why a run is marked; "" where it is not. */
export function leakReason(leaks: readonly Leak[]): string {
  return leaks.map(leakSentence).join('; ')
}
