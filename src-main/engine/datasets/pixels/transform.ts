// What becomes of a decoded image before a model sees it, as torchvision computes it on Pillow's images.
//   evaluation: Resize(s, bicubic), the shorter side to s; CenterCrop(s)
//   training:   RandomResizedCrop(s, scale 0.9 to 1, ratio 3/4 to 4/3, bicubic); RandomHorizontalFlip
// The draws of the second are a function of (seed, task, epoch, image) and of nothing else. RGB (3, s, s) out, or (1,
// s, s) of a grey image: planes that are equal are stored and sent once.
import { uniform } from '../../../numbers/random.ts'
import { streamOf } from '../../../numbers/streams.ts'
import { type Area, type Image, resample } from './resample.ts'

/** Another number where the same image would get other pixels: what is kept of the old ones is then strange. */
export const transformVersion = 2

/** What RandomResizedCrop and RandomHorizontalFlip came to for one image. */
export interface Augmentation {
  crop: Area
  flip: boolean
}

/** (channels, size, size), 1 channel where the image is grey. */
export function evaluationPixels(image: Image, size: number): Uint8Array {
  const { width, height } = image
  const to =
    width <= height
      ? { width: size, height: Math.trunc((size * height) / width) }
      : { width: Math.trunc((size * width) / height), height: size }
  const square = { left: roundHalfEven((to.width - size) / 2), top: roundHalfEven((to.height - size) / 2), size }
  return planesOf(resample(image, { left: 0, top: 0, width, height }, to, square), size)
}

/** As evaluationPixels, of the augmented image. */
export function trainingPixels(image: Image, size: number, { crop, flip }: Augmentation): Uint8Array {
  const pixels = resample(image, crop, { width: size, height: size }, { left: 0, top: 0, size })
  if (flip) for (let at = 0; at < pixels.length; at += size) pixels.subarray(at, at + size).reverse()
  return planesOf(pixels, size)
}

const trainingScale = [0.9, 1] as const // of the area, as the field trains
const logRatio = [Math.log(3 / 4), Math.log(4 / 3)] as const // of width to height
const tries = 10

/** Where a draw comes from. */
export interface Draw {
  seed: number
  task: number
  epoch: number
  image: number
}

/** torchvision's RandomResizedCrop.get_params and a fair coin, with our own random numbers. scale: of the area. */
export function augmentationOf(
  { width, height }: { width: number; height: number },
  draw: Draw,
  scale: readonly [number, number] = trainingScale,
): Augmentation {
  const stream = streamOf('views', { task: draw.task })
  let used = 0
  const next = (): number => uniform(draw.seed, stream, draw.epoch, draw.image * 64 + used++)
  const flip = next() < 0.5
  for (let n = 0; n < tries; n++) {
    const area = width * height * (scale[0] + (scale[1] - scale[0]) * next())
    const ratio = Math.exp(logRatio[0] + (logRatio[1] - logRatio[0]) * next())
    const [w, h] = [roundHalfEven(Math.sqrt(area * ratio)), roundHalfEven(Math.sqrt(area / ratio))]
    if (w <= 0 || h <= 0 || w > width || h > height) continue
    const top = Math.floor(next() * (height - h + 1))
    return { crop: { left: Math.floor(next() * (width - w + 1)), top, width: w, height: h }, flip }
  }
  return { crop: wholeWithin(width, height), flip }
}

/** The largest central crop whose ratio is allowed. */
function wholeWithin(width: number, height: number): Area {
  const ratio = width / height
  const [w, h] =
    ratio < 3 / 4
      ? [width, roundHalfEven(width / (3 / 4))]
      : ratio > 4 / 3
        ? [roundHalfEven(height * (4 / 3)), height]
        : [width, height]
  return { left: Math.floor((width - w) / 2), top: Math.floor((height - h) / 2), width: w, height: h }
}

/** Python's round. */
function roundHalfEven(x: number): number {
  const down = Math.floor(x)
  const rest = x - down
  return rest > 0.5 || (rest === 0.5 && down % 2 !== 0) ? down + 1 : down
}

/** One plane where three are equal. */
function planesOf(pixels: Uint8Array, size: number): Uint8Array {
  const plane = size * size
  if (pixels.length === plane) return pixels
  for (let i = 0; i < plane; i++)
    if (pixels[i] !== pixels[plane + i] || pixels[i] !== pixels[2 * plane + i]) return pixels
  return pixels.slice(0, plane)
}
