// What merges that leave elements out have in common: each vector loses some, what is left may be brought to the size
// it had, and then it stays by itself or signs are elected:
//   tau_t <- f_t m_t . tau_t,   then w_t tau_t,   or the consensus of them all
import { element } from '../../../numbers/vectors.ts'
import { agreed, elect, scaleRows } from '../../devices/double/rows.ts'
import { divisorOf, electedByZero } from '../consensus/agree.ts'
import { type Scope, scoped } from '../facts/region.ts'
import { shares } from '../facts/rescale.ts'
import { type OnTaus, onTaus, thetas } from '../facts/taus.ts'
import type { Combine, Part, Sources } from '../merge.ts'

interface Asked {
  rescale: 'none' | 'expectation' | 'l1'
  consensus: 'none' | 'elected'
  sign: 'none' | 'plus'
  normalize: boolean
}

/** `sparse` says what leaves out elements of a part's vectors. */
export function sparsified(
  sources: Sources,
  { rescale, consensus, sign, normalize }: Asked,
  { scope = 'tensor', row }: { scope?: Scope; row?: (shape: readonly number[]) => number },
  sparse: (part: Part) => OnTaus | Promise<OnTaus>,
): Combine {
  const factors = scoped(sources, { scope, onDevice: true, ...(row && { row }) }, (region, { each }) =>
    shares(region, rescale === 'l1', (part) => sparse(each ? { ...part, each } : part)),
  )
  return async (part) => {
    const { weights } = part
    const [leave, by] = [await sparse(part), await factors(part)]
    return onTaus(part, (device, taus, base) => {
      leave(device, taus)
      scaleRows(device, taus, by)
      scaleRows(device, taus, weights)
      if (consensus === 'elected') {
        elect(device, taus, electedByZero(sign, 0))
        return thetas(device, agreed(device, taus, weights, normalize ? 'mean' : 'sum'), base)
      }
      const divisor = normalize ? divisorOf(weights) : 1
      const all = device.values(taus)
      if (divisor !== 1) for (let i = 0; i < all.length; i++) all[i] = element(all, i) / divisor
      return thetas(device, taus, base)
    })
  }
}
