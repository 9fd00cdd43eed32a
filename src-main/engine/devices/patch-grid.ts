// How images are cut: into grid * grid patches each, a row a patch.
import type { Images } from './ops.ts'

/** Throws RangeError where the patches do not fill the image. */
export function patchGrid(
  { pixels, size }: Images,
  patch: number,
): { grid: number; count: number; shape: [number, number] } {
  const grid = size / patch
  if (!Number.isInteger(grid)) throw new RangeError(`${size} pixels are no whole number of patches of ${patch}`)
  return { grid, count: pixels.length, shape: [pixels.length * grid * grid, 3 * patch * patch] }
}
