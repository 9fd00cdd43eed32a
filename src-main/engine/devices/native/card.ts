// The card that CUDA computes on, which TensorFlow does not tell: the driver's own list under /proc, in the order of the
// bus, as CUDA_DEVICE_ORDER=PCI_BUS_ID has it, and there the first that CUDA_VISIBLE_DEVICES names.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

import type { Card } from '../../../contract/run/engine-info.ts'

export function cudaCard(env: NodeJS.ProcessEnv = process.env, folder = '/proc/driver/nvidia'): Card | undefined {
  try {
    const index = Number(/^\d+/.exec(env['CUDA_VISIBLE_DEVICES'] ?? '')?.[0] ?? 0)
    const place = readdirSync(join(folder, 'gpus')).sort()[index]
    if (place === undefined) return undefined
    const told = readFileSync(join(folder, 'gpus', place, 'information'), 'utf8')
    const version = readFileSync(join(folder, 'version'), 'utf8')
    const name = /^Model:\s*(.+)$/m.exec(told)?.[1]?.trim()
    return name ? { name, driver: / (\d{3,}\.[\d.]+) /.exec(version)?.[1] ?? '' } : undefined
  } catch {
    return undefined // another system, or a container that hides it
  }
}
