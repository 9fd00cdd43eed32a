// What merges that leave elements out have in common: each vector loses some, what is left may be brought to the size
// it had, and then it stays by itself or signs are elected:
//   tau_t <- f_t m_t . tau_t,   then w_t tau_t,   or the consensus of them all
import { element } from '../../../numbers/vectors.ts'
import type { Scaling } from '../../devices/double/chances.ts'
import { agreed, elect, scaleRows } from '../../devices/double/rows.ts'
import { divisorOf, electedByZero } from '../consensus/agree.ts'
import { type Scope, scoped } from '../facts/region.ts'
import { shares } from '../facts/rescale.ts'
import { type OnTaus, onTaus, thetas } from '../facts/taus.ts'
import type { Combine, Moved, Part, Sources } from '../merge.ts'

interface Asked {
  rescale: 'none' | 'expectation' | 'l1'
  consensus: 'none' | 'elected'
  sign: 'none' | 'plus'
  normalize: boolean
}

/** A part in one go, where a merge has a way: null where that does not do, as where a number is not finite. */
export interface InOneGo {
  /** Norms of each vector, whole and of what is left. */
  sizes(part: Part): [number, number][] | null
  /** Where each leads to, what is left times all that its own row says. */
  moved(part: Part, scalings: readonly Scaling[]): Moved[] | null
}

/** `sparse` says what leaves out elements of a part's vectors. */
export function sparsified(
  sources: Sources,
  { rescale, consensus, sign, normalize }: Asked,
  { scope = 'tensor', row }: { scope?: Scope; row?: (shape: readonly number[]) => number },
  sparse: (part: Part) => OnTaus | Promise<OnTaus>,
  inOneGo?: InOneGo,
): Combine {
  const factors = scoped(sources, { scope, onDevice: true, ...(row && { row }) }, (region, { each }) =>
    shares(
      region,
      rescale === 'l1',
      (part) => sparse(each ? { ...part, each } : part),
      inOneGo && ((part) => inOneGo.sizes(each ? { ...part, each } : part)),
    ),
  )
  return async (part) => {
    const { weights } = part
    const by = await factors(part)
    const divisor = normalize ? divisorOf(weights) : 1
    const moved = consensus === 'none' ? inOneGo?.moved(part, scalingsOf(weights, by, divisor)) : null
    if (moved) return moved
    const leave = await sparse(part)
    return onTaus(part, (device, taus, base) => {
      leave(device, taus)
      scaleRows(device, taus, by)
      scaleRows(device, taus, weights)
      if (consensus === 'elected') {
        elect(device, taus, electedByZero(sign, 0))
        return thetas(device, agreed(device, taus, weights, normalize ? 'mean' : 'sum'), base)
      }
      const all = device.values(taus)
      if (divisor !== 1) for (let i = 0; i < all.length; i++) all[i] = element(all, i) / divisor
      return thetas(device, taus, base)
    })
  }
}

const scalingsOf = (weights: readonly number[], by: readonly number[], divisor: number): Scaling[] =>
  weights.map((weight, t) => ({ factor: by[t] ?? 1, weight, divisor }))
