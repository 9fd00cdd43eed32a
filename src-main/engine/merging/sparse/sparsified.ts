// What merges that leave elements out have in common: each vector loses some, what is left may be brought to the size
// it had, and then it stays by itself or signs are elected:
//   tau_t <- f_t m_t . tau_t,   then w_t tau_t,   or the consensus of them all
import { agreed, divisorOf, elect, electedByZero, weighted } from '../consensus/agree.ts'
import { type Scope, scoped } from '../facts/region.ts'
import { rescaled, shares } from '../facts/rescale.ts'
import type { Combine, Part, Sources } from '../merge.ts'

interface Asked {
  rescale: 'none' | 'expectation' | 'l1'
  consensus: 'none' | 'elected'
  sign: 'none' | 'plus'
  normalize: boolean
}

/** `sparse` leaves out elements of a part's vectors, in place. */
export function sparsified(
  sources: Sources,
  { rescale, consensus, sign, normalize }: Asked,
  { scope = 'tensor', row }: { scope?: Scope; row?: (shape: readonly number[]) => number },
  sparse: (part: Part) => Promise<Float64Array[]>,
): Combine {
  const factors = scoped(sources, { scope, ...(row && { row }) }, (region, { each }) =>
    shares(region, rescale === 'l1', (part) => sparse({ ...part, ...(each && { each }) })),
  )
  return async (part) => {
    const { weights } = part
    const taus = rescaled(await sparse(part), await factors(part))
    weighted(taus, weights)
    if (consensus === 'elected') {
      elect(taus, electedByZero(sign, 0))
      return [agreed(taus, weights, { normalize })]
    }
    const divisor = normalize ? divisorOf(weights) : 1
    return divisor === 1 ? taus : taus.map((tau) => tau.map((v) => v / divisor))
  }
}
