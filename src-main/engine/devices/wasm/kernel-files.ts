// Finds the compiled kernels, out/kernels/{relaxed,plain}.wasm (build/kernels.mjs makes them), and picks the one this
// engine accepts: relaxed SIMD has a fused multiply-add and is about twice as fast.
// The engine's one look at the disk: parts of the program itself, never anything of the user's.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export interface KernelFile {
  module: WebAssembly.Module
  simd: 'relaxed SIMD' | 'SIMD'
}

/** Beside the sources (src-main/engine/devices) and beside a bundled program (out/main). */
const usual = [join(import.meta.dirname, '../../../../out/kernels'), join(import.meta.dirname, '../kernels')]

/**
 * Compiles the kernels in `folder`, or in the usual places; throws one sentence if they are not built or not accepted.
 */
export function loadKernels(folder?: string): KernelFile {
  const places = folder === undefined ? usual : [folder]
  const found = places.find((place) => existsSync(join(place, 'relaxed.wasm')) && existsSync(join(place, 'plain.wasm')))
  if (found === undefined)
    throw new Error(`The compiled kernels are missing from ${places[0]}: start or install Basil again`)
  for (const [name, simd] of [
    ['relaxed.wasm', 'relaxed SIMD'],
    ['plain.wasm', 'SIMD'],
  ] as const) {
    const bytes = readFileSync(join(found, name))
    if (WebAssembly.validate(bytes)) return { module: new WebAssembly.Module(bytes), simd }
  }
  throw new Error(`This machine or this Node (${process.version}) does not run WebAssembly SIMD, which Basil needs.`)
}
