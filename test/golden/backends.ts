// The backends this machine has: wasm always, native TensorFlow where it is installed in the data folder or named by
// BASIL_ADDON, WebGPU where there is a card. With NATIVE_REQUIRED set, as in CI, its absence is a failure and not a
// shorter test.
import { native } from '../../src-main/engine/devices/native/engine.ts'
import { dataFolder } from '../../src-main/files/data-folder.ts'
import { currentEngine } from '../../src-main/files/engine-folder.ts'
import { webgpuCardHere, webgpuHere } from '../webgpu.ts'

/** software: WebGPU also where only a software driver is. */
export async function backendsHere({ software = false } = {}): Promise<('wasm' | 'native' | 'webgpu')[]> {
  return [
    'wasm',
    ...((await nativeHere()) ? (['native'] as const) : []),
    ...((await (software ? webgpuHere() : webgpuCardHere())) ? (['webgpu'] as const) : []),
  ]
}

async function nativeHere(): Promise<boolean> {
  const addon = process.env['BASIL_ADDON'] || currentEngine(dataFolder()).installed?.addon
  if (addon) process.env['BASIL_ADDON'] = addon // for every backend that is opened from here on
  const opened = await native.open({ threads: 1, addon })
  if (typeof opened !== 'string') {
    opened.close()
    return true
  }
  if (process.env['NATIVE_REQUIRED'])
    throw new Error(`NATIVE_REQUIRED asks for native TensorFlow: ${opened}. Next: npm run engine:install -- --cpu`)
  return false
}
