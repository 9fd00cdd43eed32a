// The backends this machine has, asked of the one file that knows: wasm always, native TensorFlow where it is installed.
import { openBackend } from '../../src-main/engine/backend.ts'

export async function backendsHere(): Promise<('wasm' | 'native')[]> {
  const backend = await openBackend({ prefer: 'native', threads: 1 })
  backend.close()
  return backend.kind === 'wasm' ? ['wasm'] : ['wasm', 'native']
}
