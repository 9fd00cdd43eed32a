// What a vector that lost elements is multiplied by, so that it is as large as it was: by expectation each element by
// one over its chance to stay; or so that the L1 norm of every tensor is the whole one's (mergekit):
//   f = |tau|_1 / |m . tau|_1
import { sizesOf } from '../../devices/double/rows.ts'
import type { Part } from '../merge.ts'
import type { Region } from './region.ts'
import { type OnTaus, onTaus } from './taus.ts'

/** f of each vector; none where it is not asked, 1 where a norm is as good as 0. `sparse`: what leaves elements out; `sizes`:
 * the norms of a part at once, before and after it. */
export async function shares(
  region: Region,
  isL1: boolean,
  sparse: (part: Part) => OnTaus | Promise<OnTaus>,
  sizes: (part: Part) => [number, number][] | null = () => null,
): Promise<number[]> {
  const [before, after]: [number[], number[]] = [[], []]
  if (isL1)
    for await (const part of region.pass()) {
      const known = sizes(part)
      for (const [t, [whole, left]] of (known ?? []).entries()) {
        before[t] = (before[t] ?? 0) + whole
        after[t] = (after[t] ?? 0) + left
      }
      if (known) continue
      const leave = await sparse(part)
      await onTaus(part, (device, taus) => {
        for (const [t, size] of sizesOf(device, taus).entries()) before[t] = (before[t] ?? 0) + size
        leave(device, taus)
        for (const [t, size] of sizesOf(device, taus).entries()) after[t] = (after[t] ?? 0) + size
      })
    }
  return before.map((whole, t) => {
    const left = after[t] ?? 0
    return whole < least || left < least ? 1 : whole / left
  })
}

const least = 1e-7
