// Picks an engine: of the kinds that are wanted, in that order, the first that opens.
// BASIL_BACKEND forces one engine, whatever was preferred; BASIL_ENGINES is an order of kinds, as whoever started this
// process decided it (workbench/engines). BASIL_THREADS is the number of threads, BASIL_ADDON the native addon,
// BASIL_CARD a part of a card's name and BASIL_TUNING the folder of what was measured of cards, when none is given.
import { availableParallelism } from 'node:os'

import { BasilError } from '../../contract/errors.ts'
import { type EngineKind, engineKinds } from '../../contract/run/engine-info.ts'
import type { Products } from '../../contract/run/products.ts'
import type { Backend, Engine, EngineOptions } from './engine.ts'
import { engines } from './index.ts'

export type { Backend } from './engine.ts'

const MOST_THREADS = 16

export interface BackendOptions extends Partial<EngineOptions> {
  /** Engines before it in the list are left alone; those behind it are used where it does not open. */
  prefer?: (typeof engines)[number]['name']
  /** The list, when it is another. */
  among?: readonly Engine[]
}

/**
 * Starts a backend, which becomes the current one. One at a time: close the last before opening the next. Throws
 * engine-missing where none opens, and config-invalid where the one that opens does not have the products asked for.
 */
export async function openBackend({ prefer, among = engines, ...given }: BackendOptions = {}): Promise<Backend> {
  const { products = 'float32' } = given
  const forced = forcedByEnvironment(among)
  const wanted = forced?.engine ?? among.find(({ name }) => name === prefer)
  const first = wanted ? among.indexOf(wanted) : 0
  const reasons = new Set(first > 0 ? [`${wanted?.name} was asked for`] : [])
  const failed = new Set<Engine>()
  const others = attempts(among.slice(first)).filter(({ engine }) => engine !== wanted)
  const named = wanted ? [{ engine: wanted, kinds: wanted.kinds }] : [] // whichever of its kinds it comes up as
  const tried = forced ? [forced] : [...named, ...others]
  const options = optionsOf(given)
  for (const { engine, kinds } of tried) {
    if (failed.has(engine)) continue
    const asked = engine.products.find((kind) => kind === products) ?? 'float32'
    const opened = await engine.open({
      ...options,
      forced: engine === wanted || tried.length === 1,
      products: asked,
    })
    if (typeof opened !== 'string' && kinds.includes(opened.kind)) {
      const backend = { products: engine.products, ...opened, reason: [...reasons].join('; ') }
      return having(products, backend)
    }
    if (typeof opened === 'string') failed.add(engine)
    else opened.close() // it came up on something else, and is opened again when that is wanted
    const reason = typeof opened === 'string' ? opened : `${engine.called} sees no GPU`
    reasons.add(reason)
    if (forced) throw new Error(`${forced.asked} asks for ${forced.called}, which is not available (${reason}).`)
  }
  throw missing(tried, [...reasons].join('; '))
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

function missing([only, another]: Attempt[], why: string): BasilError {
  const isForced = only !== undefined && another === undefined
  return new BasilError({
    code: 'engine-missing',
    what: isForced ? 'The engine that was asked for is not available' : 'No engine opens here',
    where: isForced ? only.kinds.join() : '',
    why,
    next: '"basil engine status" says what is there; choose another, or let it choose ("--engine auto")',
    inWindow: 'look at what is there on the page Engine; choose another, or the automatic choice',
  })
}

interface Attempt {
  engine: Engine
  kinds: readonly EngineKind[] // as which it is welcome
}

/** One for each kind that is wanted. */
function attempts(among: readonly Engine[]): Attempt[] {
  const order = (process.env['BASIL_ENGINES'] || engineKinds.join()).split(',')
  return order.flatMap((wanted) => {
    const kind = engineKinds.find((known) => known === wanted)
    const engine = kind && among.find(({ kinds }) => kinds.includes(kind))
    return engine ? [{ engine, kinds: [kind] }] : []
  })
}

function forcedByEnvironment(among: readonly Engine[]): (Attempt & { asked: string; called: string }) | undefined {
  const asked = 'BASIL_BACKEND'
  const value = process.env[asked]
  if (value === undefined || value === '') return undefined
  const native = among.find(({ kinds }) => kinds.includes('native-gpu'))
  if (value === 'cuda' && native) return { asked, called: 'CUDA', engine: native, kinds: ['native-gpu'] }
  const engine = among.find(({ name }) => name === value)
  if (engine) return { asked, called: engine.called, engine, kinds: engine.kinds }
  throw new Error(`BASIL_BACKEND is ${among.map(({ name }) => `"${name}"`).join(' or ')}, not "${value}".`)
}

/** What is not given, from the environment. */
function optionsOf({ threads, addon, card, tuning, ...given }: Partial<EngineOptions>): EngineOptions {
  const { BASIL_THREADS, BASIL_ADDON, BASIL_CARD, BASIL_TUNING } = process.env
  const count = threads ?? (BASIL_THREADS ? Number(BASIL_THREADS) : Math.min(MOST_THREADS, availableParallelism()))
  if (!Number.isInteger(count) || count < 1)
    throw new RangeError(`A number of threads is a whole number from 1, not ${count}.`)
  return {
    ...given,
    threads: count,
    addon: addon ?? BASIL_ADDON,
    card: card ?? (BASIL_CARD || undefined),
    tuning: tuning ?? (BASIL_TUNING || undefined),
  }
}
