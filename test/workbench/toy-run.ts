// The toy engine's entry and a configuration for it.
import type { ResolvedConfig, RunConfig } from '../../src-main/contract/run/config.ts'
import { resolveConfig } from '../../src-main/contract/run/resolve.ts'
import { started } from '../bundles.ts'

export const toyEntry = started('test/workbench/toy-engine.ts')

export const toyFile: RunConfig = {
  name: 'toy run',
  method: 'dv-basi',
  pretrained: 'base.safetensors',
  vectors: ['cars.safetensors', 'dtd.safetensors'],
  tasks: [
    { name: 'cars', data: 'cars.data#train', head: 'cars.data#head' },
    { name: 'dtd', data: 'dtd.data#train', head: 'dtd.data#head' },
  ],
  start: { method: 'atlas', epochs: 3 },
  iterations: 2,
  epochs: 3,
  seed: 7,
}

export function toyConfig(change: Partial<RunConfig> = {}): ResolvedConfig {
  return resolveConfig({ ...toyFile, ...change }, (path) => `/models/${path}`)
}
