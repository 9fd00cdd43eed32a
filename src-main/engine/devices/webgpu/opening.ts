// Dawn's WebGPU by the binding of npm's `webgpu`: an adapter and a device with all that the adapter offers of what we
// use, or one line that says why there is none. The binding is a package of its own for all platforms and may be absent.
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

export interface OpenedGpu {
  device: GPUDevice
  card: string // as its driver names it
  identity: string // adapter and driver: what tiles are tuned for
  isSoftware: boolean
}

let gpu: GPU | undefined // devices die with it

/** An adapter is spent by its device: each opening asks for a new one. */
export async function openGpu(): Promise<OpenedGpu | string> {
  try {
    const { create, globals } = await import('webgpu')
    Object.assign(globalThis, globals)
    gpu ??= create(['disable-dawn-features=timestamp_quantization'])
  } catch (error) {
    return `npm's webgpu does not load: ${firstLine(error)}`
  }
  const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' })
  if (!adapter) return noAdapter()
  const limits = limitsOf(adapter)
  const small = Object.entries(least).find(([name, value]) => limits[name as keyof GpuLimits] < value)
  const { vendor, architecture, device: model, description, isFallbackAdapter } = adapter.info
  const card = model && !description.includes(model) ? `${model}, ${description}` : description || vendor
  if (small) return `${card} is too small: its ${small[0]} is below ${small[1]}`
  const requiredFeatures = wanted.filter((feature) => adapter.features.has(feature))
  try {
    const device = await adapter.requestDevice({ requiredFeatures, requiredLimits: { ...limits } })
    return {
      device,
      card,
      identity: [vendor, architecture, model, description].join(' '),
      isSoftware: isFallbackAdapter,
    }
  } catch (error) {
    return `${card} gives no device: ${firstLine(error)}`
  }
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

function noAdapter(): string {
  if (process.platform !== 'linux') return 'no graphics card with a driver for WebGPU was found'
  return "no Vulkan adapter was found: the loader (libvulkan1) and the card's driver must be installed, for NVIDIA's also libX11, libXext and libglvnd (libx11-6, libxext6, libglvnd0, libegl1)"
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? ''
}
