// Starts the threaded Emscripten module of tfjs-backend-wasm in plain Node: the one whose memory is shared, so that our
// own threads can work on it. tfjs' kernels stay on one thread; its glue runs as a function of ours whose `process`,
// `global` and `require` are ours too. So its eight workers are never started and its uncaughtException handlers (which
// end the program with 50 KB of source on the screen) never installed.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { compileFunction } from 'node:vm'

const require = createRequire(import.meta.url)
const name = 'tfjs-backend-wasm-threaded-simd'

/** What we use of the module; the rest is between tfjs and itself. */
export interface WasmModule {
  wasmMemory: WebAssembly.Memory
  _malloc(bytes: number): number
  _free(pointer: number): void
  cwrap(name: string, returns: string | null, takes: string[]): (...values: number[]) => number
  tfjs?: Record<string, unknown>
}

type Factory = (settings: Record<string, unknown>) => Promise<WasmModule>

/** A running module with tfjs' own functions bound and `_malloc` guarded; rejects when the engine refuses it. */
export async function startWasmModule(): Promise<WasmModule> {
  const folder = join(dirname(require.resolve('@tensorflow/tfjs-backend-wasm/package.json')), 'wasm-out')
  const factory = evaluateGlue(join(folder, `${name}.js`), folder)
  const module = await factory({ wasmBinary: readFileSync(join(folder, `${name}.wasm`)) })
  bindTfjs(module)
  guardMalloc(module)
  return module
}

function evaluateGlue(path: string, folder: string): Factory {
  const parameters = ['require', 'module', 'exports', '__filename', '__dirname', 'process', 'global', 'Worker']
  const glue = compileFunction(readFileSync(path, 'utf8'), parameters, { filename: path })
  const exported: { exports: unknown } = { exports: {} }
  const quietProcess = Object.assign(Object.create(process), { on: () => {}, listeners: () => [] })
  glue(requireFor, exported, exported.exports, path, folder, quietProcess, Object.create(globalThis), NoWorker)
  return exported.exports as Factory
}

// Two cores become one thread in XNNPACK (cores / 2): no thread of tfjs' own is ever asked for.
function requireFor(wanted: string): unknown {
  if (wanted === 'worker_threads') return { Worker: NoWorker }
  if (wanted === 'os') return { cpus: () => [0, 1] }
  return require(wanted)
}

/** Says "loaded" when told to load, and does nothing else. */
class NoWorker {
  onmessage: ((event: { data: { cmd: string } }) => void) | undefined
  postMessage(message: { cmd: string }): void {
    if (message.cmd === 'load') queueMicrotask(() => this.onmessage?.({ data: { cmd: 'loaded' } }))
  }
  on(): void {}
  ref(): void {}
  unref(): void {}
  terminate(): void {}
}

// The same six that init() of tfjs-backend-wasm binds, which only its own start-up path calls.
function bindTfjs(module: WasmModule): void {
  module.tfjs = {
    init: module.cwrap('init', null, []),
    initWithThreadsCount: module.cwrap('init_with_threads_count', null, ['number']),
    getThreadsCount: module.cwrap('get_threads_count', 'number', []),
    registerTensor: module.cwrap('register_tensor', null, ['number', 'number', 'number']),
    disposeData: module.cwrap('dispose_data', null, ['number']),
    dispose: module.cwrap('dispose', null, []),
  }
}

// At 4 GiB malloc answers 0 and tfjs would write there: wrong numbers, no error. Or it gives a small free block near
// the end for a large one, as its sum of address and size wraps at 4 GiB and seems to fit: such a block is given back.
// The first call makes the glue rebind `_malloc`; only after it does a replacement stay.
function guardMalloc(module: WasmModule): void {
  module._free(module._malloc(16))
  const malloc = module._malloc.bind(module)
  module._malloc = (bytes) => {
    const pointer = bytes < 2 ** 32 ? malloc(bytes) >>> 0 : 0
    const isWhole = pointer + bytes <= module.wasmMemory.buffer.byteLength
    if (isWhole && (pointer !== 0 || bytes === 0)) return pointer
    if (!isWhole) module._free(pointer)
    const used = Math.round(module.wasmMemory.buffer.byteLength / 2 ** 20)
    throw new RangeError(
      `The wasm backend is out of memory: ${bytes} bytes more do not fit beside the ${used} MiB in use, of 4096.`,
    )
  }
}
