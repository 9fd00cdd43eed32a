// Features of images under a mix. Of the tower itself weights are composed on the device once a mix, as learning
// composes them,
//   theta_b = theta_pre,b + sum_k c_k,b v_k,b,
// and images go through. Of a linearised model features are linear in the coefficients, z = c F with F from the cache
// (problems/linear-features.ts): nothing goes through any more.
import { setImmediate } from 'node:timers/promises'

import type { Table } from '../../../numbers/table.ts'
import { at } from '../../../numbers/vectors.ts'
import { fetchPicked } from '../../datasets/images.ts'
import { disposeAll, type Tensor } from '../../devices/tensor.ts'
import type { Tower } from '../../models/clip-vit.ts'
import { linearModel, towerModel } from '../../models/model.ts'
import type { Features } from '../../problems/linear-features.ts'
import { combined } from '../../problems/linear-problem.ts'
import { fitting, type MicroBatch } from '../../problems/micro-batch.ts'
import { featuresOf } from '../../problems/patches.ts'
import type { Groups } from '../../weights/merge.ts'
import type { VectorStore } from '../../weights/vector-store.ts'
import type { MixTask } from './tasks.ts'

/** One image of a task. */
export interface Seen {
  task: number
  index: number
}

export interface AtMix {
  most: number // images at a time
  /** (images, embed), in their order. */
  features(images: readonly Seen[]): Promise<Float32Array>
  dispose(): void
}

export interface MixSource {
  instant: boolean
  /** undefined where it was no longer wanted half-way. */
  at(coefficients: Table, isWanted: () => boolean): Promise<AtMix | undefined>
  close(): Promise<void>
}

export interface Composing {
  tower: Tower
  tasks: readonly MixTask[]
  store: VectorStore
  groups: Groups
  linearised: boolean
  microBatch: MicroBatch
}

/** The store goes with it. */
export function composedSource({ tower, tasks, store, groups, linearised, microBatch }: Composing): MixSource {
  const rowOf = (name: string, coefficients: Table): number[] =>
    coefficients.map((row) => at(row, groups.of.get(name) ?? Number.NaN))
  return {
    instant: false,
    close: async () => store.dispose(),
    at: async (coefficients, isWanted) => {
      const tensors = new Map<string, Tensor>()
      const dispose = (): void => disposeAll(tensors.values())
      let isWhole = false
      try {
        for (const name of store.names) {
          await setImmediate() // a newer mix is heard of
          if (!isWanted()) return undefined
          const row = rowOf(name, coefficients)
          tensors.set(name, await (linearised ? store.combine(name, row) : store.compose(name, row)))
        }
        isWhole = true
      } finally {
        if (!isWhole) dispose()
      }
      const weights = (name: string): Tensor => tensors.get(name) ?? store.base(name)
      const model = linearised ? linearModel(tower, store.base, weights) : towerModel(tower, weights)
      return {
        most: microBatch.size,
        dispose,
        features: async (images) => {
          const pictures = await (
            await fetchPicked(images.map(({ task, index }) => ({ images: at(tasks, task).images, index })))
          )()
          const { embed } = tower.architecture
          const all = new Float32Array(images.length * embed)
          for (let first = 0; first < images.length; )
            first += await fitting(microBatch, images.length - first, async (size) => {
              all.set(await featuresOf(tower, model, pictures.slice(first, first + size)), first * embed)
              return size
            })
          return all
        },
      }
    },
  }
}

const tablesAtOnce = 64 * 2 ** 20 // bytes

/** features: of each task, closed with it. Sums are float64, as a run's are. */
export function linearSource(features: readonly Features[], embed: number): MixSource {
  return {
    instant: true,
    close: async () => {
      for (const one of new Set(features)) await one.close()
    },
    at: async (coefficients) => {
      const c = Float64Array.from([1, ...coefficients.flatMap((row) => [...row])])
      return {
        most: Math.max(1, Math.floor(tablesAtOnce / (4 * c.length * embed))),
        dispose: () => undefined,
        features: async (images) => {
          const all = new Float32Array(images.length * embed)
          for (const [task, own] of Map.groupBy(images.keys(), (n) => at(images, n).task)) {
            const tables = await at(features, task).of(own.map((n) => at(images, n).index))
            own.forEach((n, i) => {
              all.set(combined(at(tables, i), c, embed), n * embed)
            })
          }
          return all
        },
      }
    },
  }
}
