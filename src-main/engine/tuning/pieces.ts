// How a batch is cut into what is pushed through at a time. A step holds activations, t bytes an image, and gradients,
// G bytes in all, which are not there before the first piece's way back: the first may have G / t images more than the
// others at the same peak, so that fewer pieces do.
import type { Backend } from '../devices/backend.ts'
import type { Architecture } from '../layouts/clip-names.ts'
import { type MicroBatch, microBatchOf } from '../problems/micro-batch.ts'
import { suitedMicroBatch } from '../problems/micro-batch-trial.ts'

/** What a forward pass keeps of an image for the way back, in bytes. */
export function tapeBytes({ tokens, width, mlp, layers, heads }: Architecture): number {
  return 4 * tokens * layers * (7 * width + mlp + heads * tokens)
}

/** Images of each piece. size: at most, of those behind the first; spare: what the first may have beyond. */
export function piecesOf(images: number, size: number, spare: number): number[] {
  const more = Math.min(spare, 2 * (size - 1), images) // none where one image at a time is all that fits
  const count = Math.max(1, Math.ceil((images - more) / size))
  const each = Math.ceil((images - more) / count)
  const pieces = [Math.min(images, each + more)]
  for (let left = images - each - more; left > 0; left -= each) pieces.push(Math.min(each, left))
  return pieces
}

/**
 * Images at a time. Native products on a processor are as fast with three eighths as many, and activations are most of
 * what could be saved beside weights, moments and gradients: of 32 images of a ViT-B/32 20, 6 and 6 are pushed
 * through, whose peaks are the same.
 */
export async function tuningMicroBatch(
  configured: number | 'auto',
  backend: Backend,
  architecture: Architecture,
): Promise<MicroBatch> {
  const found = await suitedMicroBatch(configured, backend, architecture)
  if (configured !== 'auto' || backend.kind !== 'native-cpu') return found
  return microBatchOf(Math.ceil((3 / 8) * found.size))
}
