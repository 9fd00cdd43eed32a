// A driver for the WebGPU engine's tests: the machine's own card, or the software Vulkan driver that comes with
// Debian's chromium (SwiftShader), which is slow, so sizes stay small. With WEBGPU_REQUIRED set, as in CI, the absence
// of both is a failure and not a shorter test.
import { existsSync } from 'node:fs'

import { webgpu } from '../src-main/engine/devices/webgpu/engine.ts'

const software = '/usr/lib/chromium/vk_swiftshader_icd.json'
const cards = ['/dev/dri', '/dev/nvidiactl']

/**
 * Whether a card is there, or every test is to run on a software driver too (WEBGPU_THOROUGH): it compiles a kernel in
 * seconds, so that all sizes of all operations take most of an hour.
 */
export async function webgpuCardHere(): Promise<boolean> {
  const hasCard = cards.some((path) => existsSync(path)) || Boolean(process.env['WEBGPU_THOROUGH'])
  return hasCard && (await webgpuHere())
}

/** Whether it opens. A driver is named before anything asks for one: the binding looks for drivers once. */
export async function webgpuHere(): Promise<boolean> {
  if (!process.env['VK_DRIVER_FILES'] && !cards.some((path) => existsSync(path)) && existsSync(software))
    process.env['VK_DRIVER_FILES'] = software
  const opened = await webgpu.open({ threads: 1, forced: true })
  if (typeof opened !== 'string') {
    opened.close()
    return true
  }
  if (process.env['WEBGPU_REQUIRED'])
    throw new Error(`WEBGPU_REQUIRED asks for WebGPU: ${opened}. Next: install chromium and libvulkan1`)
  return false
}
