// Strong views of images for learning without labels: RandomResizedCrop(s, scale 0.5 to 1, ratio 3/4 to 4/3, bicubic)
// and a fair horizontal flip, of the pixels that are kept, (channels, s, s). The draws are a function of (seed, task,
// pass, image) alone, and an image asked for without a pass is the one that is kept.

import { at } from '../../numbers/vectors.ts'
import type { LabelledImages, Picture } from './images.ts'
import { interleaved } from './pixels/planes.ts'
import { type Area, resample, resampledFloats } from './pixels/resample.ts'
import { augmentationOf, type Draw } from './pixels/transform.ts'

const scale = [0.5, 1] as const

/** The same images, of which a fetch for a pass gives one strong view each. */
export function strongViews(images: LabelledImages, from: Pick<Draw, 'seed' | 'task'>): LabelledImages {
  return {
    ...images,
    fetch: async (indices, pass) => {
      const coming = await images.fetch(indices)
      if (pass === undefined) return coming
      return async () =>
        (await coming()).map((picture, n) =>
          strongView(picture, images.size, { ...from, epoch: pass, image: at(indices, n) }),
        )
    },
  }
}

function strongView(picture: Picture, size: number, draw: Draw): Picture {
  const { crop, flip } = augmentationOf({ width: size, height: size }, draw, scale)
  const pixels = cropped(picture, size, crop)
  if (flip) for (let at = 0; at < pixels.length; at += size) pixels.subarray(at, at + size).reverse()
  return { ...picture, pixels }
}

/** The area at the full size again. */
function cropped({ pixels, channels }: Picture, size: number, crop: Area): Picture['pixels'] {
  const plane = size * size
  if (pixels instanceof Float32Array) {
    const out = new Float32Array(channels * plane)
    for (let c = 0; c < channels; c++)
      out.set(resampledFloats(pixels.subarray(c * plane, (c + 1) * plane), size, crop), c * plane)
    return out
  }
  const image = { pixels: interleaved(pixels, channels), width: size, height: size, channels }
  return resample(image, crop, { width: size, height: size }, { left: 0, top: 0, size })
}
