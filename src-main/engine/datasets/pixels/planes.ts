// Pixels of one image in another order. Sources hold planes (channels, height, width), or count down columns, as MATLAB
// does; decoders and resampling take (height, width, channels), row after row.
import { byteAt } from '../../../numbers/vectors.ts'

/** (channels, height, width) to (height, width, channels). */
export function interleaved(planes: Uint8Array, channels: number): Uint8Array {
  const out = new Uint8Array(planes.length)
  for (let c = 0, from = 0; c < channels; c++)
    for (let to = c; to < out.length; to += channels) out[to] = byteAt(planes, from++)
  return out
}

/** (channels, width, height) to (height, width, channels). */
export function turned(columns: Uint8Array, height: number, width: number, channels: number): Uint8Array {
  const out = new Uint8Array(columns.length)
  for (let c = 0, from = 0; c < channels; c++)
    for (let x = 0; x < width; x++)
      for (let y = 0; y < height; y++) out[(y * width + x) * channels + c] = byteAt(columns, from++)
  return out
}
