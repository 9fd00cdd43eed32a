// The place where a kind learns: theta_pre on the device, which of its parameters may move, and how fast.
//   rate of layer l = eta d^(L - l),   l = 0 for the embeddings, 1 .. for the layers, L for the output
import type { ResolvedTuning } from '../../contract/tuning/config.ts'
import type { Tensor } from '../devices/tensor.ts'
import { layerOf, towerParameters } from '../layouts/clip-names.ts'
import type { MicroBatch } from '../problems/micro-batch.ts'
import { type LoadedWeights, loadCheckpoint } from '../weights/device.ts'
import type { TuningHost } from './host.ts'
import type { Place } from './kind.ts'
import type { Opened } from './open.ts'
import { tapeBytes } from './pieces.ts'
import type { Length } from './schedule.ts'

export interface OpenPlace extends Place {
  /** All of theta_pre once more, for what is measured of it in the end; the caller's. */
  pretrained(): Promise<LoadedWeights>
  release(): void
}

export async function openPlace(
  config: ResolvedTuning,
  host: TuningHost,
  { base, head, training, validation, others }: Opened,
  microBatch: MicroBatch,
  length: Length,
): Promise<OpenPlace> {
  const { architecture } = base
  const { ops, freeBytes } = host.backend
  const loaded = await loadCheckpoint(ops, base)
  const parameters = towerParameters(architecture)
  const takenOver = new Set<string>()
  const { layers } = architecture
  const each = tapeBytes(architecture)
  const depth = (name: string): number => depthOf(name, layers)
  return {
    tower: { architecture, ops, freeBytes },
    base: (name) => {
      if (takenOver.has(name)) throw new Error(`${name} of the pre-trained model was taken over`)
      return loaded.weights(name)
    },
    takeOver(name): Tensor {
      takenOver.add(name)
      return loaded.weights(name)
    },
    parameters,
    mayMove: (name) => mayMove(name, config, architecture),
    rateOf: (name) => config.layerDecay ** (layers + 1 - depth(name)),
    head,
    images: { training, validation, others },
    microBatch,
    spare: (bytes) => (config.microBatch === 'auto' ? Math.floor(bytes / each) : 0),
    signal: host.signal,
    length,
    pretrained: () => loadCheckpoint(ops, base),
    release() {
      for (const name of parameters.keys()) if (!takenOver.has(name)) loaded.weights(name).dispose()
    },
  }
}

export function mayMove(
  name: string,
  { frozenLayers }: Pick<ResolvedTuning, 'frozenLayers'>,
  { layers }: { layers: number },
): boolean {
  return frozenLayers === 0 || depthOf(name, layers) > frozenLayers
}

/** 0 of the embeddings, 1 of the first layer, layers + 1 of the output. */
function depthOf(name: string, layers: number): number {
  const layer = layerOf(`visual.${name}`)
  if (layer === 'embedding') return 0
  return layer === 'output' ? layers + 1 : Number(layer.slice('layer '.length)) + 1
}
