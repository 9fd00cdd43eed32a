// The one backend of the engine's process: opened when something first computes, and opened anew where the next job
// multiplies in something else, since what an engine multiplies in is settled when it opens. The engine has one job at a
// time (workbench/jobs/rule.ts), so nothing is computing when that happens.
import type { Products } from '../contract/run/products.ts'
import { type Backend, openBackend } from '../engine/index.ts'

export interface OwnBackend {
  /** Throws config-invalid where the engine does not have these products. */
  multiplyingIn(products: Products): Promise<Backend>
  /** The one that is open; in float32 where none is. */
  any(): Promise<Backend>
}

export function ownBackend(open: (options: { products: Products }) => Promise<Backend> = openBackend): OwnBackend {
  let present: { products: Products; backend: Promise<Backend> } | undefined

  async function opened(products: Products, before: Promise<Backend> | undefined): Promise<Backend> {
    const last = await before?.catch(() => undefined)
    last?.close()
    return open({ products })
  }

  function multiplyingIn(products: Products): Promise<Backend> {
    if (present?.products === products) return present.backend
    const mine = { products, backend: opened(products, present?.backend) }
    present = mine
    mine.backend.catch(() => {
      if (present === mine && products !== 'float32') present = undefined // one that is not there must not stay
    })
    return mine.backend
  }

  return { multiplyingIn, any: () => present?.backend ?? multiplyingIn('float32') }
}
