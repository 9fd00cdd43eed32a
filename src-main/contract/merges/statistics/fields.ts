// What merges that look at a few images of each task are asked: which images, and what a matrix that does not tell
// every direction apart is helped with.
import { z } from 'zod'

export const imagesField = (count: number): z.ZodDefault<z.ZodNumber> =>
  z.number().int().min(1).max(1_000_000).default(count).meta({
    title: 'Images',
    symbol: 'N',
    description: "of each task's data, drawn by the seed; all where there are fewer",
  })

export const drawField = z.uint32().default(0).meta({
  title: 'Seed',
  description: 'of which images are drawn, and of the labels where those are',
})

export const ridgeField = (share: number): z.ZodDefault<z.ZodNumber> =>
  z.number().min(0).max(1).default(share).meta({
    title: 'Ridge',
    symbol: 'ε',
    description: 'added to the diagonal, in means of it; more where the images do not tell all directions apart',
  })

export const ofInputs = "the inputs' second moments X'X of each linear layer"
