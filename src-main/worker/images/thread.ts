// The life of a thread that prepares images: decode one, transform it, say what came of it. It holds nothing between
// two images.
import { parentPort } from 'node:worker_threads'

import { fingerprintOf } from '../../engine/datasets/leaks/fingerprint.ts'
import { augmentationOf, type Draw, evaluationPixels, trainingPixels } from '../../engine/datasets/pixels/transform.ts'
import type { EncodedImage, PixelImage } from '../../engine/datasets/raw.ts'
import { decoded } from './decode.ts'

export interface Job {
  id: number
  image: EncodedImage | PixelImage
  size: number
  draw: Draw | null // null: as for evaluation
}

export type Done =
  | { id: number; pixels: Uint8Array<ArrayBuffer>; fingerprint: Uint8Array }
  | { id: number; reason: string }

parentPort?.on('message', (job: Job) => {
  void prepare(job).then((done) => parentPort?.postMessage(done, 'pixels' in done ? [done.pixels.buffer] : []))
})

async function prepare({ id, image, size, draw }: Job): Promise<Done> {
  try {
    const whole = await decoded(image)
    const pixels = draw ? trainingPixels(whole, size, augmentationOf(whole, draw)) : evaluationPixels(whole, size)
    return { id, pixels: new Uint8Array(pixels), fingerprint: draw ? new Uint8Array(8) : fingerprintOf(pixels, size) }
  } catch (error) {
    return { id, reason: error instanceof Error ? (error.message.split('\n')[0] as string) : String(error) }
  }
}
