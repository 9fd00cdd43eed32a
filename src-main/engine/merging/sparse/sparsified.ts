// What merges that leave elements out have in common: each vector loses some, what is left may be brought to the size
// it had, and then it stays by itself or signs are elected:
//   tau_t <- f_t m_t . tau_t,   then w_t tau_t,   or the consensus of them all
import { agreed, elect, scaleRows } from '../../devices/double/rows.ts'
import { divisorOf, electedByZero } from '../consensus/agree.ts'
import { type Scope, scoped } from '../facts/region.ts'
import { shares } from '../facts/rescale.ts'
import { type OnTaus, onTaus, rowsOf } from '../facts/taus.ts'
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
  const factors = scoped(sources, { scope, onDevice: true, ...(row && { row }) }, (region) =>
    shares(region, rescale === 'l1', sparse),
  )
  return async (part) => {
    const { weights } = part
    const [leave, by] = [await sparse(part), await factors(part)]
    return onTaus(part, (device, taus) => {
      leave(device, taus)
      scaleRows(device, taus, by)
      scaleRows(device, taus, weights)
      if (consensus === 'elected') {
        elect(device, taus, electedByZero(sign, 0))
        return [agreed(device, taus, weights, normalize ? 'mean' : 'sum')]
      }
      const divisor = normalize ? divisorOf(weights) : 1
      const rows = rowsOf(device, taus)
      if (divisor !== 1) for (const tau of rows) for (let i = 0; i < tau.length; i++) tau[i] = (tau[i] ?? 0) / divisor
      return rows
    })
  }
}
