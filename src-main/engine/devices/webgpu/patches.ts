// Images cut into patches on the device. Bytes travel as bytes, four a word, and become numbers by a table of what each
// byte is in each channel, made on the host in float64: the very bits that a loop on the host would give.
import type { Images, Normalisation, Ops } from '../ops.ts'
import { patchGrid } from '../patch-grid.ts'
import { disposeAll, type Tensor1D, type Tensor2D } from '../tensor.ts'
import type { WebGpuDevice } from './device.ts'
import { flatIndex, flatMain } from './functions.ts'
import { family, kernel } from './kernel.ts'
import { flat } from './rows.ts'

const cutting = family((isBytes: boolean, channels: number, size: number, patch: number) =>
  kernel({
    name: 'patches',
    words: { count: 'u32' },
    reads: isBytes ? { pixels: 'array<u32>', levels: 'array<f32>' } : { pixels: 'array<f32>' },
    writes: { out: 'array<f32>' },
    code: `
// out[(n, gy, gx), (c, y, x)] = pixels[n, c, gy P + y, gx P + x], a byte as levels[c, byte]
${flatMain} {
  ${flatIndex('p.count')}
  let row = i / ${3 * patch * patch}u; let column = i % ${3 * patch * patch}u;
  let n = row / ${(size / patch) ** 2}u; let cell = row % ${(size / patch) ** 2}u;
  let c = column / ${patch * patch}u; let within = column % ${patch * patch}u;
  let y = (cell / ${size / patch}u) * ${patch}u + within / ${patch}u;
  let x = (cell % ${size / patch}u) * ${patch}u + within % ${patch}u;
  let at = ((n * ${channels}u + ${channels === 3 ? 'c' : '0u'}) * ${size}u + y) * ${size}u + x;
  ${isBytes ? 'out[i] = levels[c * 256u + ((pixels[at / 4u] >> (8u * (at % 4u))) & 255u)];' : 'out[i] = pixels[at];'}
}`,
  }),
)

export function patches(device: WebGpuDevice): Pick<Ops, 'patches'> {
  return {
    patches(images, patch, normalisation) {
      const out = device.output<Tensor2D>(patchGrid(images, patch).shape)
      const { pixels, isBytes } = uploaded(device, images)
      const cut = cutting(isBytes, images.channels, images.size, patch)
      const levels = device.output<Tensor1D>([3 * 256])
      device.write(levels, levelsOf(normalisation))
      device.run(cut, [pixels, ...(isBytes ? [levels] : []), out], flat(out.size), [out.size])
      disposeAll([pixels, levels])
      return out
    },
  }
}

/** (3, 256): what each byte becomes in each channel. */
function levelsOf({ factors, shifts }: Normalisation): Float32Array {
  const levels = new Float32Array(3 * 256)
  for (const c of [0, 1, 2] as const) for (let v = 0; v < 256; v++) levels[256 * c + v] = v * factors[c] + shifts[c]
  return levels
}

/** Image behind image, in a tensor of floats whatever they are. */
function uploaded(device: WebGpuDevice, { pixels, channels, size }: Images): { pixels: Tensor1D; isBytes: boolean } {
  const isBytes = pixels[0] instanceof Uint8Array
  const each = channels * size * size * (isBytes ? 1 : 4)
  for (const { byteLength } of pixels)
    if (byteLength !== each) throw new RangeError(`an image has ${byteLength} bytes, not ${each}`)
  const place = device.output<Tensor1D>([Math.ceil((pixels.length * each) / 4)])
  if (each % 4 === 0) for (const [n, image] of pixels.entries()) device.write(place, image, (n * each) / 4)
  else device.write(place, joined(pixels, each)) // a write begins at a whole word
  return { pixels: place, isBytes }
}

function joined(pixels: Images['pixels'], each: number): Uint8Array {
  const all = new Uint8Array(pixels.length * each)
  for (const [n, { buffer, byteOffset }] of pixels.entries())
    all.set(new Uint8Array(buffer, byteOffset, each), n * each)
  return all
}
