// What lies in a data set like an image and is none of its images: how many for each reason, and the first of their
// names. It is known from names and lists alone, before an image is read; what fails when it is read is told by a
// split's skipped images.
import { z } from 'zod'

export const leftOutSchema = z.object({ reason: z.string(), count: z.number(), names: z.array(z.string()) })
export type LeftOut = z.infer<typeof leftOutSchema>

const named = 3

export function leftOutCount(all: readonly LeftOut[] = []): number {
  return all.reduce((sum, { count }) => sum + count, 0)
}

/** "4 left out, links that lead nowhere: a/1.jpg, a/2.jpg, a/3.jpg, ..." */
export function leftOutSentence({ reason, count, names }: LeftOut): string {
  const shown = names.slice(0, named)
  return `${count} left out, ${reason}: ${shown.join(', ')}${count > shown.length ? ', ...' : ''}`
}
