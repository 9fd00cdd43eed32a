// The engines, the most wanted first: the first that opens is used, so that the last must open everywhere.
// A new one is a folder with an `Engine` (engine.ts) and one line here; its kind joins `Backend['kind']`. Every operation
// of `Ops` is held against float64 by test/engine/devices/ (engines.ts lists what is tested there), a whole step by
// test/golden/ and test/engine/problems/memory.test.ts.
import type { Engine } from './engine.ts'
import { native } from './native/engine.ts'
import { wasm } from './wasm/engine.ts'
import { webgpu } from './webgpu/engine.ts'

export const engines = [native, webgpu, wasm] as const satisfies readonly Engine[]
