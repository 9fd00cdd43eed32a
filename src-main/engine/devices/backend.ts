// Picks an engine from the list (index.ts): the first that opens, from the one on that is asked for.
// BASIL_BACKEND forces one, whatever was preferred; BASIL_THREADS is the number of threads and BASIL_ADDON the native
// addon when none is given.
import { availableParallelism } from 'node:os'

import { BasilError } from '../../contract/errors.ts'
import type { Products } from '../../contract/run/products.ts'
import type { Backend, EngineOptions } from './engine.ts'
import { engines } from './index.ts'

export type { Backend } from './engine.ts'

const MOST_THREADS = 16

export interface BackendOptions extends Partial<EngineOptions> {
  /** Engines before it in the list are left alone; those behind it are used where it does not open. */
  prefer?: EngineName
}

type EngineName = (typeof engines)[number]['name']

/**
 * Starts a backend, which becomes the current one. One at a time: close the last before opening the next. Throws
 * config-invalid where the engine that opens does not have the products asked for.
 */
export async function openBackend(options: BackendOptions = {}): Promise<Backend> {
  const { prefer, threads, addon, how, kernels, products = 'float32' } = options
  const forced = forcedByEnvironment()
  const count = threads ?? threadsFromEnvironment() ?? Math.min(MOST_THREADS, availableParallelism())
  if (!Number.isInteger(count) || count < 1)
    throw new RangeError(`A number of threads is a whole number from 1, not ${count}.`)
  const wanted = forced ?? prefer
  const first = Math.max(
    0,
    engines.findIndex(({ name }) => name === wanted),
  )
  let reason = first > 0 ? `${wanted} was asked for` : ''
  for (const { name, called, open, products: listed } of engines.slice(first)) {
    const asked = listed.find((kind) => kind === products) ?? 'float32'
    const given = { threads: count, addon: addon ?? process.env['BASIL_ADDON'], how, kernels, products: asked }
    const opened = await open(given)
    if (typeof opened !== 'string') return having(products, { products: listed, ...opened, reason })
    if (forced === name) throw new Error(`BASIL_BACKEND asks for ${called}, which is not available (${opened}).`)
    reason = opened
  }
  throw new Error(`No engine opens here: ${reason}.`)
}

/** The backend, if it has them; else it is closed. */
function having(products: Products, backend: Backend): Backend {
  if (backend.products.includes(products)) return backend
  backend.close()
  throw new BasilError({
    code: 'config-invalid',
    what: 'The engine does not have these products',
    where: 'products',
    why: `${backend.name} multiplies in ${backend.products.join(' or ')}, and ${products} was asked for`,
    next: `choose ${backend.products.join(' or ')}, or an engine that has ${products}`,
  })
}

function forcedByEnvironment(): EngineName | undefined {
  const value = process.env['BASIL_BACKEND']
  if (value === undefined || value === '') return undefined
  const found = engines.find(({ name }) => name === value)
  if (found) return found.name
  throw new Error(`BASIL_BACKEND is ${engines.map(({ name }) => `"${name}"`).join(' or ')}, not "${value}".`)
}

function threadsFromEnvironment(): number | undefined {
  const value = process.env['BASIL_THREADS']
  return value === undefined || value === '' ? undefined : Number(value)
}
