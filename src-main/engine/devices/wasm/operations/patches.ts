// Images cut into patches, a strip of one image's patches a tile.
import type { Images, Normalisation, Ops } from '../../ops.ts'
import { patchGrid } from '../../patch-grid.ts'
import type { Tensor1D, Tensor2D } from '../../tensor.ts'
import type { WasmDevice } from '../backend.ts'
import { SMALL_ARRAY, same } from './tiles.ts'

export function patches(device: WasmDevice): Pick<Ops, 'patches'> {
  return {
    patches(images, patch, normalisation) {
      const { channels, size } = images
      const { grid, count, shape } = patchGrid(images, patch)
      const out = device.output<Tensor2D>(shape)
      const { pixels, isBytes } = uploaded(device, images)
      const levels = levelsOf(normalisation)
      const table = device.scratch('levels', levels.byteLength)
      device.write(table, levels)
      const kernel = isBytes ? 'patchesOfBytes' : 'patchesOfFloats'
      const values = [device.address(pixels), device.address(out), channels, size, patch, table]
      device.pool.run(kernel, values, count * grid, out.size < SMALL_ARRAY)
      pixels.dispose()
      return out
    },
  }
}

/** (3, 256): what each byte becomes in each channel. */
function levelsOf({ factors, shifts }: Normalisation): Float32Array {
  return Float32Array.from(
    [0, 1, 2].flatMap((c) => Array.from({ length: 256 }, (_, v) => v * (factors[c] as number) + (shifts[c] as number))),
  )
}

/** Image behind image, in a tensor of floats whatever they are. */
function uploaded(device: WasmDevice, { pixels, channels, size }: Images): { pixels: Tensor1D; isBytes: boolean } {
  const isBytes = pixels[0] instanceof Uint8Array
  const bytes = channels * size * size * (isBytes ? 1 : 4)
  const place = device.output<Tensor1D>([Math.ceil((pixels.length * bytes) / 4)])
  let to = device.address(place)
  for (const image of pixels) {
    same('bytes of an image', image.byteLength, bytes)
    device.write(to, image)
    to += bytes
  }
  return { pixels: place, isBytes }
}
