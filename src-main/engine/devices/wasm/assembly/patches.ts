// Images (n, channels, size, size) cut into the rows that the patch embedding multiplies, (n * patches, 3 * patch^2), in
// the order channel, row, column. A tile is a strip: the patches of one image that lie side by side. With one channel,
// its plane stands for three.
import { int, pointer } from './lanes'

/** Bytes v become levels[256 channel + v]. Arguments: pixels, out, channels, size, patch, levels (3 * 256 floats). */
export function patchesOfBytes(job: usize, tile: i32, _thread: i32): void {
  const channels = int(job, 2)
  const size = <usize>int(job, 3)
  const patch = <usize>int(job, 4)
  const grid = int(job, 3) / int(job, 4)
  const plane = size * size
  const strip = pointer(job, 0) + <usize>(tile / grid) * <usize>channels * plane + <usize>(tile % grid) * patch * size
  let out = pointer(job, 1) + <usize>tile * <usize>grid * 3 * patch * patch * 4
  for (let column: usize = 0; column < size; column += patch) {
    for (let c: usize = 0; c < 3; c++) {
      const levels = pointer(job, 5) + c * 1024
      let row = strip + (channels === 3 ? c * plane : 0) + column
      for (let y: usize = 0; y < patch; y++) {
        for (let x: usize = 0; x < patch; x++) {
          store<f32>(out, load<f32>(levels + (<usize>load<u8>(row + x) << 2)))
          out += 4
        }
        row += size
      }
    }
  }
}

/** Floats stay as they are. Arguments: pixels, out, channels, size, patch. */
export function patchesOfFloats(job: usize, tile: i32, _thread: i32): void {
  const channels = int(job, 2)
  const size = <usize>int(job, 3)
  const patch = <usize>int(job, 4)
  const grid = int(job, 3) / int(job, 4)
  const plane = size * size
  const first = <usize>(tile / grid) * <usize>channels * plane + <usize>(tile % grid) * patch * size
  let out = pointer(job, 1) + <usize>tile * <usize>grid * 3 * patch * patch * 4
  for (let column: usize = 0; column < size; column += patch) {
    for (let c: usize = 0; c < 3; c++) {
      let row = pointer(job, 0) + ((first + (channels === 3 ? c * plane : 0) + column) << 2)
      for (let y: usize = 0; y < patch; y++) {
        memory.copy(out, row, patch << 2)
        out += patch << 2
        row += size << 2
      }
    }
  }
}
