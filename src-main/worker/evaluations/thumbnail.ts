// An image as the model saw it, small, as a JPEG: what a report shows of the images a model got wrong. uint8 pixels are
// the image's own; float32 ones have been normalised, x' = (x - mean) / deviation a channel, and are turned back.

import sharp from 'sharp'

import type { Picture } from '../../engine/datasets/images.ts'
import { interleaved } from '../../engine/datasets/pixels/planes.ts'
import { deviation, mean } from '../../engine/problems/patches.ts'

const side = 96 // pixels at most

/** size: of the picture's sides. */
export async function thumbnail({ pixels, channels }: Picture, size: number): Promise<Uint8Array> {
  const plane = size * size
  const shade = (value: number, i: number): number => {
    const c = Math.floor(i / plane)
    return Math.min(255, Math.max(0, Math.round(255 * (value * (deviation[c] ?? 1) + (mean[c] ?? 0)))))
  }
  const planes = pixels instanceof Uint8Array ? pixels : Uint8Array.from(pixels, shade)
  const image = sharp(interleaved(planes, channels), { raw: { width: size, height: size, channels } })
  const small = size > side ? image.resize(side, side) : image
  return small.jpeg({ quality: 82 }).toBuffer()
}
