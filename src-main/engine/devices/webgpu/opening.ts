// Dawn's WebGPU by the binding of npm's `webgpu`: an adapter and a device with all that the adapter offers of what we
// use, or one line that says why there is none. The binding is a package of its own for all platforms and may be
// absent.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'

import type { Card } from '../../../contract/run/engine-info.ts'
import type { GpuLimits } from './device.ts'

/** What an adapter must have; a device gets all the adapter has of it. */
const least: GpuLimits = {
  maxBufferSize: 128 * 2 ** 20,
  maxStorageBufferBindingSize: 128 * 2 ** 20,
  maxComputeWorkgroupStorageSize: 16_384,
  maxComputeInvocationsPerWorkgroup: 256,
  maxComputeWorkgroupSizeX: 256,
  maxComputeWorkgroupsPerDimension: 65_535,
  maxStorageBuffersPerShaderStage: 8,
}

const wanted = ['timestamp-query', 'shader-f16'] as const

const gpus = new Map<string, GPU>() // by the card's name; a device dies with its own

export interface OpenedGpu {
  device: GPUDevice
  card: Card
  version: string // of the binding
}

/**
 * `named`: a part of the card's name, any if not given; a driver without a card is refused unless `software` will
 * do.
 */
export async function openGpu(named: string | undefined, software: boolean): Promise<OpenedGpu | string> {
  let gpu: GPU
  try {
    const { create, globals } = await import('webgpu')
    Object.assign(globalThis, globals)
    // The binding takes the first adapter whose name holds what it is given.
    const options = ['disable-dawn-features=timestamp_quantization', ...(named ? [`adapter=${named}`] : [])]
    gpu = gpus.get(named ?? '') ?? create(options)
    gpus.set(named ?? '', gpu)
  } catch (error) {
    return `npm's webgpu does not load: ${firstLine(error)}`
  }
  // An adapter is spent by its device: each opening asks for a new one.
  const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' })
  if (!adapter) return noAdapter(named)
  const card = cardOf(adapter.info)
  if (card.software && !software) return `${card.name} is no card: it computes on the processor`
  const limits = limitsOf(adapter)
  const small = Object.entries(least).find(([name, value]) => limits[name as keyof GpuLimits] < value)
  if (small) return `${card.name} is too small: its ${small[0]} is below ${small[1]}`
  const requiredFeatures = wanted.filter((feature) => adapter.features.has(feature))
  try {
    const device = await adapter.requestDevice({ requiredFeatures, requiredLimits: { ...limits } })
    return { device, card, version: version() }
  } catch (error) {
    return `${card.name} gives no device: ${firstLine(error)}`
  }
}

function cardOf({ vendor, architecture, device, description, isFallbackAdapter }: GPUAdapterInfo): Card {
  const name = device || [vendor, architecture].filter(Boolean).join(' ')
  return { name, driver: description, ...(isFallbackAdapter && { software: true }) }
}

function limitsOf({ limits }: GPUAdapter): GpuLimits {
  return {
    maxBufferSize: limits.maxBufferSize,
    maxStorageBufferBindingSize: limits.maxStorageBufferBindingSize,
    maxComputeWorkgroupStorageSize: limits.maxComputeWorkgroupStorageSize,
    maxComputeInvocationsPerWorkgroup: limits.maxComputeInvocationsPerWorkgroup,
    maxComputeWorkgroupSizeX: limits.maxComputeWorkgroupSizeX,
    maxComputeWorkgroupsPerDimension: limits.maxComputeWorkgroupsPerDimension,
    maxStorageBuffersPerShaderStage: limits.maxStorageBuffersPerShaderStage,
  }
}

function noAdapter(named: string | undefined): string {
  if (named) return `no card named "${named}" has a driver for WebGPU`
  if (process.platform !== 'linux') return 'no card has a driver for WebGPU'
  return "no card has a Vulkan driver: needed are the loader (libvulkan1) and the card's driver, for NVIDIA's also libX11, libXext and libglvnd (libx11-6, libxext6, libglvnd0, libegl1)"
}

function version(): string {
  const file = createRequire(import.meta.url).resolve('webgpu/package.json')
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? ''
}
