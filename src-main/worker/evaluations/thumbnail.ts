// An image as the model saw it, small, as a JPEG: what a report shows of the images a model got wrong. uint8 pixels are
// the image's own; float32 ones have been normalised, x' = (x - mean) / deviation a channel, and are turned back.
import sharp from 'sharp'

import type { Picture } from '../../engine/datasets/images.ts'
import { deviation, mean } from '../../engine/problems/patches.ts'

const side = 96 // pixels at most

/** size: of the picture's sides. */
export async function thumbnail({ pixels, channels }: Picture, size: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(size * size * channels) // (size, size, channels)
  const plane = size * size
  for (let c = 0; c < channels; c++)
    for (let i = 0; i < plane; i++) {
      const value = pixels[c * plane + i] as number
      bytes[i * channels + c] =
        pixels instanceof Uint8Array
          ? value
          : Math.min(255, Math.max(0, Math.round(255 * (value * (deviation[c] ?? 1) + (mean[c] ?? 0)))))
    }
  const image = sharp(bytes, { raw: { width: size, height: size, channels } })
  const small = size > side ? image.resize(side, side) : image
  return small.jpeg({ quality: 82 }).toBuffer()
}
