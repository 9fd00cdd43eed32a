// The kernels compiled for this processor (resources/engine/doubles), which an installation of native TensorFlow has
// beside its addon: the same bits as the portable ones in a third of the time. Left alone where another
// engine was asked for by name.
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

/** Kernels that merges wait for most, of matrices, draws and sums (wasm/assembly), portable or compiled for the processor. */
export interface HeavyKernels {
  readonly panel: number // columns that a packed factor has side by side
  readonly across: number // columns of a tile of `reflect` and `rotate`
  run(kernel: string, values: readonly number[], tiles: number, small?: boolean): void
}

/** What they are beside the portable ones; another version's are not used. */
const VERSION = 2
const NAME = 'doubles.node'
const MOST_ARGUMENTS = 17

interface Addon {
  version: number
  panel: number
  across: number
  run(memory: Uint8Array, job: Float64Array, kernel: string, tiles: number, threads: number): void
}

/** Where they are; undefined where none are, or where they do not load. */
export function compiledKernels(memory: WebAssembly.Memory, threads: number): HeavyKernels | undefined {
  const addon = addonOf(process.env)
  if (!addon) return undefined
  const bytes = new Uint8Array(memory.buffer, 0, 1) // stays where it is when the memory grows
  const job = new Float64Array(MOST_ARGUMENTS)
  return {
    panel: addon.panel,
    across: addon.across,
    run(kernel, values, tiles, small = false) {
      job.set(values)
      addon.run(bytes, job, kernel, tiles, small ? 1 : threads)
    },
  }
}

function addonOf({ BASIL_ADDON, BASIL_BACKEND, BASIL_ENGINES }: NodeJS.ProcessEnv): Addon | undefined {
  const isWanted = BASIL_BACKEND
    ? /^(native|cuda)$/.test(BASIL_BACKEND)
    : !BASIL_ENGINES || /native/.test(BASIL_ENGINES)
  if (!BASIL_ADDON || !isWanted) return undefined
  try {
    const addon = createRequire(import.meta.url)(join(dirname(BASIL_ADDON), NAME)) as Addon
    return addon.version === VERSION ? addon : undefined
  } catch {
    return undefined // of an older installation, or of a library that is not here
  }
}
