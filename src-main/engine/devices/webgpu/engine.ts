// WebGPU with our own kernels, on any card that has a driver for Vulkan, Metal or Direct3D 12.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

import { measuredOf, readCardFile, writeCardFile } from '../card-file.ts'
import type { Engine } from '../engine.ts'
import { hostBytes, memoryBound } from '../memory.ts'
import { WebGpuDevice } from './device.ts'
import { measureProducts, productsOf } from './measuring.ts'
import { openGpu } from './opening.ts'
import { webgpuOps } from './ops.ts'
import { Tuning, tableSchema } from './tuning.ts'

export const webgpu = {
  name: 'webgpu',
  called: 'WebGPU',
  kinds: ['webgpu'],
  products: ['float32'],
  async open({ card: named, forced = false, tuning: folder }) {
    const opened = await openGpu(named, forced)
    if (typeof opened === 'string') return opened
    const { device: gpu, card, version } = opened
    const bytes = cardBytes(card.software === true)
    const device = new WebGpuDevice({ device: gpu, bound: () => bytes })
    const called = `${card.name}, ${card.driver}`
    const tuning = new Tuning(
      called,
      device.limits,
      folder === undefined ? undefined : readCardFile(folder, 'webgpu', called, tableSchema),
    )
    const kept = card.software ? undefined : folder // a processor's times say nothing of cards
    return {
      name: `WebGPU (${card.name})`,
      kind: 'webgpu',
      threads: 1,
      simd: 'webgpu',
      versions: { webgpu: version },
      card,
      async tune(tower) {
        if (kept === undefined) return
        if (await measureProducts(device, tuning, productsOf(tower))) writeCardFile(kept, 'webgpu', tuning.table())
      },
      tuning: () => tuning.hash(),
      ...(kept !== undefined && { measured: measuredOf(kept, `WebGPU, ${called}`) }),
      repeats: true,
      ops: webgpuOps(device, tuning),
      memory: () => device.tensors.memory(),
      takenBytes: () => device.bytes,
      deviceBytes: () => bytes,
      freeBytes: () => bytes - device.tensors.memory().bytes,
      hostBytes,
      close: () => device.close(),
    }
  },
} as const satisfies Engine

const unknownBytes = 8 * 2 ** 30 // of a card that does not say

/** WebGPU does not say: what whoever started the engine knows, or Linux, or a guess, and half the host's at most. */
function cardBytes(isSoftware: boolean): number {
  const told = Number(process.env['BASIL_GPU_BYTES']) || (isSoftware ? 0 : 0.9 * toldByLinux())
  return Math.min(memoryBound(), told || Math.min(unknownBytes, hostBytes() / 2))
}

/** The largest card's memory as its driver tells it (amdgpu alone does); 0 where none does. */
function toldByLinux(): number {
  const folder = '/sys/class/drm'
  try {
    const cards = readdirSync(folder).filter((name) => /^card\d+$/.test(name))
    return Math.max(0, ...cards.map((name) => numberIn(join(folder, name, 'device/mem_info_vram_total'))))
  } catch {
    return 0
  }
}

function numberIn(path: string): number {
  try {
    return Number(readFileSync(path, 'utf8'))
  } catch {
    return 0
  }
}
