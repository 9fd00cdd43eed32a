// Picks an engine from the list (index.ts): the first that opens, from the one on that is asked for.
// BASIL_BACKEND forces one, whatever was preferred; BASIL_THREADS is the number of threads and BASIL_ADDON the native
// addon when none is given.
import { availableParallelism } from 'node:os'

import type { Backend, EngineOptions } from './engine.ts'
import { engines } from './index.ts'

export type { Backend } from './engine.ts'

const MOST_THREADS = 16

export interface BackendOptions extends Partial<EngineOptions> {
  /** Engines before it in the list are left alone; those behind it are used where it does not open. */
  prefer?: EngineName
}

type EngineName = (typeof engines)[number]['name']

/** Starts a backend, which becomes the current one. One at a time: close the last before opening the next. */
export async function openBackend({ prefer, threads, addon, how, kernels }: BackendOptions = {}): Promise<Backend> {
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
  for (const { name, called, open } of engines.slice(first)) {
    const opened = await open({ threads: count, addon: addon ?? process.env['BASIL_ADDON'], how, kernels })
    if (typeof opened !== 'string') return { ...opened, reason }
    if (forced === name) throw new Error(`BASIL_BACKEND asks for ${called}, which is not available (${opened}).`)
    reason = opened
  }
  throw new Error(`No engine opens here: ${reason}.`)
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
