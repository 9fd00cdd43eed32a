// Images to the rows conv1 multiplies: (n, 3, s, s) to (n * patches, 3 * patch * patch), in conv1's own order (channel,
// row, column), so that the patch embedding is one matrix product. uint8 pixels get CLIP's normalisation on the way;
// a grey image, with one channel, stands for three equal ones.
import type { Picture } from '../datasets/images.ts'
import { type Tensor2D, tf } from '../devices/tf.ts'

export const mean = [0.48145466, 0.4578275, 0.40821073]
export const deviation = [0.26862954, 0.26130258, 0.27577711]

/** Throws nothing: sizes are checked when data is opened. */
export function patchesOf(pictures: readonly Picture[], size: number, patch: number): Tensor2D {
  const grid = size / patch
  const row = 3 * patch * patch
  const plane = size * size
  const out = new Float32Array(pictures.length * grid * grid * row)
  let at = 0
  for (const { pixels, channels } of pictures) {
    const scaled = pixels instanceof Uint8Array
    for (let gy = 0; gy < grid; gy++)
      for (let gx = 0; gx < grid; gx++)
        for (let c = 0; c < 3; c++) {
          const a = scaled ? 1 / (255 * (deviation[c] as number)) : 1
          const b = scaled ? -(mean[c] as number) / (deviation[c] as number) : 0
          for (let y = 0; y < patch; y++) {
            const from = (channels === 3 ? c * plane : 0) + (gy * patch + y) * size + gx * patch
            for (let x = 0; x < patch; x++) out[at++] = (pixels[from + x] as number) * a + b
          }
        }
  }
  return tf.tensor2d(out, [pictures.length * grid * grid, row])
}
