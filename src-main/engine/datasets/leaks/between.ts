// Two splits of prepared images held against each other: whose hashes are equal or come close, confirmed by their
// pixels.
import type { PreparedImages } from '../prepared.ts'
import { looksAlike } from './fingerprint.ts'
import { type HashedImages, type Twin, twinsOf } from './leaks.ts'

/**
 * For every image of `here` that is in `there` too, exactly or to the eye: its twin. Both were prepared at one size.
 */
export function twinsBetween(here: PreparedImages, there: PreparedImages): Promise<Twin[]> {
  const pixelsOf = async (images: PreparedImages, i: number): Promise<Uint8Array> => {
    const [picture] = await (await images.fetch([i]))()
    return picture?.pixels as Uint8Array
  }
  const isAlike = async (i: number, j: number): Promise<boolean> =>
    looksAlike(await pixelsOf(here, i), await pixelsOf(there, j), here.size)
  return twinsOf(hashed(here), hashed(there), { isAlike })
}

const hashed = ({ count, sha256, fingerprint }: PreparedImages): HashedImages => ({ count, sha256, fingerprint })
