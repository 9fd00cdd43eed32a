// The backends this machine has, asked of the one file that knows: wasm always, native TensorFlow where it is installed
// in the data folder or named by BASIL_ADDON. With NATIVE_REQUIRED set, as in CI, its absence is a failure and not a
// shorter test.
import { openBackend } from '../../src-main/engine/devices/backend.ts'
import { dataFolder } from '../../src-main/files/data-folder.ts'
import { currentEngine } from '../../src-main/files/engine-folder.ts'

export async function backendsHere(): Promise<('wasm' | 'native')[]> {
  const addon = process.env['BASIL_ADDON'] || currentEngine(dataFolder()).installed?.addon
  if (addon) process.env['BASIL_ADDON'] = addon // for every backend that is opened from here on
  const backend = await openBackend({ prefer: 'native', threads: 1 })
  backend.close()
  if (backend.kind !== 'wasm') return ['wasm', 'native']
  if (process.env['NATIVE_REQUIRED'])
    throw new Error(
      `NATIVE_REQUIRED asks for native TensorFlow: ${backend.reason}. Next: npm run engine:install -- --cpu`,
    )
  return ['wasm']
}
