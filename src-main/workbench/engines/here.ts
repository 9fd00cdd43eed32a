// What of an engine is on this machine, by looking at files alone: whether a trial is worth its process, and what a
// person lacks. For WebGPU that is the package, Vulkan's loader with a driver, and a card; NVIDIA's Vulkan driver loads
// libX11 and libXext with it, even where nothing is drawn. Other systems bring their own drivers (Metal, Direct3D).
import { existsSync, readdirSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'

import { plainNode } from '../link/plain-node.ts'

const require = createRequire(import.meta.url)

/** Where a machine's parts are looked for; other ones in tests. */
export interface Places {
  platform: string
  libraries: readonly string[] // folders
  drivers: readonly string[] // folders of Vulkan's drivers
  devices: string
  package(): string // version; throws where there is none
  program(): string | null // the plain Node that it runs in
}

const usual: Places = {
  platform: process.platform,
  libraries: ['/usr/lib', '/lib', '/usr/lib64', '/lib64', '/usr/local/lib'].flatMap((folder) => [
    folder,
    ...['x86_64-linux-gnu', 'aarch64-linux-gnu'].map((triple) => join(folder, triple)),
  ]),
  drivers: ['/usr/share/vulkan/icd.d', '/etc/vulkan/icd.d', '/usr/local/share/vulkan/icd.d'],
  devices: '/dev',
  package: () => (require('webgpu/package.json') as { version: string }).version,
  program: plainNode,
}

/** The version of the package; empty where it is not installed. */
export function webgpuVersion({ package: version }: Places = usual): string {
  try {
    return version()
  } catch {
    return ''
  }
}

/** Why WebGPU cannot work here; empty where it may. */
export function webgpuMissing(env: NodeJS.ProcessEnv = process.env, places: Places = usual): string {
  if (!webgpuVersion(places)) return 'the package webgpu is not installed for this system'
  if (places.program() === null) return 'it runs in a plain Node, and none came with Basil for this system'
  if (places.platform !== 'linux') return ''
  const named = env['VK_DRIVER_FILES'] || env['VK_ICD_FILENAMES']
  const drivers = places.drivers.flatMap(namesIn).filter((name) => name.endsWith('.json'))
  const isNvidia = namesIn(places.devices).includes('nvidia0')
  if (!named) {
    const hasCard = isNvidia || namesIn(join(places.devices, 'dri')).some((name) => name.startsWith('renderD'))
    if (!hasCard) return 'there is no GPU (no /dev/dri/renderD*, no /dev/nvidia0)'
  }
  if (!hasLibrary(places, 'libvulkan.so.1')) return 'the Vulkan loader is missing (libvulkan.so.1)'
  if (named) return ''
  if (drivers.length === 0) return 'no Vulkan driver is installed (no file in /usr/share/vulkan/icd.d)'
  if (!isNvidia || !drivers.some((name) => name.startsWith('nvidia'))) return ''
  const needed = ['libX11.so.6', 'libXext.so.6', 'libGLdispatch.so.0'].filter((name) => !hasLibrary(places, name))
  return needed.length > 0 ? `NVIDIA's Vulkan driver does not load without ${needed.join(' and ')}` : ''
}

/** What to do about a reason of webgpuMissing. */
export function webgpuNext(why: string): string {
  if (why.includes('libvulkan')) return 'install the loader (the system package libvulkan1)'
  if (why.includes('does not load without'))
    return 'install them (the system packages libx11-6, libxext6 and libglvnd0): nothing is drawn'
  if (why.includes('no Vulkan driver')) return "install the card's Vulkan driver (NVIDIA's own, or mesa-vulkan-drivers)"
  return why.includes('package') ? 'install Basil again with its optional packages' : ''
}

function hasLibrary({ libraries }: Places, name: string): boolean {
  return libraries.some((folder) => existsSync(join(folder, name)))
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

/** What the package takes for this system; null where it is not here. */
export function webgpuBytes(): number | null {
  try {
    const dist = join(require.resolve('webgpu/package.json'), '..', 'dist', `${process.platform}-${process.arch}`)
    return namesIn(dist).reduce((sum, name) => sum + statSync(join(dist, name)).size, 0) || null
  } catch {
    return null
  }
}
