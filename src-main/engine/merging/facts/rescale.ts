// What a vector that lost elements is multiplied by, so that it is as large as it was: by expectation each element by
// one over its chance to stay; or so that the L1 norm of every tensor is the whole one's (mergekit):
//   f = |tau|_1 / |m . tau|_1
import { scale } from '../../../numbers/vectors.ts'
import type { Part } from '../merge.ts'
import type { Region } from './region.ts'

/**
 * f of each vector; 1 where it is not asked, or where a norm is as good as 0. `sparse`: in place, what is left of the
 * vectors.
 */
export async function shares(
  region: Region,
  isL1: boolean,
  sparse: (part: Part) => readonly Float64Array[] | Promise<readonly Float64Array[]>,
): Promise<number[]> {
  const [before, after]: [number[], number[]] = [[], []]
  if (isL1)
    for await (const part of region.pass()) {
      for (const [t, tau] of part.vectors.entries()) before[t] = (before[t] ?? 0) + massOf(tau)
      for (const [t, tau] of (await sparse(part)).entries()) after[t] = (after[t] ?? 0) + massOf(tau)
    }
  return before.map((whole, t) => {
    const left = after[t] ?? 0
    return whole < least || left < least ? 1 : whole / left
  })
}

const least = 1e-7

const massOf = (tau: Float64Array): number => tau.reduce((sum, v) => sum + Math.abs(v), 0)

/** In place. */
export function rescaled(taus: Float64Array[], factors: readonly number[]): Float64Array[] {
  for (const [t, tau] of taus.entries()) {
    const by = factors[t] ?? 1
    if (by !== 1) scale(by, tau)
  }
  return taus
}
